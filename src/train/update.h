/* From the gradients of the slices to new weights: sum in a fixed order, clip by norm, Adam, moving
 * average. Running statistics take no part in the gradient: they go a fixed share of the way to the
 * mini-batch's mean, whenever the encoder learns. The work is shared out in fixed pieces, so the result does not depend on the threads. */
#ifndef CAPTION_TRAIN_UPDATE_H
#define CAPTION_TRAIN_UPDATE_H

#include "base/threads.h"
#include "nn/parameters.h"

struct update {
    const struct parameters *parameters;
    struct update_piece *pieces; /* of single tensors; encoder first */
    size_t piece_count;
    real *first, *second; /* moments of Adam, blocks */
    uint64_t step;        /* of the decoder */
    uint64_t encoder_step;
    real *average; /* moving average of the values, a block; NULL: none kept */
    float decay;
};

/* `average` is the decay of the moving average, 0: none. */
bool update_init(struct update *update, const struct parameters *parameters, float average,
                 caption_error *error);
void update_free(struct update *update);

/* Makes the gradient blocks of the slices zero where a step with these rates reads them. */
void update_clear(const struct update *update, real *gradients, bool encoder);

/* One step on the gradients of `photos` photos. slices[slice_count] are gradient blocks; the first
 * is overwritten by their sum. The encoder does not learn when encoder_rate is 0. Norms above `clip` (0: never) are scaled down to
 * it. Returns the norm before clipping. */
double update_step(struct update *update, real *const *slices, size_t slice_count, size_t photos,
                   float rate, float encoder_rate, float clip, struct threads *threads);

#endif
