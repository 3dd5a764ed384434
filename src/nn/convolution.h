/* What the convolutions have in common: a square map of channels-last pixels, padding as in
 * TensorFlow or PyTorch, a bias and optional ReLU6 (Krizhevsky, 2010) in the store. The kinds,
 * each a forward and a backward function, are the stem, the pointwise (1x1) and the
 * depthwise (depthwise.c); pooling follows the last one. */
#ifndef CAPTION_NN_CONVOLUTION_H
#define CAPTION_NN_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/simd.h"

struct convolution {
    size_t kernel, stride;
    size_t in_size, out_size; /* sides of the square maps */
    size_t in_channels, out_channels;
    bool symmetric; /* PyTorch's padding of (kernel - 1) / 2 on every side; else TensorFlow's SAME,
                       which at stride 2 pads an even side less before than after */
    bool relu6;
};

/* Side of the output, with either padding: the stride alone decides it. */
static inline size_t convolution_out_size(size_t in_size, size_t stride) {
    return (in_size + stride - 1) / stride;
}

/* Side of the input once padded. */
static inline size_t convolution_padded_size(const struct convolution *layer) {
    const size_t reach = (layer->out_size - 1) * layer->stride + layer->kernel;
    return reach > layer->in_size ? reach : layer->in_size;
}

/* Rows above and columns to the left of the map; SAME's odd one goes to the bottom and the right.
 * Symmetric padding there beyond the last output's reach is never read. */
static inline size_t convolution_padding(const struct convolution *layer) {
    if (layer->symmetric) return (layer->kernel - 1) / 2;
    return (convolution_padded_size(layer) - layer->in_size) / 2;
}

/* max(0, min(6, x)), a NaN kept. */
SIMD_INLINE real convolution_relu6(real x) {
    x = x < 0 ? 0 : x;
    return x > 6 ? 6 : x;
}

/* Whether the gradient goes through a ReLU6 whose output was y. */
SIMD_INLINE bool convolution_passes(real y) {
    return (y > 0) & (y < 6);
}

/* Writes row `row` of a padded map into `out` (width + left + right columns): zeros outside of the
 * map's `size` rows, which start at padded row `top`. */
SIMD_INLINE void convolution_pad_row(const real *map, size_t size, size_t channels, size_t top,
                                     size_t row, size_t left, size_t right, real *out) {
    const size_t width = size * channels;
    if (row < top || row - top >= size) {
        memset(out, 0, (width + (left + right) * channels) * sizeof(real));
        return;
    }
    memset(out, 0, left * channels * sizeof(real));
    out += left * channels;
    memcpy(out, map + (row - top) * width, width * sizeof(real));
    memset(out + width, 0, right * channels * sizeof(real));
}

/* The first convolution: 3x3 of stride 2 over the three colours of a photo. Direct loops,
 * vectorised over the output channels. Photos need no gradient, so backward computes only that of
 * the weights. */
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

/* 1x1 convolution: every pixel's channels times one matrix, as one BLAS product over all pixels.
 * output (pixels, out) = input (pixels, in) weight (out, in)^T + bias (out), plus residual (pixels,
 * out) if not NULL, through ReLU6 if the layer has it. */
void pointwise_forward(const struct convolution *layer, size_t pixels, const real *input,
                       const real *weight, const real *bias, const real *residual, real *output);

/* d_output (pixels, out) is masked in place where ReLU6 was flat (output is what forward stored).
 * Adds to d_weight and d_bias; d_input (pixels, in) is written, or added to if `accumulate`. */
void pointwise_backward(const struct convolution *layer, size_t pixels, const real *input,
                        const real *weight, const real *output, real *d_output, real *d_input,
                        bool accumulate, real *d_weight, real *d_bias);

/* Mean over the pixels of a map: maps (count, pixels, channels) to means (count, channels). */
void pooling_forward(size_t count, size_t pixels, size_t channels, const real *maps, real *means);

/* d_maps (count, pixels, channels) is written. */
void pooling_backward(size_t count, size_t pixels, size_t channels, const real *d_means,
                      real *d_maps);

/* Depthwise convolution: one kernel per channel; kernel 3 or 5, stride 1 or 2. Direct loops,
 * vectorised over the channels: a matrix product would move each number nine times for nine
 * multiply-adds. */

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
