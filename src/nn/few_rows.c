#include "nn/few_rows.h"

#include "base/simd.h"

SIMD_INLINE real lanes_sum(const simd_real *lanes) {
    simd_real v = *lanes;
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* One row of B against all rows of A; m is a constant where this is inlined, so that the sums stay
 * in registers. */
SIMD_INLINE void one_column(size_t m, size_t k, const real *a, size_t lda, const real *b,
                            real *sums) {
    simd_real partial[FEW_ROWS_MOST] = {{0}};
    size_t j = 0;
    for (; j + SIMD_WIDTH <= k; j += SIMD_WIDTH) {
        simd_real right;
        SIMD_LOAD(right, b + j);
        for (size_t i = 0; i < m; i++) {
            simd_real left;
            SIMD_LOAD(left, a + i * lda + j);
            partial[i] += left * right;
        }
    }
    for (size_t i = 0; i < m; i++) {
        sums[i] = lanes_sum(&partial[i]);
        for (size_t rest = j; rest < k; rest++) sums[i] += a[i * lda + rest] * b[rest];
    }
}

SIMD_INLINE void product(size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
                         const real *b, size_t ldb, real beta, real *c, size_t ldc) {
    for (size_t column = 0; column < n; column++) {
        real sums[FEW_ROWS_MOST];
        one_column(m, k, a, lda, b + column * ldb, sums);
        for (size_t i = 0; i < m; i++) {
            real *out = c + i * ldc + column;
            *out = alpha * sums[i] + (beta == 0 ? 0 : beta * *out);
        }
    }
}

SIMD_KERNEL(extern, void, few_rows_product,
            (size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda, const real *b,
             size_t ldb, real beta, real *c, size_t ldc),
            (m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)) {
#define CASE(rows)                                                                                 \
    case rows:                                                                                     \
        product(rows, n, k, alpha, a, lda, b, ldb, beta, c, ldc);                                  \
        break
    switch (m) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
    default:
        break;
    }
#undef CASE
}
