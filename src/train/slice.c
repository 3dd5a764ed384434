#include "train/slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct slice {
    struct tbptt *tbptt;
    struct tbptt_sequence *sequences; /* [rows] */
    int32_t *inputs, *targets;        /* (rows, longest) */
    size_t longest;                   /* steps of the longest sequence */
    real *features;                   /* (photos, F) */
    real *scaled;                     /* (photos, F) */
    real *d_features;                 /* (photos, F) */
    real *vectors, *d_vectors;        /* (photos, E) */
    real *gradients;                  /* a block of the model's parameters */
};

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

struct slice *slice_new(const struct model *model, const struct captions *captions, size_t photos,
                        size_t rows, size_t steps, caption_error *error) {
    static const char what[] = "a slice of the mini-batch";
    struct slice *slice = memory_zeroed(1, sizeof *slice, what, error);
    if (!slice) return NULL;
    slice->longest = larger(captions_steps(captions->longest), steps);
    size_t captioned, numbers, features = model->encoder.features, e = model->decoder.embedding;
    bool ok = size_multiply(photos, captions->most, &captioned);
    if (captioned > rows) rows = captioned;
    ok = (ok && size_multiply(rows, slice->longest, &numbers)) || error_memory(error, what);
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
static void encode(struct slice *slice, const struct slice_task *task,
                   struct encoder_workspace *workspace, const struct slice_photo *photos,
                   const real *images, size_t count) {
    const struct model *model = task->model;
    if (!task->features) {
        encoder_forward(&model->encoder, &model->parameters, model->parameters.values, images,
                        count, workspace, slice->features);
        return;
    }
    size_t width = model->encoder.features;
    for (size_t i = 0; i < count; i++) {
        const float *cached =
            photos[i].augment.mirror ? task->features->mirrored : task->features->plain;
        memcpy(slice->features + i * width, cached + photos[i].row * width, width * sizeof(real));
    }
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

static struct tbptt_pass pass_of(struct slice *slice, const struct slice_task *task,
                                 struct random *random) {
    return (struct tbptt_pass){.parameters = &task->model->parameters,
                               .values = task->model->parameters.values,
                               .regularisation = task->regularisation,
                               .random = random,
                               .scale = task->scale,
                               .gradients = slice->gradients};
}

void slice_photos(struct slice *slice, const struct slice_task *task,
                  struct encoder_workspace *workspace, const struct slice_photo *photos,
                  const real *images, size_t count, struct random random,
                  struct slice_result *result) {
    const struct model *model = task->model;
    const struct parameters *parameters = &model->parameters;
    encode(slice, task, workspace, photos, images, count);
    decoder_image_forward(&model->decoder, parameters, parameters->values, slice->features, count,
                          slice->scaled, slice->vectors);

    memset(slice->d_vectors, 0, count * model->decoder.embedding * sizeof(real));
    size_t rows = lay_out_captions(slice, task->captions, photos, count);
    struct tbptt_pass pass = pass_of(slice, task, &random);
    pass.vectors = slice->vectors;
    pass.vector_count = count;
    pass.d_vectors = slice->d_vectors;
    result->loss += tbptt_run(slice->tbptt, &pass, slice->sequences, rows, &result->targets);

    bool learns = !task->features;
    decoder_image_backward(&model->decoder, parameters, parameters->values, slice->features, count,
                           slice->scaled, slice->d_vectors, learns ? slice->d_features : NULL,
                           slice->gradients);
    if (learns) {
        encoder_backward(&model->encoder, parameters, parameters->values, slice->d_features,
                         workspace, slice->gradients);
    }
}

void slice_text(struct slice *slice, const struct slice_task *task, const struct text *text,
                size_t rows, size_t first_row, size_t count, size_t first, size_t steps,
                real *states, struct random random, struct slice_result *result) {
    for (size_t i = 0; i < count; i++) {
        int32_t *inputs = slice->inputs + i * slice->longest;
        int32_t *targets = slice->targets + i * slice->longest;
        text_window(text, first_row + i, rows, first, steps, inputs, targets);
        slice->sequences[i] =
            (struct tbptt_sequence){.inputs = inputs, .targets = targets, .steps = steps};
    }
    struct tbptt_pass pass = pass_of(slice, task, &random);
    result->loss +=
        tbptt_carry(slice->tbptt, &pass, slice->sequences, count, states, &result->targets);
}
