#include "train/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/vector.h"

static bool count_words(struct vocabulary *vocabulary, const struct dataset *dataset,
                        const size_t *photos, size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        for (size_t j = photo->first; j < photo->first + photo->count; j++) {
            const struct tokens *caption = &dataset->captions[j];
            for (size_t k = 0; k < caption->count; k++) {
                if (!vocabulary_count(vocabulary, caption->words[k], 1, error)) return false;
            }
        }
    }
    return true;
}

/* The architecture, its square and the file its weights come from (NULL: from scratch). */
struct source {
    const char *architecture;
    size_t size;
    const char *path;
};

/* Fills in what the shipped model says when neither a file nor an architecture is named. `shipped`
 * is read then, and must live as long as the source. */
static bool choose_source(const struct train_options *options, struct model *shipped,
                          struct source *source, caption_error *error) {
    *source = (struct source){.architecture = options->encoder_arch,
                              .size = options->image_size,
                              .path = options->encoder};
    if (!options->encoder && !options->encoder_arch) {
        source->path = model_path(NULL);
        if (!model_read(shipped, source->path, error)) return false;
        source->architecture = shipped->encoder.architecture;
        if (source->size == 0) source->size = shipped->preprocessing.size;
    }
    if (!source->architecture) source->architecture = "efficientnet_lite0";
    if (source->size == 0) source->size = strcmp(source->architecture, "tiny") == 0 ? 64 : 224;
    return true;
}

static bool note_origin(struct model *model, const struct train_options *options,
                        const struct source *source, caption_error *error) {
    return model_note(model, "data", options->dataset, error) &&
           model_note(model, "encoder start", source->path ? source->path : "from scratch",
                      error) &&
           (!options->note || model_note(model, "command", options->note, error));
}

bool start_model(struct model *model, const struct train_options *options,
                 const struct dataset *dataset, const size_t *photos, size_t count,
                 struct random *random, caption_error *error) {
    struct model shipped = {0};
    struct source source;
    if (!choose_source(options, &shipped, &source, error)) return false;
    struct vocabulary vocabulary;
    bool ok = vocabulary_init(&vocabulary, error);
    if (ok) {
        struct model_design design = {.encoder = source.architecture,
                                      .size = source.size,
                                      .batch_norm = !source.path,
                                      .cell = options->cell,
                                      .embedding = options->embed,
                                      .hidden = options->hidden};
        ok = count_words(&vocabulary, dataset, photos, count, error) &&
             vocabulary_prune(&vocabulary, options->min_count, error) &&
             model_new(model, &design, &vocabulary, error);
        vocabulary_free(&vocabulary);
    }
    if (ok) {
        decoder_randomise(&model->decoder, &model->parameters, random);
        if (source.path) {
            ok = model_read_encoder(model, source.path, error);
        } else {
            encoder_randomise(&model->encoder, &model->parameters, random);
        }
    }
    ok = ok && note_origin(model, options, &source, error);
    model_free(&shipped);
    return ok;
}

void start_image_scale(struct model *model, const float *features, size_t count) {
    size_t width = model->encoder.features;
    struct parameters *parameters = &model->parameters;
    real *shift = parameters_at(parameters, parameters->values, model->decoder.image_shift);
    real *scale = parameters_at(parameters, parameters->values, model->decoder.image_scale);
    /* The mean of the unit vectors; and their mean square, which is 1 / width for each. */
    for (size_t j = 0; j < width; j++) shift[j] = 0;
    double units = 0;
    for (size_t i = 0; i < count; i++) {
        const float *row = features + i * width;
        double length = sqrt(vector_square_sum(width, row));
        if (length == 0) continue;
        units++;
        for (size_t j = 0; j < width; j++) {
            shift[j] += (real)((double)row[j] / length / (double)count);
        }
    }
    double variance = units / (double)count;
    for (size_t j = 0; j < width; j++) variance -= (double)shift[j] * (double)shift[j];
    variance /= (double)width;
    /* Photos that all look the same leave nothing to scale by. */
    real factor = (real)(variance > 1e-12 ? 1 / sqrt(variance) : 1);
    for (size_t j = 0; j < width; j++) scale[j] = factor;
}
