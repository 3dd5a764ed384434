#include "nn/batch_norm.h"

#include <math.h>

#include "base/memory.h"
#include "nn/convolution.h"

/* Added to the variance to avoid division by zero in a constant channel. */
static const double EPSILON = 1e-5;

/* Pixels summed in float before the sum is added to a double: a float sum over a large map would
 * lose precision. */
enum { BLOCK = 64 };

/* Vectors of channels processed together: independent sums hide the latency of additions. */
enum { VECTORS = 4 };

/* Calls `map` with constants for the number of vectors and of channels in each, for all channels.
 */
#define BATCH_NORM_DISPATCH(map, channels, ...)                                                    \
    do {                                                                                           \
        size_t c = 0;                                                                              \
        for (; c + VECTORS * SIMD_WIDTH <= (channels); c += VECTORS * SIMD_WIDTH) {                \
            map(VECTORS, SIMD_WIDTH, c, __VA_ARGS__);                                              \
        }                                                                                          \
        for (; c + SIMD_WIDTH <= (channels); c += SIMD_WIDTH) map(1, SIMD_WIDTH, c, __VA_ARGS__);  \
        if (c < (channels)) map(1, (channels)-c, c, __VA_ARGS__);                                  \
    } while (0)

/* Sums over all pixels, and over the pixels of a block. */
struct sums {
    double of[VECTORS * SIMD_WIDTH];
};

SIMD_INLINE void add_block(size_t vectors, const simd_real *block, struct sums *sums) {
    for (size_t v = 0; v < vectors; v++) {
        for (size_t l = 0; l < SIMD_WIDTH; l++) sums->of[v * SIMD_WIDTH + l] += (double)block[v][l];
    }
}

SIMD_INLINE void means_of(size_t vectors, const struct sums *sums, size_t pixels,
                          simd_real *means) {
    for (size_t v = 0; v < vectors; v++) {
        for (size_t l = 0; l < SIMD_WIDTH; l++) {
            means[v][l] = (real)(sums->of[v * SIMD_WIDTH + l] / (double)pixels);
        }
    }
}

SIMD_INLINE void load_channels(size_t vectors, size_t lanes, const real *from, simd_real *to) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) simd_load(&to[v], from + v * SIMD_WIDTH, lanes);
}

SIMD_INLINE void store_channels(size_t vectors, size_t lanes, const simd_real *from, real *to) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) simd_store(to + v * SIMD_WIDTH, &from[v], lanes);
}

SIMD_INLINE void statistics_of(size_t vectors, size_t lanes, size_t c, size_t channels,
                               size_t pixels, const real *input, real *mean, real *variance) {
    struct sums sums = {{0}}, squares = {{0}};
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block[VECTORS] = {{0}};
        for (size_t p = start; p < size_smaller(start + BLOCK, pixels); p++) {
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                simd_real x;
                simd_load(&x, input + p * channels + c + v * SIMD_WIDTH, lanes);
                block[v] += x;
            }
        }
        add_block(vectors, block, &sums);
    }
    simd_real centre[VECTORS], spread[VECTORS];
    means_of(vectors, &sums, pixels, centre);
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block[VECTORS] = {{0}};
        for (size_t p = start; p < size_smaller(start + BLOCK, pixels); p++) {
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                simd_real x;
                simd_load(&x, input + p * channels + c + v * SIMD_WIDTH, lanes);
                block[v] += (x - centre[v]) * (x - centre[v]);
            }
        }
        add_block(vectors, block, &squares);
    }
    means_of(vectors, &squares, pixels, spread);
    store_channels(vectors, lanes, centre, mean + c);
    store_channels(vectors, lanes, spread, variance + c);
}

SIMD_KERNEL(extern, void, batch_norm_statistics,
            (size_t pixels, size_t channels, const real *input, real *mean, real *variance),
            (pixels, channels, input, mean, variance)) {
    BATCH_NORM_DISPATCH(statistics_of, channels, channels, pixels, input, mean, variance);
}

/* 1 / sqrt(variance + epsilon); 0 in the lanes that hold no channel. */
SIMD_INLINE void inverse_deviations(size_t vectors, size_t lanes, const real *variance,
                                    simd_real *inverse) {
    for (size_t v = 0; v < vectors; v++) {
        inverse[v] = (simd_real){0};
        for (size_t l = 0; l < lanes; l++) {
            inverse[v][l] = (real)(1 / sqrt((double)variance[v * SIMD_WIDTH + l] + EPSILON));
        }
    }
}

SIMD_INLINE void forward_of(size_t vectors, size_t lanes, size_t c, const struct batch_norm *layer,
                            size_t pixels, const real *input, const real *residual, real *output) {
    const size_t channels = layer->channels; /* not read anew behind every store */
    const bool relu6 = layer->relu6;
    simd_real factor[VECTORS], mean[VECTORS], scale[VECTORS], shift[VECTORS];
    inverse_deviations(vectors, lanes, layer->variance + c, factor);
    load_channels(vectors, lanes, layer->mean + c, mean);
    load_channels(vectors, lanes, layer->scale + c, scale);
    load_channels(vectors, lanes, layer->shift + c, shift);
    for (size_t v = 0; v < vectors; v++) factor[v] *= scale[v];
    for (size_t p = 0; p < pixels; p++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = p * channels + c + v * SIMD_WIDTH;
            simd_real x;
            simd_load(&x, input + at, lanes);
            x = (x - mean[v]) * factor[v] + shift[v];
            if (residual) {
                simd_real before;
                simd_load(&before, residual + at, lanes);
                x += before;
            }
            if (relu6) simd_relu6(&x);
            simd_store(output + at, &x, lanes);
        }
    }
}

