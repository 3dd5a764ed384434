/* Scores of captions against references, equal to those of the reference scorers of MS COCO caption
 * evaluation (coco-caption): BLEU (Papineni et al., 2002), ROUGE-L (Lin, 2004), CIDEr-D (Vedantam
 * et al., 2015). metrics.c computes each. */
#ifndef CAPTION_EVAL_SCORES_H
#define CAPTION_EVAL_SCORES_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "data/dataset.h"
#include "text/tokenizer.h"

/* One photo's caption and its references, in words. Nothing is owned. */
struct scores_item {
    const struct tokens *candidate;
    const struct tokens *references; /* [reference_count], at least one */
    size_t reference_count;
};

/* Fractions, as the reference scorers give them. */
struct scores {
    double bleu[4]; /* BLEU-1 .. BLEU-4 */
    double rouge_l;
    double cider;
};

/* Scores a corpus. `per_photo` (NULL or [count]) takes each photo's own scores; CIDEr weighs words
 * by the whole corpus there too. No item at all, or one without a reference, is an error. An empty
 * candidate or reference is not. Same items, same scores, bit for bit. */
bool scores_compute(const struct scores_item *items, size_t count, struct scores *corpus,
                    struct scores *per_photo, caption_error *error);

/* Scores as JSON, with the names that papers and coco-caption use. */

/* {"BLEU-1": ..., "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr"} in fractions; NULL when memory
 * is short. Freed with cJSON_Delete. */
cJSON *scores_json(const struct scores *scores, caption_error *error);

/* The scores of one caption for each of some photos of a data set. */

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

/* Captions made elsewhere, matched to the photos of a data set.
 *
 * Read are a JSON array, as coco-caption and neuraltalk2 write it, JSON Lines and tables
 * (data/table.h), as `caption` writes them: rows of a photo and its "caption". The photo is the
 * first of the data sets' own names for it (rows_photo_key of data/formats.h), or "image_id". A
 * number is a photo's id; a string its id, its name, a path that ends in its name, or in its file
 * name if no other photo has the same. */

/* Reads the captions of the photos[photo_count] (indices into dataset->photos, none twice) into
 * candidates[photo_count], tokenized; each is freed with tokens_free. A row of another photo of the
 * data set is passed over. Photos whose row has an "error" in place of a caption are removed from
 * the list, which keeps its order; such rows of other photos are passed over. A row of no photo of
 * the data set, or of a photo that had one, photos without a row, and no caption at all are errors
 * that name them; on failure there is nothing to free. */
bool results_read(const char *path, const struct dataset *dataset, size_t *photos,
                  size_t *photo_count, struct tokens *candidates, caption_error *error);

#endif
