#include "nn/convolution.h"

#include "base/memory.h"
#include "base/simd.h"
#include "nn/blas.h"

enum {
    STEM_TILE = 4,                          /* output pixels computed together */
    STEM_TAPS = STEM_KERNEL * STEM_COLOURS, /* numbers under one row of the kernel */
    STEM_STEP = STEM_STRIDE * STEM_COLOURS  /* from one output pixel to the next */
};

static size_t row_length(const struct convolution *layer) {
    return convolution_padded_size(layer) * STEM_COLOURS;
}

size_t stem_scratch(const struct convolution *layer) {
    return STEM_KERNEL * row_length(layer);
}

/* The padded rows under output row y. */
SIMD_INLINE void fetch_rows(const struct convolution *layer, const real *image, size_t y,
                            real *rows) {
    const size_t padding = convolution_padding(layer);
    for (size_t ky = 0; ky < STEM_KERNEL; ky++) {
        convolution_pad_row(image, layer->in_size, STEM_COLOURS, padding, y * STEM_STRIDE + ky,
                            padding, convolution_padded_size(layer) - layer->in_size - padding,
                            rows + ky * row_length(layer));
    }
}

/* `tile` output pixels from x on, `lanes` channels from c on. */
SIMD_INLINE void forward_block(size_t tile, size_t lanes, size_t channels, size_t c,
                               const real *rows, size_t length, size_t x, const real *weight,
                               const real *bias, bool relu6, real *output) {
    simd_real sum[STEM_TILE];
    simd_load(&sum[0], bias + c, lanes);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sum[t] = sum[0];
    for (size_t ky = 0; ky < STEM_KERNEL; ky++) {
        const real *row = rows + ky * length + x * STEM_STEP;
        const real *taps = weight + ky * STEM_TAPS * channels + c;
        SIMD_UNROLL
        for (size_t i = 0; i < STEM_TAPS; i++) {
            simd_real tap;
            simd_load(&tap, taps + i * channels, lanes);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) sum[t] += tap * row[t * STEM_STEP + i];
        }
    }
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) {
        if (relu6) simd_relu6(&sum[t]);
        simd_store(output + (x + t) * channels + c, &sum[t], lanes);
    }
}

SIMD_INLINE void forward_tile(const struct convolution *layer, size_t tile, const real *rows,
                              size_t x, const real *weight, const real *bias, real *output) {
    const size_t channels = layer->out_channels, length = row_length(layer);
    size_t c = 0;
    for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
        forward_block(tile, SIMD_WIDTH, channels, c, rows, length, x, weight, bias, layer->relu6,
                      output);
    }
    if (c < channels) {
        forward_block(tile, channels - c, channels, c, rows, length, x, weight, bias, layer->relu6,
                      output);
    }
}

SIMD_KERNEL(extern, void, stem_forward,
            (const struct convolution *layer, size_t count, const real *images, const real *weight,
             const real *bias, real *output, real *scratch),
            (layer, count, images, weight, bias, output, scratch)) {
    const size_t image = layer->in_size * layer->in_size * STEM_COLOURS;
    for (size_t row = 0; row < count * layer->out_size; row++) {
        fetch_rows(layer, images + row / layer->out_size * image, row % layer->out_size, scratch);
        size_t x = 0;
        for (; x + STEM_TILE <= layer->out_size; x += STEM_TILE) {
            forward_tile(layer, STEM_TILE, scratch, x, weight, bias, output);
        }
        for (; x < layer->out_size; x++) {
            forward_tile(layer, 1, scratch, x, weight, bias, output);
        }
        output += layer->out_size * layer->out_channels;
    }
}

/* Masks a row of the gradient and adds it to the bias's. */
SIMD_INLINE void mask_row(const struct convolution *layer, const real *restrict output,
                          real *restrict d_output, real *restrict d_bias) {
    const size_t channels = layer->out_channels;
    for (size_t x = 0; x < layer->out_size; x++) {
        if (layer->relu6) {
            for (size_t c = 0; c < channels; c++) {
                d_output[c] = convolution_passes(output[c]) ? d_output[c] : 0;
            }
        }
        for (size_t c = 0; c < channels; c++) d_bias[c] += d_output[c];
        output += channels;
        d_output += channels;
    }
}

/* One output row's share of the gradient of one kernel row, `lanes` channels from c on: its nine
 * sums stay in registers along the row. */
SIMD_INLINE void weight_block(size_t lanes, size_t size, size_t channels, size_t c, const real *row,
                              const real *d_output, real *d_weight) {
    simd_real sum[STEM_TAPS];
    SIMD_UNROLL
    for (size_t i = 0; i < STEM_TAPS; i++) simd_load(&sum[i], d_weight + i * channels + c, lanes);
    for (size_t x = 0; x < size; x++) {
        simd_real gradient;
        simd_load(&gradient, d_output + x * channels + c, lanes);
        SIMD_UNROLL
        for (size_t i = 0; i < STEM_TAPS; i++) sum[i] += gradient * row[x * STEM_STEP + i];
    }
    SIMD_UNROLL
    for (size_t i = 0; i < STEM_TAPS; i++) simd_store(d_weight + i * channels + c, &sum[i], lanes);
}

