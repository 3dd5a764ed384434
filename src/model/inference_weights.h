/* A layer's weights as the kernels of every precision want to read them. Internal to the encoder
 * for inference. */
#ifndef CAPTION_MODEL_INFERENCE_WEIGHTS_H
#define CAPTION_MODEL_INFERENCE_WEIGHTS_H

#include "model/inference_kernels.h"

/* Rows first .. first + count - 1 of the matrix of a stem (out, 3 * 3 * 3), ordered as its patches,
 * or of a 1x1 convolution (out, in). */
bool inference_weights_rows(enum inference_role role, const struct encoder_layer *layer,
                            const struct weights *weights, size_t first, size_t count, float *rows,
                            caption_error *error);

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
