#include "nn/batch_norm.h"

#include <math.h>

#include "nn/convolution.h"

/* Added to the variance: a channel that is the same in every pixel is divided by no zero. */
static const double EPSILON = 1e-5;

/* Pixels whose numbers are added up as they are, before the sum is added to one in double: a large
 * map has too many for the digits of a float. */
enum { BLOCK = 64 };

static inline size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Sums of SIMD_WIDTH channels over all pixels. */
struct sums {
    double of[SIMD_WIDTH];
};

SIMD_INLINE void add_block(const simd_real *block, struct sums *sums) {
    for (size_t l = 0; l < SIMD_WIDTH; l++) sums->of[l] += (double)(*block)[l];
}

/* `lanes` channels at once, all pixels. */
SIMD_INLINE void statistics_of(size_t lanes, size_t pixels, size_t channels, const real *input,
                               real *mean, real *variance) {
    struct sums sums = {{0}}, squares = {{0}};
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block = {0};
        for (size_t p = start; p < smaller(start + BLOCK, pixels); p++) {
            simd_real x;
            simd_load(&x, input + p * channels, lanes);
            block += x;
        }
        add_block(&block, &sums);
    }
    simd_real centre;
    for (size_t l = 0; l < SIMD_WIDTH; l++) centre[l] = (real)(sums.of[l] / (double)pixels);
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block = {0};
        for (size_t p = start; p < smaller(start + BLOCK, pixels); p++) {
            simd_real x;
            simd_load(&x, input + p * channels, lanes);
            block += (x - centre) * (x - centre);
        }
        add_block(&block, &squares);
    }
    simd_store(mean, &centre, lanes);
    for (size_t l = 0; l < lanes; l++) variance[l] = (real)(squares.of[l] / (double)pixels);
}

SIMD_CLONES
void batch_norm_statistics(size_t pixels, size_t channels, const real *input, real *mean,
                           real *variance) {
    size_t c = 0;
    for (; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
        statistics_of(SIMD_WIDTH, pixels, channels, input + c, mean + c, variance + c);
    }
    if (c < channels) {
        statistics_of(channels - c, pixels, channels, input + c, mean + c, variance + c);
    }
}

/* 1 / sqrt(variance + epsilon) of `lanes` channels; the rest are 0. */
SIMD_INLINE void inverse_deviations(size_t lanes, const real *variance, simd_real *inverse) {
    *inverse = (simd_real){0};
    for (size_t l = 0; l < lanes; l++) {
        (*inverse)[l] = (real)(1 / sqrt((double)variance[l] + EPSILON));
    }
}

SIMD_INLINE void forward_of(const struct batch_norm *layer, size_t lanes, size_t c, size_t pixels,
                            const real *input, const real *residual, real *output) {
    const size_t channels = layer->channels;
    simd_real factor, mean, scale, shift;
    inverse_deviations(lanes, layer->variance + c, &factor);
    simd_load(&mean, layer->mean + c, lanes);
    simd_load(&scale, layer->scale + c, lanes);
    simd_load(&shift, layer->shift + c, lanes);
    factor *= scale;
    for (size_t p = 0; p < pixels; p++) {
        simd_real x;
        simd_load(&x, input + p * channels + c, lanes);
        x = (x - mean) * factor + shift;
        if (residual) {
            simd_real before;
            simd_load(&before, residual + p * channels + c, lanes);
            x += before;
        }
        if (layer->relu6) simd_relu6(&x);
        simd_store(output + p * channels + c, &x, lanes);
    }
}

SIMD_CLONES
void batch_norm_forward(const struct batch_norm *layer, size_t pixels, const real *input,
                        const real *residual, real *output) {
    size_t c = 0;
    for (; c + SIMD_WIDTH <= layer->channels; c += SIMD_WIDTH) {
        forward_of(layer, SIMD_WIDTH, c, pixels, input, residual, output);
    }
    if (c < layer->channels) {
        forward_of(layer, layer->channels - c, c, pixels, input, residual, output);
    }
}

/* The gradient where ReLU6 was not flat, else 0. */
SIMD_INLINE void mask_relu6(const simd_real *output, simd_real *gradient) {
    const simd_mask passes = (*output > 0) & (*output < 6);
    *gradient = (simd_real)((simd_mask)*gradient & passes);
}

/* With n = (input - mean) / deviation, N pixels and g = d_output:
 *     d_shift = sum g,  d_scale = sum g n,
 *     d_input = scale / deviation (g - d_shift / N - n d_scale / N). */
SIMD_INLINE void backward_of(const struct batch_norm *layer, size_t lanes, size_t c, size_t pixels,
                             const real *input, const real *output, real *d_output, real *d_input,
                             real *d_scale, real *d_shift) {
    const size_t channels = layer->channels;
    simd_real inverse, mean, scale;
    inverse_deviations(lanes, layer->variance + c, &inverse);
    simd_load(&mean, layer->mean + c, lanes);
    simd_load(&scale, layer->scale + c, lanes);
    struct sums sums = {{0}}, products = {{0}};
    for (size_t start = 0; start < pixels; start += BLOCK) {
        simd_real block = {0}, block_products = {0};
        for (size_t p = start; p < smaller(start + BLOCK, pixels); p++) {
            simd_real x, y, gradient;
            simd_load(&x, input + p * channels + c, lanes);
            simd_load(&gradient, d_output + p * channels + c, lanes);
            if (layer->relu6) {
                simd_load(&y, output + p * channels + c, lanes);
                mask_relu6(&y, &gradient);
                simd_store(d_output + p * channels + c, &gradient, lanes);
            }
            block += gradient;
            block_products += gradient * ((x - mean) * inverse);
        }
        add_block(&block, &sums);
        add_block(&block_products, &products);
    }
    simd_real shift_share, scale_share;
    for (size_t l = 0; l < SIMD_WIDTH; l++) {
        shift_share[l] = (real)(sums.of[l] / (double)pixels);
        scale_share[l] = (real)(products.of[l] / (double)pixels);
    }
    for (size_t l = 0; l < lanes; l++) {
        d_shift[c + l] += (real)sums.of[l];
        d_scale[c + l] += (real)products.of[l];
    }
    const simd_real factor = scale * inverse, slope = inverse * scale_share;
    for (size_t p = 0; p < pixels; p++) {
        simd_real x, gradient;
        simd_load(&x, input + p * channels + c, lanes);
        simd_load(&gradient, d_output + p * channels + c, lanes);
        gradient = factor * (gradient - shift_share - (x - mean) * slope);
        simd_store(d_input + p * channels + c, &gradient, lanes);
    }
}

SIMD_CLONES
void batch_norm_backward(const struct batch_norm *layer, size_t pixels, const real *input,
                         const real *output, real *d_output, real *d_input, real *d_scale,
                         real *d_shift) {
    size_t c = 0;
    for (; c + SIMD_WIDTH <= layer->channels; c += SIMD_WIDTH) {
        backward_of(layer, SIMD_WIDTH, c, pixels, input, output, d_output, d_input, d_scale,
                    d_shift);
    }
    if (c < layer->channels) {
        backward_of(layer, layer->channels - c, c, pixels, input, output, d_output, d_input,
                    d_scale, d_shift);
    }
}

void batch_norm_fold(const struct batch_norm *layer, size_t channel, real *factor, real *bias) {
    const double inverse = 1 / sqrt((double)layer->variance[channel] + EPSILON);
    const double by = (double)layer->scale[channel] * inverse;
    *factor = (real)by;
    *bias = (real)((double)layer->shift[channel] - (double)layer->mean[channel] * by);
}
