/* Matrix products: the one file that knows BLAS. All matrices are row-major and dense unless a
 * leading dimension says otherwise. */
#ifndef CAPTION_NN_BLAS_H
#define CAPTION_NN_BLAS_H

#include <stddef.h>

#include "base/error.h"
#include "nn/real.h"

enum blas_transpose { BLAS_PLAIN, BLAS_TRANSPOSED };

/* C (m, n) = alpha op(A) op(B) + beta C with op(A) (m, k) and op(B) (k, n); lda, ldb, ldc are the
 * row lengths of A, B, C as they lie in memory. A product with m, n or k 0 is handled. */
void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc);

/* Loads OpenBLAS where it is not loaded yet: later than the program, because that takes as long as
 * reading a photo does and starts threads, and what captions photos has kernels of its own. Asked
 * by whoever allocates the scratch of products, so that a missing library is an error and no
 * product without one is ever begun. It then uses the calling thread only: the library divides the
 * work itself. Any number of threads may call it at once. */
bool blas_load(caption_error *error);

/* Makes OpenBLAS take the buffers of so many threads that multiply at once. Where there is no
 * memory for one, as under `ulimit -v`, it would ask for it again for ever; here that is an error
 * with the bytes that are needed. To be called before the threads begin. */
bool blas_reserve(size_t threads, caption_error *error);

#endif
