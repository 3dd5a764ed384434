/* The first convolution: 3x3 of stride 2 over the three colours of a photo. Direct loops,
 * vectorised over the output channels. Photos need no gradient, so backward computes only that of
 * the weights. */
#ifndef CAPTION_NN_STEM_H
#define CAPTION_NN_STEM_H

#include "nn/convolution.h"

enum { STEM_KERNEL = 3, STEM_STRIDE = 2, STEM_COLOURS = 3 };

/* Numbers of scratch memory that forward and backward need. */
size_t stem_scratch(const struct convolution *layer);

/* images (count, in_size, in_size, 3), weight (3, 3, 3, out), bias (out), output (count, out_size,
 * out_size, out). */
void stem_forward(const struct convolution *layer, size_t count, const real *images,
                  const real *weight, const real *bias, real *output, real *scratch);

/* Adds to d_weight and d_bias. d_output is masked in place where ReLU6 was flat (output is what
 * forward stored). */
void stem_backward(const struct convolution *layer, size_t count, const real *images,
                   const real *output, real *d_output, real *d_weight, real *d_bias, real *scratch);

#endif
