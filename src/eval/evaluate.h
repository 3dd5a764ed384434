/* Captions a data set's photos and scores them: what `caption eval` prints and the trainer chooses
 * its best weights by. */
#ifndef CAPTION_EVAL_EVALUATE_H
#define CAPTION_EVAL_EVALUATE_H

#include "base/threads.h"
#include "data/dataset.h"
#include "decode/decode.h"
#include "eval/confidence_scores.h"
#include "eval/perplexity.h"
#include "eval/retrieval.h"
#include "eval/scores.h"
#include "model/model.h"

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
