/* The rows of a batch on their way through the decoder: what search, sampling and likelihood share.
 * All memory is planned once. */
#ifndef CAPTION_DECODE_ROWS_H
#define CAPTION_DECODE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/simd.h"
#include "infer/inference_decoder.h"
#include "model/model.h"

struct rows {
    const struct model *model;
    const struct inference_decoder *decoder; /* the model's */
    int32_t *inputs; /* (R,): what the next step is fed, as in inference_decoder_step */
    int32_t *images; /* (R,): the photo of each row, DECODER_VECTOR - p */
    real *states;    /* (R, S) */
    real *logits;    /* (R, V), of the last rows_step */
    real *scratch;   /* of inference_decoder_project_image */
    real *vectors;   /* (N, E), input vectors of the photos */
    real *products;  /* (N, P), what the input weights make of them */
    real *tags;      /* (N, K), logits of the photos' tags */
    struct inference_step *step;
    struct threads *threads; /* see rows_share */
    struct arena arena;      /* of all of it; its owner may take more that lives as long */
};

/* Plans for at most `capacity` rows (R) and `photos` photos (N). On failure there is nothing to
 * free. */
bool rows_init(struct rows *rows, const struct model *model,
               const struct inference_decoder *decoder, size_t capacity, size_t photos,
               caption_error *error);
void rows_free(struct rows *rows);

/* From now on the threads share the products; they are borrowed. NULL, as at first: the caller's
 * thread is alone. */
void rows_share(struct rows *rows, struct threads *threads);

/* Begins `count` sequences: inputs[i] is DECODER_VECTOR - p for photo p of features (photos, F),
 * and becomes images[i]. features NULL: there are none to see (inference_decoder_project_image). */
void rows_begin(struct rows *rows, const real *features, size_t photos, size_t count);

/* One time step of the first `count` rows, whose inputs are words: inputs in, states and logits
 * out. Who moves a row moves its image. */
void rows_step(struct rows *rows, size_t count);

/* The normaliser of a row's softmax. False with `error` set when it is no finite number, which is
 * how a broken model shows. */
bool rows_normaliser(const struct rows *rows, size_t row, double *normaliser, caption_error *error);

/* Sets the error that says so; false. */
bool rows_not_finite(caption_error *error);

/* How many words are more probable than `word` in a row, that one included: 1 is the most probable;
 * of equal ones the lower number comes first. What is never said (rows_is_said) does not count and
 * has rank 0. */
size_t rows_rank(const struct rows *rows, size_t row, uint32_t word);

/* Whether a word, or <end>, may be said: not <pad>, <start> and <unk>. */
bool rows_is_said(size_t word);

/* The best few of very many: a bounded selection in which the vocabulary is never sorted. */

/* A word that may follow hypothesis number `parent`. */
struct candidate {
    double logprob;
    uint32_t word;
    uint32_t parent;
};

/* Until sorted, a binary heap with the worst candidate first. */
struct candidates {
    struct candidate *items; /* [capacity] */
    size_t count, capacity;  /* capacity at least 1 */
};

/* Offers every word of a row whose logit is not -INFINITY, with log-probability base + logit. The
 * best `capacity` of all that were offered stay; equal ones rank by lower word, then lower parent.
 */
void candidates_offer(struct candidates *candidates, const real *logits, size_t words, double base,
                      uint32_t parent);

/* Orders them best first. Nothing can be offered afterwards until count is set to 0. */
void candidates_sort(struct candidates *candidates);

#endif
