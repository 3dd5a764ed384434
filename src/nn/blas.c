#include "nn/blas.h"

#include <cblas.h>

#include "nn/few_rows.h"

#ifdef CAPTION_DOUBLE
#define BLAS_GEMM cblas_dgemm
#else
#define BLAS_GEMM cblas_sgemm
#endif

/* A product over no terms: C = beta C. As in BLAS, beta 0 overwrites whatever C held, NaN too. */
static void scale(size_t m, size_t n, real beta, real *c, size_t ldc) {
    for (size_t row = 0; row < m; row++) {
        for (size_t column = 0; column < n; column++) {
            real *value = &c[row * ldc + column];
            *value = beta == 0 ? 0 : beta * *value;
        }
    }
}

static CBLAS_TRANSPOSE operation(enum blas_transpose transpose) {
    return transpose == BLAS_TRANSPOSED ? CblasTrans : CblasNoTrans;
}

void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc) {
    if (m == 0 || n == 0) return;
    if (k == 0) {
        scale(m, n, beta, c, ldc);
        return;
    }
    if (m <= FEW_ROWS_MOST && transpose_a == BLAS_PLAIN && transpose_b == BLAS_TRANSPOSED) {
        few_rows_product(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    BLAS_GEMM(CblasRowMajor, operation(transpose_a), operation(transpose_b), (blasint)m, (blasint)n,
              (blasint)k, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

void blas_single_thread(void) {
    openblas_set_num_threads(1);
}
