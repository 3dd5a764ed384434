/* A layer's weights in the form that the kernels of every precision read. Internal to the encoder
 * for inference. */
#ifndef CAPTION_INFER_INFERENCE_WEIGHTS_H
#define CAPTION_INFER_INFERENCE_WEIGHTS_H

#include "infer/inference_kernels.h"

/* Numbers in a row of a layer's matrix. */
size_t inference_weights_inputs(enum inference_role role, const struct encoder_layer *layer);

/* Passes the matrix of a stem (out, 3 * 3 * 3), ordered as its patches, or of a 1x1 convolution
 * (out, in) to pack(packed, first, count, rows), a panel at a time, to avoid a second copy of the
 * weights: rows first .. first + count - 1. */
bool inference_weights_pack(enum inference_role role, const struct encoder_layer *layer,
                            const struct weights *weights,
                            void (*pack)(void *packed, size_t first, size_t count,
                                         const float *rows),
                            void *packed, caption_error *error);

/* A depthwise convolution in float. */
struct inference_depthwise {
    struct convolution shape;
    size_t channels; /* padded */
    float *bias;     /* (channels) */
    float *weight;   /* (k, k, channels) */
};
void *inference_depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                              struct arena *arena, caption_error *error);

#endif
