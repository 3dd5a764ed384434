/* Linear regression from many inputs, few of which are not 0 in a row, to many outputs, with a
 * penalty on the squares of its weights (Hoerl and Kennard, Ridge regression, 1970); the intercept
 * goes free. The normal equations are solved by conjugate gradients (Hestenes and Stiefel, 1952).
 */
#ifndef CAPTION_TRAIN_RIDGE_H
#define CAPTION_TRAIN_RIDGE_H

#include "base/error.h"
#include "base/threads.h"

struct ridge;

/* For at most `rows` rows of `inputs` inputs (K) and `outputs` outputs (F). NULL with `error` set
 * when memory is short or there is no BLAS. */
struct ridge *ridge_new(size_t rows, size_t inputs, size_t outputs, float penalty,
                        caption_error *error);
void ridge_free(struct ridge *ridge);

/* The next row: its outputs are `scale` times `outputs` (F,), which must stay. */
void ridge_row_begin(struct ridge *ridge, const float *outputs, float scale);

/* An input of the last row that is not 0; each once. */
bool ridge_row_add(struct ridge *ridge, size_t input, float value, caption_error *error);

/* What all rows say: weights (K, F) and intercept (F,). The same for any number of threads. */
bool ridge_solve(const struct ridge *ridge, struct threads *threads, float *weights,
                 float *intercept, caption_error *error);

/* What is left of each row's outputs, residuals (rows, F), when what the rows of all other parts
 * say is taken off: row i is in part i % parts. */
bool ridge_residuals(const struct ridge *ridge, size_t parts, struct threads *threads,
                     float *residuals, caption_error *error);

#endif
