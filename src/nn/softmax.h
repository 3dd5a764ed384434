/* Softmax and cross entropy with label smoothing (Szegedy et al., 2016), fused: what is left in
 * place of the logits is the gradient. */
#ifndef CAPTION_NN_SOFTMAX_H
#define CAPTION_NN_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

#include "nn/real.h"

/* For each of n rows of logits (n, classes) with its target: replaces the row by the derivative of
 * the smoothed cross entropy, p - (1 - smoothing) [target] - smoothing / classes. Returns the sum
 * of the plain negative log likelihoods. */
double softmax_cross_entropy(size_t n, size_t classes, real *logits, const int32_t *targets,
                             real smoothing);

/* A row of logits becomes its distribution. */
void softmax_distribution(size_t classes, real *row);

#endif
