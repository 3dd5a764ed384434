/* From image features to captions: batched beam search, or sampling. The options are those of
 * caption.h; all photos and beams of a call go through the network as one batch. */
#ifndef CAPTION_DECODE_DECODE_H
#define CAPTION_DECODE_DECODE_H

#include "base/threads.h"
#include "infer/low_precision.h"
#include "model/confidence.h"
#include "model/model.h"
#include "text/content.h"

/* One caption: its words (no special ones) and the log-probability of them and <end>. */
struct decode_caption {
    uint32_t *words; /* [count], owned by the decode_result */
    size_t count;
    double logprob; /* of the model itself, whatever temperature or penalty chose by */
    double signals[CONFIDENCE_SIGNALS];
    double confidence; /* from 0 to 1; NAN where the model has none */
    double score;      /* what captions are ranked by: logprob / length^penalty, and the model's
                          re-ranking, if it has one */
};

/* What a photo shows, by the word head. */
struct decode_tag {
    uint32_t word; /* its name, in the vocabulary */
    double confidence;
};

struct decode_result {
    struct decode_caption *captions; /* [count], best first */
    size_t count;
    struct decode_tag *tags; /* [tag_count], owned; surest first, none below the options'
                                tag_confidence; NULL: none were asked for */
    size_t tag_count;
};

/* Options checked against each other and the model: prefix words found, endings looked up. */
struct decode_plan;

/* NULL with `error` set when an option is out of range or a word of the prefix is unknown. Holds on
 * to `model`; read-only afterwards, so threads may share it. */
struct decode_plan *decode_plan_new(const struct model *model, const caption_options *options,
                                    caption_error *error);
void decode_plan_free(struct decode_plan *plan);

/* The plan of other options, with the decoder and the words of `base`, which must stay as long.
 * Precision, style and repeated words are those of `base`, whatever the options say. */
struct decode_plan *decode_plan_with(const struct decode_plan *base, const caption_options *options,
                                     caption_error *error);

/* The precision that the options ask for, or that this processor is fastest in. */
enum precision decode_precision(const caption_options *options);

/* The working memory of one thread, for up to `photos` photos at once: beam search's or sampling's,
 * as the options ask. It keeps what it computed for each word, so that the next call
 * is faster; results do not depend on it. Holds on to `plan`. NULL with `error` set when memory is
 * short. */
struct decode_workspace;
struct decode_workspace *decode_workspace_new(const struct decode_plan *plan, size_t photos,
                                              caption_error *error);
void decode_workspace_free(struct decode_workspace *workspace);

/* From now on the threads share the large products of a time step; they are borrowed. The captions
 * stay the same, to the last bit. */
void decode_workspace_share(struct decode_workspace *workspace, struct threads *threads);

/* Captions `count` photos, as many as the workspace is for or fewer, from their features
 * (count, F); NULL: from none, as a language model would. first_photo numbers them for the random
 * streams of sampling, so that results do not depend on how photos are batched. results[count] are
 * freed with decode_results_free. */
bool decode_features(struct decode_workspace *workspace, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error);
void decode_results_free(struct decode_result *results, size_t count);

/* The sentence that a caption is, in the wording that the options ask for. Freed with free(). */
char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error);

/* Results that outlive the search. */

/* Copies `count` captions with their words. On failure the result is empty. */
bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error);

/* From the word head's logits to the tags of a photo. */

/* Puts into the result the tags that are at least as sure as `least`, surest first, of equals the
 * more frequent word. logits are (tags->count,). False when memory is short. */
bool tags_set(struct decode_result *result, const struct tag_words *tags,
              const struct tag_calibration *calibration, const float *logits, double least,
              caption_error *error);

/* tags_set for each photo, by its row of the logits (count, K), if the plan's options ask for tags.
 */
bool tags_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                    struct decode_result *results, caption_error *error);

#endif
