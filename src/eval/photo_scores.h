/* The scores of one caption for each of some photos of a data set. */
#ifndef CAPTION_EVAL_PHOTO_SCORES_H
#define CAPTION_EVAL_PHOTO_SCORES_H

#include "data/dataset.h"
#include "eval/scores.h"
#include "text/tokenizer.h"

/* Whether every photo has captions to score by; the error names the first that has none. */
bool photo_scores_check(const struct dataset_selection *photos, caption_error *error);

/* Scores candidates[photos->count], one caption for each photo, against the data set's captions,
 * and counts how many of them differ. ciders[photos->count] takes each caption's own CIDEr (NULL:
 * not wanted). */
bool photo_scores_compute(const struct dataset_selection *photos, const struct tokens *candidates,
                          struct scores *scores, size_t *distinct, double *ciders,
                          caption_error *error);

/* How many different sentences there are: the quickest sign of a captioner that does not look at
 * its photos. */

/* Counts the different word sequences among `captions`. */
bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error);

#endif