SIMD_KERNEL(extern, void, batch_norm_forward,
            (const struct batch_norm *layer, size_t pixels, const real *input, const real *residual,
             real *output),
            (layer, pixels, input, residual, output)) {
    BATCH_NORM_DISPATCH(forward_of, layer->channels, layer, pixels, input, residual, output);
}

/* The gradient where ReLU6 was not flat, else 0. */
SIMD_INLINE void mask_relu6(const simd_real *output, simd_real *gradient) {
    const simd_mask passes = (*output > 0) & (*output < 6);
    *gradient = (simd_real)((simd_mask)*gradient & passes);
}

/* Masks the gradient of the output and sums it, alone and times the normalised input. */
SIMD_INLINE void sum_gradients(size_t vectors, size_t lanes, size_t c,
                               const struct batch_norm *layer, size_t pixels, const real *input,
                               const real *output, real *d_output, const simd_real *mean,
                               const simd_real *inverse, struct sums *sums, struct sums *products) {
    const size_t channels = layer->channels;
    const bool relu6 = layer->relu6;
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block[VECTORS] = {{0}}, block_products[VECTORS] = {{0}};
        for (size_t p = start; p < size_smaller(start + BLOCK, pixels); p++) {
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                const size_t at = p * channels + c + v * SIMD_WIDTH;
                simd_real x, y, gradient;
                simd_load(&x, input + at, lanes);
                simd_load(&gradient, d_output + at, lanes);
                if (relu6) {
                    simd_load(&y, output + at, lanes);
                    mask_relu6(&y, &gradient);
                    simd_store(d_output + at, &gradient, lanes);
                }
                block[v] += gradient;
                block_products[v] += gradient * ((x - mean[v]) * inverse[v]);
            }
        }
        add_block(vectors, block, sums);
        add_block(vectors, block_products, products);
    }
}

/* With n = (input - mean) / deviation, N pixels and g = d_output:
 *     d_shift = sum g,  d_scale = sum g n,
 *     d_input = scale / deviation (g - d_shift / N - n d_scale / N). */
SIMD_INLINE void backward_of(size_t vectors, size_t lanes, size_t c, const struct batch_norm *layer,
                             size_t pixels, const real *input, const real *output, real *d_output,
                             real *d_input, real *d_scale, real *d_shift) {
    const size_t channels = layer->channels;
    simd_real inverse[VECTORS], mean[VECTORS], scale[VECTORS];
    inverse_deviations(vectors, lanes, layer->variance + c, inverse);
    load_channels(vectors, lanes, layer->mean + c, mean);
    load_channels(vectors, lanes, layer->scale + c, scale);
    struct sums sums = {{0}}, products = {{0}};
    sum_gradients(vectors, lanes, c, layer, pixels, input, output, d_output, mean, inverse, &sums,
                  &products);
    for (size_t i = 0; i < (vectors - 1) * SIMD_WIDTH + lanes; i++) {
        d_shift[c + i] += (real)sums.of[i];
        d_scale[c + i] += (real)products.of[i];
    }
    simd_real shift_share[VECTORS], slope[VECTORS];
    means_of(vectors, &sums, pixels, shift_share);
    means_of(vectors, &products, pixels, slope);
    for (size_t v = 0; v < vectors; v++) {
        slope[v] *= inverse[v];
        scale[v] *= inverse[v];
    }
    for (size_t p = 0; p < pixels; p++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = p * channels + c + v * SIMD_WIDTH;
            simd_real x, gradient;
            simd_load(&x, input + at, lanes);
            simd_load(&gradient, d_output + at, lanes);
            gradient = scale[v] * (gradient - shift_share[v] - (x - mean[v]) * slope[v]);
            simd_store(d_input + at, &gradient, lanes);
        }
    }
}

SIMD_KERNEL(extern, void, batch_norm_backward,
            (const struct batch_norm *layer, size_t pixels, const real *input, const real *output,
             real *d_output, real *d_input, real *d_scale, real *d_shift),
            (layer, pixels, input, output, d_output, d_input, d_scale, d_shift)) {
    BATCH_NORM_DISPATCH(backward_of, layer->channels, layer, pixels, input, output, d_output,
                        d_input, d_scale, d_shift);
}

void batch_norm_fold(const struct batch_norm *layer, size_t channel, real *factor, real *bias) {
    const double inverse = 1 / sqrt((double)layer->variance[channel] + EPSILON);
    const double by = (double)layer->scale[channel] * inverse;
    *factor = (real)by;
    *bias = (real)((double)layer->shift[channel] - (double)layer->mean[channel] * by);
}
