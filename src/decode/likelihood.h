/* How probable the model finds captions that are given: for perplexity, and to ask whether it looks
 * at the photo at all. */
#ifndef CAPTION_DECODE_LIKELIHOOD_H
#define CAPTION_DECODE_LIKELIHOOD_H

#include "infer/inference_decoder.h"
#include "model/model.h"

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

#endif
