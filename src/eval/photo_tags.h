/* What a model tells of photos beside what their captions name: rows of all its tags, for scores
 * and for calibration. */
#ifndef CAPTION_EVAL_PHOTO_TAGS_H
#define CAPTION_EVAL_PHOTO_TAGS_H

#include "base/threads.h"
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

/* Fits a calibration of the model's tags (tag_calibration.h) to photos whose features (count, F)
 * are known and that it did not learn from. A calibration that the model has plays no part. A model
 * without tags is an error. */
bool photo_tags_fit(const struct model *model, const struct dataset *dataset, const size_t *photos,
                    size_t count, const float *features, struct threads *threads,
                    struct tag_calibration *calibration, caption_error *error);

#endif
