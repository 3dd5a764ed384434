/* Sums over rows and vectors that layers and optimiser share. */
#ifndef CAPTION_NN_VECTOR_H
#define CAPTION_NN_VECTOR_H

#include <stddef.h>

#include "base/real.h"

/* y += x, `count` numbers. */
void vector_add(size_t count, const real *x, real *y);

/* sums (columns) += scale times the sum of the rows of matrix (rows, columns). */
void vector_add_rows(size_t rows, size_t columns, real scale, const real *matrix, real *sums);

/* Each row of matrix (rows, leading) begins with a copy of `row` (columns). */
void vector_set_rows(size_t rows, size_t columns, const real *row, real *matrix, size_t leading);

/* y = decay y + (1 - decay) x: a moving average. */
void vector_blend(size_t count, real decay, const real *x, real *y);

/* x *= factor. */
void vector_scale(size_t count, real factor, real *x);

/* Sum of squares. */
double vector_square_sum(size_t count, const real *x);

#endif
