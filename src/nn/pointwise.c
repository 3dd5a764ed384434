#include "nn/pointwise.h"

#include "base/memory.h"
#include "nn/blas.h"

/* The product is computed a block of pixels at a time, so that the block is still in the cache for
 * the next step; blocks are large enough to make the cost of packing the weights negligible. */
enum { POINTWISE_BLOCK = 48 * 1024, POINTWISE_MIN_PIXELS = 192 };

static size_t pixels_per_block(const struct convolution *layer) {
    const size_t pixels = POINTWISE_BLOCK / (layer->in_channels + layer->out_channels);
    return pixels > POINTWISE_MIN_PIXELS ? pixels : POINTWISE_MIN_PIXELS;
}

/* Initialises the output that the product is added to. */
SIMD_KERNEL(static, void, fill_bias,
            (size_t pixels, size_t channels, const real *restrict bias,
             const real *restrict residual, real *restrict output),
            (pixels, channels, bias, residual, output)) {
    for (size_t p = 0; p < pixels; p++, output += channels) {
        if (!residual) {
            memcpy(output, bias, channels * sizeof(real));
            continue;
        }
        for (size_t c = 0; c < channels; c++) output[c] = bias[c] + residual[c];
        residual += channels;
    }
}

SIMD_KERNEL(static, void, clamp_relu6, (size_t count, real *output), (count, output)) {
    for (size_t i = 0; i < count; i++) output[i] = convolution_relu6(output[i]);
}

void pointwise_forward(const struct convolution *layer, size_t pixels, const real *input,
                       const real *weight, const real *bias, const real *residual, real *output) {
    const size_t in = layer->in_channels, out = layer->out_channels;
    const size_t block = pixels_per_block(layer);
    for (size_t start = 0; start < pixels; start += block) {
        const size_t rows = size_smaller(block, pixels - start);
        real *store = output + start * out;
        fill_bias(rows, out, bias, residual ? residual + start * out : NULL, store);
        blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, rows, out, in, 1, input + start * in, in, weight, in,
                  1, store, out);
        if (layer->relu6) clamp_relu6(rows * out, store);
    }
}

SIMD_KERNEL(static, void, mask_relu6,
            (size_t count, const real *restrict output, real *restrict d_output),
            (count, output, d_output)) {
    for (size_t i = 0; i < count; i++) {
        d_output[i] = convolution_passes(output[i]) ? d_output[i] : 0;
    }
}

SIMD_KERNEL(static, void, sum_pixels,
            (size_t pixels, size_t channels, const real *restrict d_output, real *restrict d_bias),
            (pixels, channels, d_output, d_bias)) {
    for (size_t p = 0; p < pixels; p++, d_output += channels) {
        for (size_t c = 0; c < channels; c++) d_bias[c] += d_output[c];
    }
}

void pointwise_backward(const struct convolution *layer, size_t pixels, const real *input,
                        const real *weight, const real *output, real *d_output, real *d_input,
                        bool accumulate, real *d_weight, real *d_bias) {
    const size_t in = layer->in_channels, out = layer->out_channels;
    const size_t block = pixels_per_block(layer);
    for (size_t start = 0; start < pixels; start += block) {
        const size_t rows = size_smaller(block, pixels - start);
        real *d_store = d_output + start * out;
        if (layer->relu6) mask_relu6(rows * out, output + start * out, d_store);
        sum_pixels(rows, out, d_store, d_bias);
        blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, out, in, rows, 1, d_store, out, input + start * in,
                  in, 1, d_weight, in);
        blas_gemm(BLAS_PLAIN, BLAS_PLAIN, rows, in, out, 1, d_store, out, weight, in,
                  accumulate ? 1 : 0, d_input + start * in, in);
    }
}
