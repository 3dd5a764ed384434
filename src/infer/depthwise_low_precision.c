#include "infer/depthwise_low_precision.h"

#include <math.h>
#include <stdbool.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums, a row of taps and an input fit in registers. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 4, TILE_MOST = 7, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_low_precision_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise_low_precision *strip);
static strip_function *const strips_bf16[SIMD_LEVELS] = SIMD_BY_LEVEL(strip_bf16);
static strip_function *const strips_int8[SIMD_LEVELS] = SIMD_BY_LEVEL(strip_int8);

void depthwise_low_precision_by(enum simd_level level,
                                const struct depthwise_low_precision *strip) {
    (strip->precision == PRECISION_BF16 ? strips_bf16 : strips_int8)[level](strip);
}

void depthwise_low_precision(const struct depthwise_low_precision *strip) {
    depthwise_low_precision_by(simd_level(), strip);
}
