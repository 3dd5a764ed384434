/* The scores of one caption for each of some photos of a data set. */
#ifndef CAPTION_EVAL_PHOTO_SCORES_H
#define CAPTION_EVAL_PHOTO_SCORES_H

#include "data/dataset.h"
#include "eval/scores.h"
#include "text/tokenizer.h"

/* Whether every photo has captions to score by; the error names the first that has none.
 * photos[count] are indices into the data set's photos. */
bool photo_scores_check(const struct dataset *dataset, const size_t *photos, size_t count,
                        caption_error *error);

/* Scores candidates[count], candidates[i] being the caption of photos[i], against the data set's
 * captions, and counts how many of them differ. ciders[count] takes each caption's own CIDEr (NULL:
 * not wanted). */
bool photo_scores_compute(const struct dataset *dataset, const size_t *photos, size_t count,
                          const struct tokens *candidates, struct scores *scores, size_t *distinct,
                          double *ciders, caption_error *error);

/* How many different sentences there are: the quickest sign of a captioner that does not look at
 * its photos. */

/* Counts the different word sequences among `captions`. */
bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error);

#endif
