/* Matrix products: by OpenBLAS, which blas.c alone uses, or in plain C in a build with
 * -DCAPTION_BLAS=none. All matrices are row-major and dense unless a leading dimension is another.
 */
#ifndef CAPTION_NN_BLAS_H
#define CAPTION_NN_BLAS_H

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

/* The matrix product in plain C, for builds without OpenBLAS. It is blocked for the cache and
 * vectorised by the compiler. On one thread, as all products of this library.
 *
 * A matrix as it is used: element (i, j) is at values[i * row + j * column]. A transposed one has
 * column > 1. */
struct product_view {
    const real *values;
    size_t row, column;
};

/* C (m, n) = alpha A B + beta C with A (m, k) and B (k, n); the rows of C are ldc apart. With beta
 * 0 C is not read. An element of C is the same whatever rows and columns are computed with it.
 * Needs 36 KiB of stack (70 in double), allocates nothing. */
void plain_product(size_t m, size_t n, size_t k, real alpha, struct product_view a,
                   struct product_view b, real beta, real *c, size_t ldc);

#endif
