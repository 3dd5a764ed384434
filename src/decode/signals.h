/* The signals of a finished caption from which the confidence is computed: see model/confidence.h.
 */
#ifndef CAPTION_DECODE_SIGNALS_H
#define CAPTION_DECODE_SIGNALS_H

#include "decode/plan.h"

/* rarity[word] = -log(share of all words that were counted) for words of content, 0 for the others.
 * bases and rarity are (vocabulary->count). */
void signals_rarity(const struct vocabulary *vocabulary, const uint32_t *bases, double *rarity);

/* Sets the signals of all captions of `count` photos and, from these, their confidence. logits
 * (count, K) are those of the word head, as they are. */
void signals_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                       struct decode_result *results);

#endif
