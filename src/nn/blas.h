/* Matrix products: by OpenBLAS in blas.c, the only file that uses it; by plain_product.h in
 * blas_none.c, which a build with -DCAPTION_BLAS=none takes in its place. All matrices are
 * row-major and dense unless a leading dimension is another. */
#ifndef CAPTION_NN_BLAS_H
#define CAPTION_NN_BLAS_H

#include <stddef.h>

#include "base/error.h"
#include "base/real.h"

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

#endif
