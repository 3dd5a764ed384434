#include "nn/vector.h"

#include <string.h>

#include "base/simd.h"

SIMD_KERNEL(static, void, add, (size_t count, const real *restrict x, real *restrict y),
            (count, x, y)) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

void vector_add(size_t count, const real *x, real *y) {
    add(count, x, y);
}

SIMD_KERNEL(static, void, add_scaled,
            (size_t count, real scale, const real *restrict x, real *restrict y),
            (count, scale, x, y)) {
    for (size_t i = 0; i < count; i++) y[i] += scale * x[i];
}

void vector_add_rows(size_t rows, size_t columns, real scale, const real *matrix, real *sums) {
    for (size_t i = 0; i < rows; i++) add_scaled(columns, scale, matrix + i * columns, sums);
}

void vector_set_rows(size_t rows, size_t columns, const real *row, real *matrix, size_t leading) {
    for (size_t i = 0; i < rows; i++) memcpy(matrix + i * leading, row, columns * sizeof *row);
}

SIMD_KERNEL(static, void, blend,
            (size_t count, real decay, const real *restrict x, real *restrict y),
            (count, decay, x, y)) {
    for (size_t i = 0; i < count; i++) y[i] += (1 - decay) * (x[i] - y[i]);
}

void vector_blend(size_t count, real decay, const real *x, real *y) {
    blend(count, decay, x, y);
}

SIMD_KERNEL(static, double, square_sum, (size_t count, const real *x), (count, x)) {
    enum { LANES = 8 };
    double lanes[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) lanes[l] += (double)x[i + l] * (double)x[i + l];
    }
    for (; i < count; i++) sum += (double)x[i] * (double)x[i];
    for (size_t l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

double vector_square_sum(size_t count, const real *x) {
    return square_sum(count, x);
}

SIMD_KERNEL(static, void, scale_all, (size_t count, real factor, real *x), (count, factor, x)) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

void vector_scale(size_t count, real factor, real *x) {
    scale_all(count, factor, x);
}

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
