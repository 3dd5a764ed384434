/* Vectors and rows that layers and optimiser share: sums, scaling, dropout. */
#ifndef CAPTION_NN_VECTOR_H
#define CAPTION_NN_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/simd.h"

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

/* Dropout (Srivastava et al., 2014), inverted: the remaining values are scaled up, so that
 * inference does nothing.
 *
 * Draws a mask: 0 with probability `rate` (in [0, 1)), else 1. */
void dropout_draw(struct random *random, float rate, size_t count, uint8_t *mask);

/* values = values * mask / (1 - rate); forward and backward alike. */
void dropout_apply(float rate, size_t count, const uint8_t *mask, real *values);

#endif
