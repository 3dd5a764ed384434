#include "train/slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct slice {
    struct tbptt *tbptt;
    struct tbptt_sequence *sequences; /* [photos * most captions] */
    int32_t *inputs, *targets;        /* [the same * steps of the longest caption] */
    size_t longest;                   /* steps of the longest caption */
    real *features;                   /* (photos, F) */
    real *scaled;                     /* (photos, F) */
    real *d_features;                 /* (photos, F) */
    real *vectors, *d_vectors;        /* (photos, E) */
    real *gradients;                  /* a block of the model's parameters */
};

static size_t image_numbers(const struct model *model) {
    return model->preprocessing.size * model->preprocessing.size * 3;
}

bool slice_worker_init(struct slice_worker *worker, const struct model *model, size_t photos,
                       caption_error *error) {
    *worker = (struct slice_worker){0};
    worker->workspace = encoder_workspace_new(&model->encoder, photos, true, error);
    worker->images = memory_uninitialised(photos * image_numbers(model), sizeof(real),
                                          "the photos of a mini-batch", error);
    if (worker->workspace && worker->images) return true;
    slice_worker_free(worker);
    return false;
}

void slice_worker_free(struct slice_worker *worker) {
    encoder_workspace_free(worker->workspace);
    free(worker->images);
    *worker = (struct slice_worker){0};
}

struct slice *slice_new(const struct model *model, const struct captions *captions, size_t photos,
                        size_t steps, caption_error *error) {
    static const char what[] = "a slice of the mini-batch";
    struct slice *slice = memory_zeroed(1, sizeof *slice, what, error);
    if (!slice) return NULL;
    slice->longest = captions_steps(captions->longest);
    size_t rows, numbers, features = model->encoder.features, e = model->decoder.embedding;
    bool ok = (size_multiply(photos, captions->most, &rows) &&
               size_multiply(rows, slice->longest, &numbers)) ||
              error_memory(error, what);
    ok = ok && (slice->tbptt = tbptt_new(&model->decoder, rows, steps, error)) &&
         (slice->sequences = memory_zeroed(rows, sizeof *slice->sequences, what, error)) &&
         (slice->inputs = memory_zeroed(numbers, sizeof *slice->inputs, what, error)) &&
         (slice->targets = memory_zeroed(numbers, sizeof *slice->targets, what, error)) &&
         (slice->features = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->scaled = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->d_features = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->vectors = memory_zeroed(photos * e, sizeof(real), what, error)) &&
         (slice->d_vectors = memory_zeroed(photos * e, sizeof(real), what, error)) &&
         (slice->gradients = memory_zeroed(model->parameters.count, sizeof(real), what, error));
    if (ok) return slice;
    slice_free(slice);
    return NULL;
}

void slice_free(struct slice *slice) {
    if (!slice) return;
    tbptt_free(slice->tbptt);
    free(slice->sequences);
    free(slice->inputs);
    free(slice->targets);
    free(slice->features);
    free(slice->scaled);
    free(slice->d_features);
    free(slice->vectors);
    free(slice->d_vectors);
    free(slice->gradients);
    free(slice);
}

real *slice_gradients(const struct slice *slice) {
    return slice->gradients;
}

/* The photos' features: from the cache, or by the encoder that learns. */
static bool encode(struct slice *slice, const struct slice_task *task, struct slice_worker *worker,
                   const struct slice_photo *photos, size_t count, caption_error *error) {
    const struct model *model = task->model;
    size_t width = model->encoder.features;
    if (task->features) {
        for (size_t i = 0; i < count; i++) {
            const float *cached =
                photos[i].augment.mirror ? task->features->mirrored : task->features->plain;
            memcpy(slice->features + i * width, cached + photos[i].row * width,
                   width * sizeof(real));
        }
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (!photo_load(photos[i].photo->path, &model->preprocessing, &photos[i].augment,
                        worker->images + i * image_numbers(model), error)) {
            return false;
        }
    }
    encoder_forward(&model->encoder, &model->parameters, model->parameters.values, worker->images,
                    count, worker->workspace, slice->features);
    return true;
}

/* All captions of the photos as sequences; returns their number. */
static size_t lay_out_captions(struct slice *slice, const struct captions *captions,
                               const struct slice_photo *photos, size_t count) {
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < photos[i].photo->count; j++, rows++) {
            slice->sequences[rows] = captions_sequence(captions, photos[i].photo->first + j, i,
                                                       slice->inputs + rows * slice->longest,
                                                       slice->targets + rows * slice->longest);
        }
    }
    return rows;
}

bool slice_run(struct slice *slice, const struct slice_task *task, struct slice_worker *worker,
               const struct slice_photo *photos, size_t count, struct random random, double *loss,
               size_t *targets, caption_error *error) {
    const struct model *model = task->model;
    const struct parameters *parameters = &model->parameters;
    if (!encode(slice, task, worker, photos, count, error)) return false;
    decoder_image_forward(&model->decoder, parameters, parameters->values, slice->features, count,
                          slice->scaled, slice->vectors);

    memset(slice->d_vectors, 0, count * model->decoder.embedding * sizeof(real));
    size_t rows = lay_out_captions(slice, task->captions, photos, count);
    struct tbptt_pass pass = {.parameters = parameters,
                              .values = parameters->values,
                              .vectors = slice->vectors,
                              .vector_count = count,
                              .regularisation = task->regularisation,
                              .random = &random,
                              .scale = task->scale,
                              .d_vectors = slice->d_vectors,
                              .gradients = slice->gradients};
    *targets = 0;
    *loss = tbptt_run(slice->tbptt, &pass, slice->sequences, rows, targets);

    bool learns = !task->features;
    decoder_image_backward(&model->decoder, parameters, parameters->values, slice->features, count,
                           slice->scaled, slice->d_vectors, learns ? slice->d_features : NULL,
                           slice->gradients);
    if (learns) {
        encoder_backward(&model->encoder, parameters, parameters->values, slice->d_features,
                         worker->workspace, slice->gradients);
    }
    return true;
}
