/* Captions a data set's photos and scores them: what `caption eval` prints and the trainer chooses
 * its best weights by. */
#ifndef CAPTION_EVAL_EVALUATE_H
#define CAPTION_EVAL_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "decode/decode.h"
#include "eval/perplexity.h"
#include "eval/retrieval.h"
#include "eval/scores.h"
#include "model/model.h"
#include "text/content.h"

/* How good the confidence of captions is, and that of tags. Of captions: its calibration error, and
 * how much better the surer captions are (risk against coverage; Geifman and El-Yaniv, Selective
 * classification for deep neural networks, 2017). */

enum { CONFIDENCE_ROWS = 5, CONFIDENCE_RISKS = 40 };

/* The surest part of the captions. */
struct confidence_row {
    double coverage; /* 1, 0.9, 0.75, 0.5, 0.25: that part of them */
    double least;    /* the least confidence among these */
    double cider;    /* their mean */
    double apt;      /* the share whose CIDEr is CONFIDENCE_APT or more */
};

struct confidence_scores {
    size_t count;             /* captions; 0: the model has no confidence */
    double calibration_error; /* expected, in ten equal bins */
    double chance_error;      /* what it would be by chance if all confidences were true */
    double gain;              /* CIDEr of the surer three quarters over that of all */
    struct confidence_row rows[CONFIDENCE_ROWS];
    double risks[CONFIDENCE_RISKS]; /* the share that is not apt among the surest (i + 1) /
                                       CONFIDENCE_RISKS of the captions */
};

/* Of captions' confidences[count], from 0 to 1, and their ciders[count]. Of equal confidences the
 * worse caption counts as the surer. A confidence of NAN, of a model that has none, leaves the
 * scores zero. False when memory is short. */
bool confidence_scores_compute(const double *confidences, const double *ciders, size_t count,
                               struct confidence_scores *scores, caption_error *error);

/* How far stated probabilities lie from what came true: the expected calibration error (Guo et al.,
 * On calibration of modern neural networks, 2017), over ten bins of equal width. */

enum { CALIBRATION_BINS = 10 };

/* Starts as {0}. */
struct calibration_bins {
    size_t count; /* of all that was added */
    struct {
        double stated, true_ones;
        double variance; /* of true_ones, if what is stated were so */
    } bins[CALIBRATION_BINS];
};

void calibration_bins_add(struct calibration_bins *bins, double probability, bool came_true);

/* From 0 to 1; 0 of nothing. */
double calibration_bins_error(const struct calibration_bins *bins);

/* The error to be expected by chance alone, if what is stated were so: of few things it is not
 * small. */
double calibration_bins_chance(const struct calibration_bins *bins);

/* How good tags are, against the words of the photos' captions: mean average precision (the mean
 * over tags of the average precision of the photos ranked by the tag; Everingham et al., The PASCAL
 * visual object classes challenge, 2010, without its interpolation), how many of those given with
 * great confidence are right, and how far confidences lie from the truth (expected calibration
 * error, Guo et al., On calibration of modern neural networks, 2017). */

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

/* Fits a calibration (confidence.h) to tags of photos that the model did not learn from, by
 * a model without one. */
bool photo_tags_fit(const struct photo_tags *photo_tags, struct tag_calibration *calibration,
                    caption_error *error);

/* What captions photos, and how. */
struct evaluator {
    const struct model *model;
    const caption_options *options;
    size_t swaps;   /* pairs of photos that are compared (perplexity.h); 0: none */
    bool next_word; /* next words are counted (next_word.h) */
    bool search; /* photos are searched by captions and the other way round (retrieval.h); the model
                    has a search part */
    struct threads *threads; /* NULL: the calling thread alone */
    FILE *progress;          /* a progress bar while photos are encoded; NULL: none */
};

struct evaluation {
    size_t count;        /* photos */
    const char *style;   /* in which they were captioned, the model's own name; NULL: in none */
    char **captions;     /* [count], owned */
    double *logprobs;    /* [count], owned */
    double *confidences; /* [count], owned; NAN of a model without */
    double *signals;     /* (count, CONFIDENCE_SIGNALS), owned */
    double *ciders;      /* [count], owned: each caption's own */
    struct photo_tags photo_tags;        /* of a model that has a word head, else zero; owned */
    struct scores scores;                /* of the corpus */
    size_t distinct;                     /* different captions */
    double perplexity;                   /* of the reference captions, per word, <end> included */
    struct swaps swaps;                  /* count 0: not asked for */
    struct next_word next_word;          /* places 0: not asked for */
    struct retrieval retrieval;          /* photos 0: not asked for */
    struct tag_scores tags;              /* of a model that has a word head, else zero */
    struct confidence_scores confidence; /* of a model with confidence, else zero */
};

/* The name of the style in which a part is described: that of the source that all its photos share,
 * else that of its data set; NULL where the model has neither. photos[part->count] are the part's.
 */
const char *evaluate_style(const struct model *model, const struct dataset *dataset,
                           const struct dataset_part *part, const size_t *photos);

/* Scores captions of photos, each with at least one caption, whose features (photos->count, F) are
 * known. Freed with evaluation_free. */
bool evaluate_features(const struct evaluator *evaluator, const struct dataset_selection *photos,
                       const float *features, struct evaluation *out, caption_error *error);

/* The same from the photos themselves. A photo that cannot be read is an error that names it. */
bool evaluate_photos(const struct evaluator *evaluator, const struct dataset_selection *photos,
                     struct evaluation *out, caption_error *error);

/* All that beam search finishes of photos, as many captions as the beam is wide, in their order:
 * results[photos->count] are freed with decode_results_free. Otherwise as evaluate_photos. */
bool evaluate_candidates(const struct evaluator *evaluator, const struct dataset_selection *photos,
                         struct decode_result *results, caption_error *error);

void evaluation_free(struct evaluation *evaluation);

#endif
