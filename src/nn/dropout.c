#include "nn/dropout.h"

#include "base/simd.h"

void dropout_draw(struct random *random, float rate, size_t count, uint8_t *mask) {
    /* Four 16-bit numbers from each draw. */
    uint64_t threshold = (uint64_t)((double)rate * 65536.0);
    for (size_t i = 0; i < count;) {
        uint64_t bits = random_u64(random);
        for (int part = 0; part < 4 && i < count; part++, i++, bits >>= 16) {
            mask[i] = (bits & 0xffff) >= threshold;
        }
    }
}

SIMD_KERNEL(static, void, scale_by_mask,
            (real scale, size_t count, const uint8_t *restrict mask, real *restrict values),
            (scale, count, mask, values)) {
    for (size_t i = 0; i < count; i++) values[i] *= scale * (real)mask[i];
}

void dropout_apply(float rate, size_t count, const uint8_t *mask, real *values) {
    scale_by_mask((real)(1.0 / (1.0 - (double)rate)), count, mask, values);
}
