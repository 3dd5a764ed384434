/* Softmax and cross entropy with label smoothing (Szegedy et al., 2016), fused: the gradient
 * replaces the logits. */
#ifndef CAPTION_NN_SOFTMAX_H
#define CAPTION_NN_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

/* For each of n rows of logits (n, classes) with its target: replaces the row by the derivative of
 * the smoothed cross entropy, p - (1 - smoothing) [target] - smoothing / classes. Returns the sum
 * of the negative log likelihoods without smoothing. */
double softmax_cross_entropy(size_t n, size_t classes, real *logits, const int32_t *targets,
                             real smoothing);

/* Replaces a row of logits by its distribution. */
void softmax_distribution(size_t classes, real *row);

/* The normaliser of a softmax, for log-probabilities of a few words without changing the logits:
 * log p(word) = logits[word] - logsoftmax_normaliser(logits, words). */

/* log(sum(exp(logits))) of `count` >= 1 numbers, taken about their maximum so that it cannot
 * overflow. Not finite when a logit is not. */
double logsoftmax_normaliser(const real *logits, size_t count);

#endif
