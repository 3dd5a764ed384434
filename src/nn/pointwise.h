/* 1x1 convolution: every pixel's channels times one matrix, as one BLAS product over all pixels. */
#ifndef CAPTION_NN_POINTWISE_H
#define CAPTION_NN_POINTWISE_H

#include "nn/convolution.h"

/* output (pixels, out) = input (pixels, in) weight (out, in)^T + bias (out), plus residual (pixels,
 * out) if not NULL, through ReLU6 if the layer has it. */
void pointwise_forward(const struct convolution *layer, size_t pixels, const real *input,
                       const real *weight, const real *bias, const real *residual, real *output);

/* d_output (pixels, out) is masked in place where ReLU6 was flat (output is what forward stored).
 * Adds to d_weight and d_bias; d_input (pixels, in) is written, or added to if `accumulate`. */
void pointwise_backward(const struct convolution *layer, size_t pixels, const real *input,
                        const real *weight, const real *output, real *d_output, real *d_input,
                        bool accumulate, real *d_weight, real *d_bias);

#endif
