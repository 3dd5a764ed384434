/* Linear regression from many sparse inputs to many outputs, with a penalty on the squares of its
 * weights (Hoerl and Kennard, Ridge regression, 1970); the intercept is not penalised. The normal
 * equations are solved by conjugate gradients (Hestenes and Stiefel, 1952).
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

/* The next row: its outputs are `scale` times `outputs` (F,), which must stay valid. */
void ridge_row_begin(struct ridge *ridge, const float *outputs, float scale);

/* Adds a nonzero input to the last row; each input at most once. */
bool ridge_row_add(struct ridge *ridge, size_t input, float value, caption_error *error);

/* Fits all rows: weights (K, F) and intercept (F,). The same for any number of threads. */
bool ridge_solve(const struct ridge *ridge, struct threads *threads, float *weights,
                 float *intercept, caption_error *error);

/* Cross-fitted residuals (rows, F): each row's outputs minus the prediction of a fit to all other
 * parts. Row i is in part i % parts. */
bool ridge_residuals(const struct ridge *ridge, size_t parts, struct threads *threads,
                     float *residuals, caption_error *error);

#endif
