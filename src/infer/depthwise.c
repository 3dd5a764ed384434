#include "infer/depthwise.h"

#include <math.h>

#include "infer/low_precision.h"

/* Columns computed together: their sums and inputs fit the registers of AVX-512 (elsewhere their
 * sums and a row of taps), and there are enough of them to hide the latency of additions. A
 * conversion of low-precision inputs takes registers, too. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 6, TILE_STRIDE_2_LOW = 4 };
enum { TILE_MOST = 7, WINDOW_MOST = 15, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise *strip);
static strip_function *const strips[DEPTHWISE_NUMBERS][SIMD_LEVELS] = {
    [DEPTHWISE_FLOATS] = SIMD_BY_LEVEL(strip_floats),
    [DEPTHWISE_BF16] = SIMD_BY_LEVEL(strip_bf16),
    [DEPTHWISE_BYTES] = SIMD_BY_LEVEL(strip_bytes),
    [DEPTHWISE_WIDE] = SIMD_BY_LEVEL(strip_wide)};

void depthwise_by(enum simd_level level, const struct depthwise *strip) {
    strips[strip->numbers][level](strip);
}

void depthwise(const struct depthwise *strip) {
    depthwise_by(simd_level(), strip);
}
