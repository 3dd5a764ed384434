/* How good tags are, against the words of the photos' captions: mean average precision (the mean
 * over tags of the average precision of the photos ranked by the tag; Everingham et al., The PASCAL
 * visual object classes challenge, 2010, without its interpolation), how many of those given with
 * great confidence are right, and how far confidences lie from the truth (expected calibration
 * error, Guo et al., On calibration of modern neural networks, 2017). */
#ifndef CAPTION_EVAL_TAG_SCORES_H
#define CAPTION_EVAL_TAG_SCORES_H

#include "data/dataset.h"
#include "decode/decode.h"
#include "text/tag_words.h"

/* Tags that fewer photos have than this are not ranked. */
enum { TAG_SCORES_LEAST_PHOTOS = 20 };

/* "Great confidence". */
#define TAG_SCORES_SURE 0.9

struct tag_scores {
    size_t tags;                   /* that were ranked; 0: none were, or there is no word head */
    double mean_average_precision; /* over these */
    size_t sure;                   /* tags of photos, all of them, that have at least
                                      TAG_SCORES_SURE */
    double sure_right;             /* the share of those that a caption of the photo names */
    double calibration_error;      /* in ten equal bins, over all tags */
};

/* labels[photos->count * tags->count]: whether a caption of the photo names the tag, in any of its
 * forms. */
void tag_scores_labels(const struct dataset_selection *photos, const struct vocabulary *vocabulary,
                       const struct tag_words *tags, bool *labels);

/* confidences and labels (photos, tags), row by row. False when memory is short. */
bool tag_scores_compute(const float *confidences, const bool *labels, size_t photos, size_t tags,
                        struct tag_scores *scores, caption_error *error);

/* A model's tags of photos beside what their captions name: rows of all its tags, for scores
 * and for calibration. */

struct photo_tags {
    size_t photos, tags;
    float *confidences; /* (photos, tags), owned */
    bool *labels;       /* (photos, tags), owned: whether a caption of the photo names the tag */
};

/* Of results[photos->count] that were decoded with all the model's tags and a tag_confidence of 0.
 * On failure there is nothing to free. */
bool photo_tags_gather(struct photo_tags *gathered, const struct model *model,
                       const struct dataset_selection *photos, const struct decode_result *results,
                       caption_error *error);
void photo_tags_free(struct photo_tags *gathered);

/* Puts the rows of more photos, of the same model, behind those that are there; `all` starts as
 * {0}. After a failure it is as it was. */
bool photo_tags_append(struct photo_tags *all, const struct photo_tags *more, caption_error *error);

/* Fits a calibration (tag_calibration.h) to tags of photos that the model did not learn from, by
 * a model without one. */
bool photo_tags_fit(const struct photo_tags *photo_tags, struct tag_calibration *calibration,
                    caption_error *error);

#endif
