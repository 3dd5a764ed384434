/* What a finished caption tells of how sure the model is: see model/confidence.h. */
#ifndef CAPTION_DECODE_SIGNALS_H
#define CAPTION_DECODE_SIGNALS_H

#include "decode/plan.h"

/* rarity[word] = -log(share of all words that were counted) for words of content, 0 for the others.
 * bases and rarity are (vocabulary->count). */
void signals_rarity(const struct vocabulary *vocabulary, const uint32_t *bases, double *rarity);

/* Sets the caption's signals and, from these and the photo's features (F,), its confidence. */
void signals_set(const struct decode_plan *plan, const real *features,
                 struct decode_caption *caption);

#endif
