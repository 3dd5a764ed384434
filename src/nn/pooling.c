#include "nn/pooling.h"

#include "base/simd.h"

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
