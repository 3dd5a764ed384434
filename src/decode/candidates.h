/* The best few of very many: a bounded selection in which the vocabulary is never sorted. */
#ifndef CAPTION_DECODE_CANDIDATES_H
#define CAPTION_DECODE_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

/* A word that may follow hypothesis number `parent`. */
struct candidate {
    double logprob;
    uint32_t word;
    uint32_t parent;
};

/* Until sorted, a binary heap with the worst candidate first. */
struct candidates {
    struct candidate *items; /* [capacity] */
    size_t count, capacity;  /* capacity at least 1 */
};

/* Offers every word of a row whose logit is not -INFINITY, with log-probability base + logit. The
 * best `capacity` of all that were offered stay; equal ones rank by lower word, then lower parent.
 */
void candidates_offer(struct candidates *candidates, const real *logits, size_t words, double base,
                      uint32_t parent);

/* Orders them best first. Nothing can be offered afterwards until count is set to 0. */
void candidates_sort(struct candidates *candidates);

#endif
