#include "nn/bfloat16.h"

SIMD_CLONES
void bfloat16_from_floats(const float *numbers, size_t count, bfloat16 *out) {
    for (size_t i = 0; i < count; i++) out[i] = bfloat16_from_float(numbers[i]);
}
