/* Many photos to features, many features to captions, and how likely many captions are, divided
 * over threads, for scoring and for training, which hold all of them (pipeline.h is for photos that
 * come and go). The work is cut the same way for any number of threads, so results do not depend on
 * it. */
#ifndef CAPTION_DECODE_CAPTIONER_H
#define CAPTION_DECODE_CAPTIONER_H

#include <stdio.h>

#include "base/threads.h"
#include "decode/decode.h"
#include "infer/inference_decoder.h"
#include "infer/low_precision.h"
#include "model/model.h"

/* How photos are encoded. */
struct captioner_encoding {
    const struct model *model;
    enum precision precision;
    const struct augment *augment; /* of every photo; NULL: none */
    struct threads *threads;       /* NULL: the calling thread alone */
    FILE *progress;                /* a progress bar with the label `note`; NULL: none */
    const char *note;
};

/* Loads and encodes photos read from files: features (count, F). The first photo that cannot be
 * read is the error. */
bool captioner_features(const struct captioner_encoding *encoding, const struct photo_file *files,
                        size_t count, real *features, caption_error *error);

/* decode_features for any number of photos, counted from 0. results[count] are freed with
 * decode_results_free. */
bool captioner_decode(const struct decode_plan *plan, const real *features, size_t count,
                      struct threads *threads, struct decode_result *results, caption_error *error);

/* How probable the model finds captions that are given: for perplexity, and to ask whether it looks
 * at the photo at all. */

/* A caption of a photo. Words have their numbers, unknown ones VOCABULARY_UNK; <end> is added. */
struct likelihood_caption {
    const real *features; /* (F,) of the photo; NULL: of none, and then of all captions of a call */
    const uint32_t *words;
    size_t count;
};

/* The natural log-probability of each caption's words and <end>: logprobs[count]. `decoder` is the
 * model's. The perplexity of
 * a text is exp(-sum of logprobs / sum of (count + 1)). Thread-safe. */
bool likelihood_captions(const struct model *model, const struct inference_decoder *decoder,
                         const struct likelihood_caption *captions, size_t count, double *logprobs,
                         caption_error *error);

/* The ranks of each caption's words and <end> among what may come there (rows_rank), caption after
 * caption: ranks[sum of (count + 1)]. Otherwise as above. */
bool likelihood_ranks(const struct model *model, const struct inference_decoder *decoder,
                      const struct likelihood_caption *captions, size_t count, size_t *ranks,
                      caption_error *error);

/* A model prepared to score captions: how likely they are. */
struct likelihood_scorer {
    const struct model *model;
    struct inference_decoder *decoder; /* in float; owned */
    struct threads *threads;
};

/* For captions in a style (STYLE_NONE: in none). `threads` NULL: the calling thread alone. Borrows
 * model and threads. Freed with likelihood_scorer_free, after a failure too. */
bool likelihood_scorer_init(struct likelihood_scorer *scorer, const struct model *model,
                            size_t style, struct threads *threads, caption_error *error);
void likelihood_scorer_free(struct likelihood_scorer *scorer);

/* likelihood_captions for any number of captions. */
bool captioner_likelihood(const struct likelihood_scorer *scorer,
                          const struct likelihood_caption *captions, size_t count, double *logprobs,
                          caption_error *error);

#endif
