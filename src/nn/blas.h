/* Matrix products: by OpenBLAS, which blas.c alone uses, or by product.c in a build with
 * -DCAPTION_BLAS=none. All matrices are row-major and dense unless a leading dimension is another.
 */
#ifndef CAPTION_NN_BLAS_H
#define CAPTION_NN_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/simd.h"

enum blas_transpose { BLAS_PLAIN, BLAS_TRANSPOSED };

/* C (m, n) = alpha op(A) op(B) + beta C with op(A) (m, k) and op(B) (k, n); lda, ldb, ldc are the
 * row lengths of A, B, C as they lie in memory. A product with m, n or k 0 is handled. */
void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc);

/* Loads OpenBLAS if it is not loaded yet. It is not loaded at program start, because loading takes
 * as long as reading a photo and starts threads, and inference has its own kernels. Functions that
 * allocate scratch for products call this, so that a missing library is an error before the first
 * product. OpenBLAS then uses the calling thread only: this library divides the work itself.
 * Thread-safe. Without OpenBLAS, this and blas_reserve do nothing and succeed. */
bool blas_load(caption_error *error);

/* Makes OpenBLAS allocate its buffers for `threads` concurrent products. Without memory for one, as
 * under `ulimit -v`, OpenBLAS retries for ever; here that is an error with the bytes needed. Call
 * it before the threads start. */
bool blas_reserve(size_t threads, caption_error *error);

/* The product of a few rows with a large matrix, as each step of decoding one photo needs it: it is
 * bound by memory bandwidth, so the matrix is read once and not repacked as in a general
 * product. */
enum { FEW_ROWS_MOST = 8 };

/* C (m, n) = alpha A B' + beta C with A (m, k), B (n, k), m <= FEW_ROWS_MOST; lda, ldb, ldc are the
 * row lengths. With beta 0, C is not read. */
void few_rows_product(size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
                      const real *b, size_t ldb, real beta, real *c, size_t ldc);

/* This library's own product, on one thread as all of them: blocked for the caches, with sums in
 * registers, allocating nothing (40 KiB of stack, 70 in double). For builds without OpenBLAS, and
 * for the convolutions, whose bias and ReLU6 it applies in the store.
 *
 * A matrix as it is used: element (i, j) is at values[i * row + j * column], where one of the two
 * is 1. */
struct product_view {
    const real *values;
    size_t row, column;
};

/* C (m, n) = alpha A B + beta C, A (m, k) on the left and B (k, n) on the right. With beta 0 C is
 * not read. An element of C is the same whatever rows and columns are computed with it. */
struct product {
    size_t m, n, k;
    struct product_view left, right;
    real alpha, beta;
    const real *bias;     /* (n): every row begins with it, in place of beta C; NULL: none */
    const real *residual; /* (m, n), added, its rows as far apart as those of C; NULL: none */
    bool relu6;           /* at last max(0, min(6, x)) */
    real *output;         /* C */
    size_t row;           /* from row to row of it */
};
void product(const struct product *p);

/* With a given instruction set, which this processor must have; for tests. */
void product_by(enum simd_level level, const struct product *p);

#endif
