#include "infer/depthwise_strip.h"

/* Columns computed together: their sums and inputs fit the registers of AVX-512 (elsewhere their
 * sums and a row of taps), and there are enough of them to hide the latency of additions. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 6, TILE_MOST = 7, WINDOW_MOST = 15, KERNEL_MOST = 5 };

#define KERNEL_FILE "infer/depthwise_kernel.h"
#include "base/simd_instances.h"

typedef void strip_function(const struct depthwise_strip *strip);
static strip_function *const strips[SIMD_LEVELS] = SIMD_BY_LEVEL(strip);

void depthwise_strip_by(enum simd_level level, const struct depthwise_strip *strip) {
    strips[level](strip);
}

void depthwise_strip(const struct depthwise_strip *strip) {
    depthwise_strip_by(simd_level(), strip);
}