SIMD_KERNEL(extern, void, stem_backward,
            (const struct convolution *layer, size_t count, const real *images, const real *output,
             real *d_output, real *d_weight, real *d_bias, real *scratch),
            (layer, count, images, output, d_output, d_weight, d_bias, scratch)) {
    const size_t size = layer->out_size, channels = layer->out_channels;
    const size_t image = layer->in_size * layer->in_size * STEM_COLOURS;
    for (size_t row = 0; row < count * size; row++) {
        fetch_rows(layer, images + row / size * image, row % size, scratch);
        mask_row(layer, output, d_output, d_bias);
        for (size_t ky = 0; ky < STEM_KERNEL; ky++) {
            const real *pixels = scratch + ky * row_length(layer);
            real *taps = d_weight + ky * STEM_TAPS * channels;
            size_t c = 0;
            for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
                weight_block(SIMD_WIDTH, size, channels, c, pixels, d_output, taps);
            }
            if (c < channels) {
                weight_block(channels - c, size, channels, c, pixels, d_output, taps);
            }
        }
        output += size * channels;
        d_output += size * channels;
    }
}

void pointwise_forward(const struct convolution *layer, size_t pixels, const real *input,
                       const real *weight, const real *bias, const real *residual, real *output) {
    const size_t in = layer->in_channels, out = layer->out_channels;
    product(&(struct product){.m = pixels,
                              .n = out,
                              .k = in,
                              .left = {input, in, 1},
                              .right = {weight, 1, in},
                              .alpha = 1,
                              .bias = bias,
                              .residual = residual,
                              .relu6 = layer->relu6,
                              .output = output,
                              .row = out});
}

/* The gradient where ReLU6 was not flat, else 0, added to that of the bias. */
SIMD_KERNEL(static, void, mask_relu6,
            (size_t pixels, size_t channels, const real *restrict output, real *restrict d_output,
             real *restrict d_bias),
            (pixels, channels, output, d_output, d_bias)) {
    for (size_t p = 0; p < pixels; p++, output += channels, d_output += channels) {
        for (size_t c = 0; c < channels; c++) {
            d_output[c] = convolution_passes(output[c]) ? d_output[c] : 0;
            d_bias[c] += d_output[c];
        }
    }
}

SIMD_KERNEL(static, void, sum_pixels,
            (size_t pixels, size_t channels, const real *restrict d_output, real *restrict d_bias),
            (pixels, channels, d_output, d_bias)) {
    for (size_t p = 0; p < pixels; p++, d_output += channels) {
        for (size_t c = 0; c < channels; c++) d_bias[c] += d_output[c];
    }
}

/* The gradients are computed a block of pixels at a time, so that the block is still in the cache
 * for the next step; blocks are large enough to make the cost of packing the weights negligible. */
enum { POINTWISE_BLOCK = 96 * 1024, POINTWISE_MIN_PIXELS = 192 };

static size_t pixels_per_block(const struct convolution *layer) {
    const size_t pixels = POINTWISE_BLOCK / (layer->in_channels + layer->out_channels);
    return pixels > POINTWISE_MIN_PIXELS ? pixels : POINTWISE_MIN_PIXELS;
}

void pointwise_backward(const struct convolution *layer, size_t pixels, const real *input,
                        const real *weight, const real *output, real *d_output, real *d_input,
                        bool accumulate, real *d_weight, real *d_bias) {
    const size_t in = layer->in_channels, out = layer->out_channels;
    const size_t block = pixels_per_block(layer);
    for (size_t start = 0; start < pixels; start += block) {
        const size_t rows = size_smaller(block, pixels - start);
        real *d_store = d_output + start * out;
        if (layer->relu6) {
            mask_relu6(rows, out, output + start * out, d_store, d_bias);
        } else {
            sum_pixels(rows, out, d_store, d_bias);
        }
        product(&(struct product){.m = out,
                                  .n = in,
                                  .k = rows,
                                  .left = {d_store, 1, out},
                                  .right = {input + start * in, in, 1},
                                  .alpha = 1,
                                  .beta = 1,
                                  .output = d_weight,
                                  .row = in});
        product(&(struct product){.m = rows,
                                  .n = in,
                                  .k = out,
                                  .left = {d_store, out, 1},
                                  .right = {weight, in, 1},
                                  .alpha = 1,
                                  .beta = accumulate ? 1 : 0,
                                  .output = d_input + start * in,
                                  .row = in});
    }
}

SIMD_KERNEL(static, void, mean,
            (size_t pixels, size_t channels, const real *restrict map, real *restrict result),
            (pixels, channels, map, result)) {
    memset(result, 0, channels * sizeof(real));
    for (size_t p = 0; p < pixels; p++, map += channels) {
        for (size_t c = 0; c < channels; c++) result[c] += map[c];
    }
    for (size_t c = 0; c < channels; c++) result[c] /= (real)pixels;
}

void pooling_forward(size_t count, size_t pixels, size_t channels, const real *maps, real *means) {
    for (size_t n = 0; n < count; n++) {
        mean(pixels, channels, maps + n * pixels * channels, means + n * channels);
    }
}

SIMD_KERNEL(static, void, spread,
            (size_t pixels, size_t channels, const real *restrict d_mean, real *restrict d_map),
            (pixels, channels, d_mean, d_map)) {
    for (size_t p = 0; p < pixels; p++, d_map += channels) {
        for (size_t c = 0; c < channels; c++) d_map[c] = d_mean[c] / (real)pixels;
    }
}

void pooling_backward(size_t count, size_t pixels, size_t channels, const real *d_means,
                      real *d_maps) {
    for (size_t n = 0; n < count; n++) {
        spread(pixels, channels, d_means + n * channels, d_maps + n * pixels * channels);
    }
}
