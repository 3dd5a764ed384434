#include "infer/depthwise.h"

#include <math.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums and inputs fit the registers of AVX-512 (elsewhere their
 * sums and a row of taps), and there are enough of them to hide the latency of additions. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 6 };
enum { TILE_WIDE = 7, TILE_MOST = 7, WINDOW_MOST = 15, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_kernel.h"
#include "base/simd_instances.h"

#ifdef SIMD_X86
/* Numbers of 16 bits: AVX-512 takes pairs of panels, AVX2 one that is left. */
static void by_pairs(void (*pairs)(const struct depthwise *), void (*one)(const struct depthwise *),
                     struct depthwise strip) {
    const size_t left = strip.channels % avx512_short_count, most = strip.channels - left;
    strip.channels = most;
    if (most) pairs(&strip);
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
    one(&strip);
}

static void wide_by_pairs(const struct depthwise *strip) {
    by_pairs(avx512_strip_wide, avx2_strip_wide, *strip);
}

static void bytes_by_pairs(const struct depthwise *strip) {
    by_pairs(avx512_strip_bytes, avx2_strip_bytes, *strip);
}

static void bf16_by_pairs(const struct depthwise *strip) {
    by_pairs(avx512_strip_bf16, avx2_strip_bf16, *strip);
}
#endif

typedef void strip_function(const struct depthwise *strip);
static strip_function *const strips[DEPTHWISE_NUMBERS][SIMD_LEVELS] = {
    [DEPTHWISE_FLOATS] = SIMD_BY_LEVEL(strip_floats),
#ifdef SIMD_X86
    [DEPTHWISE_WIDE] = {plain_strip_wide, avx2_strip_wide, wide_by_pairs},
    [DEPTHWISE_BYTES] = {plain_strip_bytes, avx2_strip_bytes, bytes_by_pairs},
    [DEPTHWISE_BF16] = {plain_strip_bf16, avx2_strip_bf16, bf16_by_pairs}
#else
    [DEPTHWISE_WIDE] = {plain_strip_wide},
    [DEPTHWISE_BYTES] = {plain_strip_bytes},
    [DEPTHWISE_BF16] = {plain_strip_bf16}
#endif
};

int16_t depthwise_widen(size_t taps, size_t stride, const float *weight, float bias,
                        int16_t *wide_weight, int16_t *wide_bias) {
    /* (In sixths: of what the sum can be, and of the largest weight.) */
    double above = fmax(0, (double)bias / 6), below = fmax(0, -(double)bias / 6), largest = 0;
    for (size_t i = 0; i < taps; i++) {
        const double w = (double)weight[i * stride];
        if (w > 0) above += w;
        if (w < 0) below -= w;
        largest = fmax(largest, fabs(w));
    }
    /* Every product and the bias are rounded by half a step at most, weights by half of theirs. */
    const double allowed = INT16_MAX - (double)taps - 1;
    const double sum = fmax(fmax(above, below), largest); /* 0 or -0: compilers differ */
    const double most =
        sum > 0 ? fmax(1, floor(fmin(INT8_WIDE_STEPS, allowed / sum))) : INT8_WIDE_STEPS;
    const double steps = most * (INT16_MAX + 1.0) / INT16_MAX;
    double carried = 0;
    for (size_t i = 0; i < taps; i++) {
        const double exact = (double)weight[i * stride] * steps + carried;
        const double rounded = rint(fmin(INT16_MAX, fmax(INT16_MIN, exact)));
        carried = exact - rounded;
        wide_weight[i * stride] = (int16_t)rounded;
    }
    *wide_bias = (int16_t)lrint(fmin(INT16_MAX, fmax(INT16_MIN, (double)bias * most / 6)));
    return (int16_t)most;
}

void depthwise_narrow(int16_t most, int16_t *multiple, int16_t *factor) {
    *multiple = (int16_t)(INT8_STEPS / most + 1);
    *factor = (int16_t)lrint(INT8_STEPS * (INT16_MAX + 1.0) / (most * *multiple));
}

void depthwise_by(enum simd_level level, const struct depthwise *strip) {
    strips[strip->numbers][level](strip);
}

void depthwise(const struct depthwise *strip) {
    depthwise_by(simd_level(), strip);
}
