#include "infer/low_precision.h"

#include <math.h>

#include "base/simd_level.h"

/* Space after the bytes: a range, and padding that aligns rows to 16. */
enum { RANGE_BYTES = 16 };

#define KERNEL_FILE "infer/low_precision_kernel.h"
#include "base/simd_instances.h"

typedef void bf16_function(const float *numbers, size_t count, uint16_t *out);
typedef struct int8_range range_function(const float *numbers, size_t count);
typedef void quantise_function(const struct int8_range *range, const float *numbers, size_t count,
                               void *out);
static bf16_function *const bf16_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(round_bf16);
static range_function *const range_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(range);
static quantise_function *const bytes_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(to_bytes);
typedef void line_function(const float *line, size_t pixels, size_t channels, uint8_t *out);
#ifdef SIMD_X86
static line_function *const wide_by_level[SIMD_LEVELS] = {plain_wide_line, avx2_wide_line,
                                                          avx2_wide_line};
#else
static line_function *const wide_by_level[SIMD_LEVELS] = {plain_wide_line};
#endif

size_t low_precision_bytes(enum precision precision) {
    return precision == PRECISION_INT8 && simd_multiplies_bytes() ? 1 : 2;
}

size_t int8_range_at(size_t channels) {
    return channels * low_precision_bytes(PRECISION_INT8);
}

size_t low_precision_row_bytes(enum precision precision, size_t channels) {
    return precision == PRECISION_BF16 ? channels * sizeof(uint16_t)
                                       : int8_range_at(channels) + RANGE_BYTES;
}

void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows) {
    const enum simd_level level = simd_level();
    if (precision == PRECISION_BF16) {
        bf16_by_level[level](line, pixels * channels, rows);
        return;
    }
    if (low_precision_bytes(precision) == 2) {
        wide_by_level[level](line, pixels, channels, rows);
        return;
    }
    const struct int8_range range = range_by_level[level](line, pixels * channels);
    quantise_function *quantise = bytes_by_level[level];
    const size_t range_at = int8_range_at(channels);
    uint8_t *row = rows;
    for (size_t i = 0; i < pixels; i++, row += range_at + RANGE_BYTES) {
        quantise(&range, line + i * channels, channels, row);
        memcpy(row + range_at, &range, sizeof range);
    }
}

/* AMD Zen 4 issues products of bfloat16 pairs as often as products of floats. Intel Sapphire
 * Rapids issues a quarter as many, which makes bfloat16 products take twice as long as float
 * products. */
static bool pairs_pay(void) {
#ifdef SIMD_X86
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

enum precision precision_best(void) {
    return simd_has_bf16() && pairs_pay() ? PRECISION_BF16 : PRECISION_F32;
}
