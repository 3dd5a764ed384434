#include "nn/blas.h"
#include "nn/few_rows.h"
#include "nn/plain_product.h"

bool blas_load(caption_error *error) {
    (void)error;
    return true;
}

bool blas_reserve(size_t threads, caption_error *error) {
    (void)threads, (void)error;
    return true;
}

static struct product_view view(enum blas_transpose transpose, const real *values, size_t leading) {
    return transpose == BLAS_TRANSPOSED ? (struct product_view){values, 1, leading}
                                        : (struct product_view){values, leading, 1};
}

void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc) {
    if (m <= FEW_ROWS_MOST && transpose_a == BLAS_PLAIN && transpose_b == BLAS_TRANSPOSED) {
        few_rows_product(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    plain_product(m, n, k, alpha, view(transpose_a, a, lda), view(transpose_b, b, ldb), beta, c,
                  ldc);
}
