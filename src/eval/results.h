/* Captions made elsewhere, matched to the photos of a data set.
 *
 * Read are a JSON array, as coco-caption and neuraltalk2 write it, JSON Lines and tables
 * (data/table.h), as `caption` writes them: rows of a photo and its "caption". The photo is the
 * first of the data sets' own names for it (rows_photo_key of data/formats.h), or "image_id". A
 * number is a photo's id; a string its id, its name, a path that ends in its name, or in its file
 * name if no other photo has the same. */
#ifndef CAPTION_EVAL_RESULTS_H
#define CAPTION_EVAL_RESULTS_H

#include "base/error.h"
#include "data/dataset.h"
#include "text/tokenizer.h"

/* Reads the captions of the photos[photo_count] (indices into dataset->photos, none twice) into
 * candidates[photo_count], tokenized; each is freed with tokens_free. A row of another photo of the
 * data set is passed over. Photos whose row has an "error" in place of a caption are removed from
 * the list, which keeps its order; such rows of other photos are passed over. A row of no photo of
 * the data set, or of a photo that had one, photos without a row, and no caption at all are errors
 * that name them; on failure there is nothing to free. */
bool results_read(const char *path, const struct dataset *dataset, size_t *photos,
                  size_t *photo_count, struct tokens *candidates, caption_error *error);

#endif
