/* Depthwise convolution: one kernel per channel; kernel 3 or 5, stride 1 or 2. Direct loops,
 * vectorised over the channels: a matrix product would move each number nine times for nine
 * multiply-adds. */
#ifndef CAPTION_NN_DEPTHWISE_H
#define CAPTION_NN_DEPTHWISE_H

#include "nn/convolution.h"

/* Numbers of scratch memory that forward and backward need. */
size_t depthwise_scratch(const struct convolution *layer);

/* input (count, in_size, in_size, C), weight (k, k, C), bias (C), output (count, out_size,
 * out_size, C). */
void depthwise_forward(const struct convolution *layer, size_t count, const real *input,
                       const real *weight, const real *bias, real *output, real *scratch);

/* Adds to d_weight and d_bias; d_input is written, or added to if `accumulate`. `output` is what
 * forward stored. */
void depthwise_backward(const struct convolution *layer, size_t count, const real *input,
                        const real *weight, const real *output, const real *d_output, real *d_input,
                        bool accumulate, real *d_weight, real *d_bias, real *scratch);

#endif
