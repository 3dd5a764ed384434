/* bfloat16 (the upper half of a float), number by number. */
#ifndef CAPTION_NN_BFLOAT16_H
#define CAPTION_NN_BFLOAT16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clones.h"

typedef uint16_t bfloat16;

SIMD_INLINE float bfloat16_to_float(bfloat16 number) {
    const uint32_t bits = (uint32_t)number << 16;
    float wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

/* To nearest, ties to even; as the processor does it, which takes subnormal numbers for zero.
 * `number` is finite. */
SIMD_INLINE bfloat16 bfloat16_from_float(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    if ((bits & 0x7f800000U) == 0) return (bfloat16)(bits >> 16 & 0x8000U);
    return (bfloat16)((bits + 0x7fffU + (bits >> 16 & 1)) >> 16);
}

/* out[count], the same. */
void bfloat16_from_floats(const float *numbers, size_t count, bfloat16 *out);

#endif
