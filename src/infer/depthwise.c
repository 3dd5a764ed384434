#include "infer/depthwise.h"

#include <math.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums and inputs fit the registers of AVX-512 (elsewhere their
 * sums and a row of taps), and there are enough of them to hide the latency of additions. A
 * conversion of low-precision inputs takes registers, too. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 6, TILE_STRIDE_2_LOW = 4 };
enum { TILE_WIDE = 7, TILE_MOST = 7, WINDOW_MOST = 15, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise *strip);
static strip_function *const strips[DEPTHWISE_NUMBERS][SIMD_LEVELS] = {
    [DEPTHWISE_FLOATS] = SIMD_BY_LEVEL(strip_floats),
    [DEPTHWISE_BF16] = SIMD_BY_LEVEL(strip_bf16),
    [DEPTHWISE_BYTES] = SIMD_BY_LEVEL(strip_bytes),
#ifdef SIMD_X86
    [DEPTHWISE_WIDE] = {plain_strip_wide, avx2_strip_wide, avx2_strip_wide}
#else
    [DEPTHWISE_WIDE] = {plain_strip_wide}
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

void depthwise_by(enum simd_level level, const struct depthwise *strip) {
    strips[strip->numbers][level](strip);
}

void depthwise(const struct depthwise *strip) {
    depthwise_by(simd_level(), strip);
}
