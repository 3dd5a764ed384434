/* What a model tells of photos beside what their captions name: rows of all its tags, for scores
 * and for calibration. */
#ifndef CAPTION_EVAL_PHOTO_TAGS_H
#define CAPTION_EVAL_PHOTO_TAGS_H

#include "data/dataset.h"
#include "decode/decode.h"

struct photo_tags {
    size_t photos, tags;
    float *confidences; /* (photos, tags), owned */
    bool *labels;       /* (photos, tags), owned: whether a caption of the photo names the tag */
};

/* Of results that were decoded with all the model's tags and a tag_confidence of 0; photos[count]
 * are indices into the data set's. On failure there is nothing to free. */
bool photo_tags_gather(struct photo_tags *gathered, const struct model *model,
                       const struct dataset *dataset, const size_t *photos,
                       const struct decode_result *results, size_t count, caption_error *error);
void photo_tags_free(struct photo_tags *gathered);

/* Puts the rows of more photos, of the same model, behind those that are there; `all` starts as
 * {0}. After a failure it is as it was. */
bool photo_tags_append(struct photo_tags *all, const struct photo_tags *more, caption_error *error);

/* Fits a calibration (tag_calibration.h) to tags of photos that the model did not learn from, told
 * by a model without one. */
bool photo_tags_fit(const struct photo_tags *told, struct tag_calibration *calibration,
                    caption_error *error);

#endif
