/* The product of a few rows with a large matrix, as each step of decoding one photo needs it: it is
 * bound by memory bandwidth, so the matrix is read once and not repacked as in a general
 * product. */
#ifndef CAPTION_NN_FEW_ROWS_H
#define CAPTION_NN_FEW_ROWS_H

#include <stddef.h>

#include "base/real.h"

enum { FEW_ROWS_MOST = 8 };

/* C (m, n) = alpha A B' + beta C with A (m, k), B (n, k), m <= FEW_ROWS_MOST; lda, ldb, ldc are the
 * row lengths. With beta 0, C is not read. */
void few_rows_product(size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
                      const real *b, size_t ldb, real beta, real *c, size_t ldc);

#endif
