/* Whether a model looks at its photos: a photo's caption must become less likely when the
 * model is shown another one. A model that has learned language alone finds it as likely. */
#ifndef CAPTION_EVAL_SWAPS_H
#define CAPTION_EVAL_SWAPS_H

#include "eval/perplexity.h"

/* Fractions of the swaps in which the log-likelihood fell; one that stays as it was has not. */
struct swaps {
    size_t count;
    double generated;  /* of the caption that the model made for the photo, as drawn */
    double references; /* of the references: the mean over the photo's captions */
};

/* Whether there are photos enough to swap: two. */
bool swaps_check(const struct dataset_selection *photos, caption_error *error);

/* Draws `count` pairs, at least one, of a photo and another one with a seed that is always the
 * same, and compares the log-likelihood of the first one's captions given it and given the other.
 * The photos are those of the references, at least two, each with at least one caption, and
 * results[references->photos]. */
bool swaps_compute(const struct likelihood_scorer *scorer, const struct reference_words *references,
                   const struct decode_result *results, size_t count, struct swaps *out,
                   caption_error *error);

#endif
