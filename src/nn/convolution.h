/* What the convolutions have in common: a square map of channels-last pixels, padding as in
 * TensorFlow or PyTorch, a bias and optional ReLU6 (Krizhevsky, 2010) in the store. The kinds are
 * pointwise.h (1x1), depthwise.h and stem.h, each a forward and a backward function. */
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

#endif
