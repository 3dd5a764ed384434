/* Whether a model looks at its photos: a photo's caption must become less likely when the
 * model is shown another one. A model that has learned language alone finds it as likely. */
#ifndef CAPTION_EVAL_SWAPS_H
#define CAPTION_EVAL_SWAPS_H

#include "base/threads.h"
#include "data/dataset.h"
#include "decode/decode.h"

/* Fractions of the swaps in which the log-likelihood fell; one that stays as it was has not. */
struct swaps {
    size_t count;
    double generated;  /* of the caption that the model made for the photo, as drawn */
    double references; /* of the references: the mean over the photo's captions */
};

/* Whether there are photos enough to swap: two. */
bool swaps_check(const struct dataset *dataset, size_t photo_count, caption_error *error);

/* Draws `count` pairs, at least one, of a photo and another one with a seed that is always the
 * same, and compares the log-likelihood of the first one's captions given it and given the other.
 * photos[photo_count], at least two, are indices into the data set's photos, each with at least one
 * caption, which are described in `style`; features (photo_count, F) and results[photo_count]
 * theirs. `threads` may be NULL. */
bool swaps_compute(const struct model *model, size_t style, const struct dataset *dataset,
                   const size_t *photos, size_t photo_count, const real *features,
                   const struct decode_result *results, size_t count, struct threads *threads,
                   struct swaps *out, caption_error *error);

#endif
