#include "infer/depthwise.h"

#include <math.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums and inputs fit the registers of AVX-512 (elsewhere their
 * sums and a row of taps), and there are enough of them to hide the latency of additions. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 6 };
enum { TILE_WIDE = 7, TILE_MOST = 7, WINDOW_MOST = 15, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise *strip);

#ifdef SIMD_X86
/* Whole numbers: AVX-512 takes pairs of panels, AVX2 one that is left. */
static void avx512_strip_whole(const struct depthwise *whole) {
    static strip_function *const pairs[] = {[DEPTHWISE_WIDE] = avx512_strip_wide,
                                            [DEPTHWISE_BYTES] = avx512_strip_bytes,
                                            [DEPTHWISE_BF16] = avx512_strip_bf16};
    static strip_function *const one[] = {[DEPTHWISE_WIDE] = avx2_strip_wide,
                                          [DEPTHWISE_BYTES] = avx2_strip_bytes,
                                          [DEPTHWISE_BF16] = avx2_strip_bf16};
    struct depthwise strip = *whole;
    const size_t left = strip.channels % avx512_short_count, most = strip.channels - left;
    strip.channels = most;
    if (most) pairs[strip.numbers](&strip);
    if (!left) return;
    strip.channels = left;
    strip.input = (const int16_t *)strip.input + most;
    strip.weight = (const int16_t *)strip.weight + most;
    strip.bias = (const int16_t *)strip.bias + most;
    strip.most += most;
    if (strip.factor) {
        strip.multiple += most;
        strip.factor += most;
    }
    strip.output = (uint8_t *)strip.output + most * (strip.factor ? 1 : sizeof(int16_t));
    one[strip.numbers](&strip);
}
#endif

static strip_function *const strips[DEPTHWISE_NUMBERS][SIMD_LEVELS] = {
    [DEPTHWISE_FLOATS] = SIMD_BY_LEVEL(strip_floats),
#ifdef SIMD_X86
    [DEPTHWISE_WIDE] = {plain_strip_wide, avx2_strip_wide, avx512_strip_whole},
    [DEPTHWISE_BYTES] = {plain_strip_bytes, avx2_strip_bytes, avx512_strip_whole},
    [DEPTHWISE_BF16] = {plain_strip_bf16, avx2_strip_bf16, avx512_strip_whole}
#else
    [DEPTHWISE_WIDE] = {plain_strip_wide},
    [DEPTHWISE_BYTES] = {plain_strip_bytes},
    [DEPTHWISE_BF16] = {plain_strip_bf16}
#endif
};

SIMD_INLINE double lesser(double a, double b) {
    return a < b ? a : b;
}

SIMD_INLINE double greater(double a, double b) {
    return a > b ? a : b;
}

/* To nearest, between -2^15 (which is also what no number becomes) and 2^15 - 1: not all processors
 * have an instruction for it, but beside 3 * 2^51 a double keeps no digits after the point. */
SIMD_INLINE double rounded(double x) {
    const double large = 0x1.8p52;
    return lesser(greater(x, INT16_MIN), INT16_MAX) + large - large;
}

/* A panel of channels side by side, since each weight of one depends on the one before. */
SIMD_KERNEL(static, void, widen_panel,
            (size_t taps, size_t channels, const float *weight, const float *bias,
             const struct depthwise_wide *wide),
            (taps, channels, weight, bias, wide)) {
    enum { PANEL = DEPTHWISE_CHANNELS };
    /* (In sixths: of what the sum can be, and of the largest weight.) */
    double above[PANEL], below[PANEL], largest[PANEL] = {0}, steps[PANEL], carried[PANEL] = {0};
    for (size_t c = 0; c < PANEL; c++) {
        above[c] = greater(0, (double)bias[c] / 6);
        below[c] = greater(0, -(double)bias[c] / 6);
    }
    for (size_t i = 0; i < taps; i++) {
        for (size_t c = 0; c < PANEL; c++) {
            const double w = (double)weight[i * channels + c], size = greater(w, -w);
            above[c] += greater(0, w);
            below[c] += greater(0, -w);
            largest[c] = greater(largest[c], size);
        }
    }
    /* Every product and the bias are rounded by half a step at most, weights by half of theirs.
     * Where not even one step is allowed, `most` is that one: any sum that is above 0 is 6. */
    const double allowed = INT16_MAX - (double)taps - 1;
    for (size_t c = 0; c < PANEL; c++) {
        const double sum = greater(greater(above[c], below[c]), largest[c]);
        const double fit = sum > 0 ? lesser(INT16_STEPS, allowed / sum) : INT16_STEPS;
        const double most = fit < 1 ? fit : (int)fit;
        wide->most[c] = (int16_t)greater(most, 1);
        wide->bias[c] = (int16_t)rounded((double)bias[c] * most / 6);
        /* (A float, so that products with weights are exact, whether or not an instruction adds to
         * them: weights are the same on all processors.) */
        steps[c] = (double)(float)(most * (INT16_MAX + 1.0) / INT16_MAX);
    }
    for (size_t i = 0; i < taps; i++) {
        for (size_t c = 0; c < PANEL; c++) {
            const double exact = (double)weight[i * channels + c] * steps[c] + carried[c];
            const double number = rounded(exact);
            carried[c] = exact - number;
            wide->weight[i * channels + c] = (int16_t)number;
        }
    }
}

void depthwise_widen(size_t taps, size_t channels, const float *weight, const float *bias,
                     const struct depthwise_wide *wide) {
    for (size_t c = 0; c < channels; c += DEPTHWISE_CHANNELS) {
        const struct depthwise_wide panel = {wide->most + c, wide->bias + c, wide->weight + c};
        widen_panel(taps, channels, weight + c, bias + c, &panel);
    }
}

void depthwise_to_bytes(int16_t most, int16_t *multiple, int16_t *factor) {
    *multiple = (int16_t)(INT8_STEPS / most + 1);
    *factor = (int16_t)lrint(INT8_STEPS * (INT16_MAX + 1.0) / (most * *multiple));
}

void depthwise_by(enum simd_level level, const struct depthwise *strip) {
    strips[strip->numbers][level](strip);
}

void depthwise(const struct depthwise *strip) {
    depthwise_by(simd_level(), strip);
}
