#include "infer/low_precision.h"

#include <math.h>

#include "base/simd_level.h"

#define KERNEL_FILE "infer/low_precision_kernel.h"
#include "base/simd_instances.h"

typedef void bf16_function(const float *numbers, size_t count, uint16_t *out);
typedef struct int8_range range_function(const float *numbers, size_t count);
typedef void quantise_function(const struct int8_range *range, const float *numbers, size_t count,
                               uint8_t *out);
static bf16_function *const bf16_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(round_bf16);
static range_function *const range_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(range);
static quantise_function *const quantise_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(quantise);

/* Space after the bytes: a range, and padding that aligns rows to 16. */
enum { RANGE_BYTES = 16 };

size_t low_precision_row_bytes(enum precision precision, size_t channels) {
    return precision == PRECISION_BF16 ? channels * sizeof(uint16_t) : channels + RANGE_BYTES;
}

void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows) {
    const enum simd_level level = simd_level();
    if (precision == PRECISION_BF16) {
        bf16_by_level[level](line, pixels * channels, rows);
        return;
    }
    const struct int8_range range = range_by_level[level](line, pixels * channels);
    uint8_t *row = rows;
    for (size_t i = 0; i < pixels; i++) {
        quantise_by_level[level](&range, line + i * channels, channels, row);
        memcpy(row + int8_range_at(channels), &range, sizeof range);
        row += low_precision_row_bytes(precision, channels);
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
