/* How probable the model finds captions that are given: for perplexity, and to ask whether it looks
 * at the photo at all. */
#ifndef CAPTION_DECODE_LIKELIHOOD_H
#define CAPTION_DECODE_LIKELIHOOD_H

#include "infer/inference_decoder.h"
#include "model/model.h"

/* A caption of a photo. Words have their numbers, unknown ones VOCABULARY_UNK; <end> is added. */
struct likelihood_caption {
    const real *features; /* (F,) of the photo */
    const uint32_t *words;
    size_t count;
};

/* The natural log-probability of each caption's words and <end>: logprobs[count]. `decoder` is the
 * model's. The perplexity of
 * a text is exp(-sum of logprobs / sum of (count + 1)). Thread-safe. */
bool likelihood_captions(const struct model *model, const struct inference_decoder *decoder,
                         const struct likelihood_caption *captions, size_t count, double *logprobs,
                         caption_error *error);

#endif
