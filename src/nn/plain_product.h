/* The matrix product in plain C, for builds without OpenBLAS. It is blocked for the cache and
 * vectorised by the compiler. On one thread, as all products of this library. */
#ifndef CAPTION_NN_PLAIN_PRODUCT_H
#define CAPTION_NN_PLAIN_PRODUCT_H

#include <stddef.h>

#include "base/real.h"

/* A matrix as it is used: element (i, j) is at values[i * row + j * column]. A transposed one has
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
