/* The normaliser of a softmax, for log-probabilities of a few words without changing the logits:
 * log p(word) = logits[word] - logsoftmax_normaliser(logits, words). */
#ifndef CAPTION_NN_LOGSOFTMAX_H
#define CAPTION_NN_LOGSOFTMAX_H

#include <stddef.h>

#include "base/real.h"

/* log(sum(exp(logits))) of `count` >= 1 numbers, taken about their maximum so that it cannot
 * overflow. Not finite when a logit is not. */
double logsoftmax_normaliser(const real *logits, size_t count);

#endif
