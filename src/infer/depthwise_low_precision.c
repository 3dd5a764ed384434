#include "infer/depthwise_low_precision.h"

#include <math.h>
#include <stdbool.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums, a row of taps and an input fit in registers. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 4, TILE_MOST = 7, KERNEL_MOST = 5 };

/* How a number is stored. */
enum low_precision_numbers { NUMBERS_BF16, NUMBERS_BYTES, NUMBERS_WIDE };

#define KERNEL_FILE "infer/depthwise_low_precision_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise_low_precision *strip);
static strip_function *const strips_bf16[SIMD_LEVELS] = SIMD_BY_LEVEL(strip_bf16);
static strip_function *const strips_bytes[SIMD_LEVELS] = SIMD_BY_LEVEL(strip_bytes);
static strip_function *const strips_wide[SIMD_LEVELS] = SIMD_BY_LEVEL(strip_wide);

void depthwise_low_precision_by(enum simd_level level,
                                const struct depthwise_low_precision *strip) {
    strip_function *const *strips = strip->bytes == 1 ? strips_bytes : strips_wide;
    if (strip->precision == PRECISION_BF16) strips = strips_bf16;
    strips[level](strip);
}

void depthwise_low_precision(const struct depthwise_low_precision *strip) {
    depthwise_low_precision_by(simd_level(), strip);
}
