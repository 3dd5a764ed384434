/* The search part of a model: a sentence and a photo become vectors of one space, in which the
 * sentence lies near the photos that it describes (Kiros, Salakhutdinov and Zemel, Unifying
 * visual-semantic embeddings with multimodal neural language models, 2014). It is the unroll many
 * to one: words in, step by step, and one vector out.
 *
 *     h_t = gru(h_{t-1}, embedding of word t)     (H,)      h_0 = 0; the last word is <end>
 *     s   = unit(W_s h_T + b_s)                   (D,)      the sentence
 *     p   = unit(W_p [u | tags] + b_p)            (D,)      the photo
 *
 * unit(x) = x / |x|, so that the product of two vectors is the cosine of their angle. The word
 * vectors, u (F,), the scaled features, and the probabilities of the K tags are the decoder's
 * (decoder.h), and so the search part belongs to the encoder and the decoder that it was trained
 * on: it is trained with both frozen (train/search_trainer.c).
 *
 * This file has the sizes, the tensors, and both networks forward and backward, for training.
 * Inference is in infer/inference_search.h.
 */
#ifndef CAPTION_MODEL_SEARCH_H
#define CAPTION_MODEL_SEARCH_H

#include "base/random.h"
#include "model/decoder.h"
#include "model/unroll.h"

/* Sizes of a new search part. */
enum { SEARCH_SIZE = 256, SEARCH_HIDDEN = 320 };

/* A linear layer whose outputs are brought to unit length. */
struct search_layer {
    size_t outputs, inputs; /* D, and H or F + K */
    size_t weight, bias;    /* indices into the parameters: (D, inputs), (D,) */
};

struct search {
    size_t size;                         /* D; 0: there is no search part, and the rest is zero */
    size_t first;                        /* index of the first tensor; they are the last ones */
    struct decoder reader;               /* the recurrent network */
    struct search_layer sentence, photo; /* the two projections */
};

/* Sets sizes, D and H of at least 1 and E, F and K of the decoder, and registers the tensors
 * ("search.cell.weight_ih", ..., "search.sentence.weight", "search.photo.weight", ...). Nothing
 * else is registered afterwards. */
bool search_register(struct search *search, const struct decoder *decoder, size_t size,
                     size_t hidden, struct parameters *parameters, caption_error *error);

/* Random initialisation: uniform within 1 / sqrt(H) for the cell, normal elsewhere so that the
 * projections have unit variance before they are scaled; biases 0. */
void search_randomise(const struct search *search, struct parameters *parameters,
                      struct random *random);

/* What the photo's projection reads, [u | tags] (count, F + K), of features[count], each (F,), by
 * the decoder `w`. */
void search_photo_inputs(const struct decoder *decoder, const struct decoder_tensors *w,
                         const real *const *features, size_t count, real *inputs);

/* Rows of a projection. */
struct search_rows {
    size_t count;     /* n */
    const real *rows; /* (n, inputs) */
    real *vectors;    /* (n, D): written forward, unit vectors; a row of zeros stays one */
    real *scales;     /* [n]: one over the length before; written forward, read backward */
};
void search_project(const struct search_layer *layer, const struct parameters *parameters,
                    const struct search_rows *rows);

/* Divides each row of vectors (count, size) by its length; scales[count] as above. */
void search_normalise(size_t count, size_t size, real *vectors, real *scales);

/* Adds the parameters' gradient to `gradients`. d_vectors (n, D), the derivative of the loss by the
 * vectors, is overwritten. d_rows (n, inputs) is written; NULL: not needed. */
void search_project_backward(const struct search_layer *layer, const struct parameters *parameters,
                             const struct search_rows *rows, real *d_vectors, real *d_rows,
                             real *gradients);

/* A sentence of a window of the reader's unroll. Its words are vectors of the window, the
 * decoder's, and get no gradient. */
struct search_sentence {
    const int32_t *words; /* [count], without <end> */
    size_t count;
};

/* Steps of a sentence: its words, of which no more than SEARCH_LONGEST are read, and <end>. */
enum { SEARCH_LONGEST = 40 };
size_t search_steps(size_t words);

/* Fills the window of `count` sentences, which are ordered by falling length. active [steps of the
 * longest], inputs and targets [steps of all] are written and belong to the window; its vectors,
 * the decoder's word vectors, are the caller's to set. */
void search_window(const struct search_sentence *sentences, size_t count, size_t *active,
                   int32_t *inputs, int32_t *targets, struct unroll_window *window);

/* The ranking loss of search: a photo and its sentence lie nearer to each other than to what else
 * is in the mini-batch, by a margin m. With s_ij the cosine of photo i and sentence j, the loss of
 * a pair is
 *
 *     T log(1 + sum over j of exp((m + s_ij - s_ii) / T))     a photo, sentences of other photos
 *   + T log(1 + sum over j of exp((m + s_ji - s_ii) / T))     a sentence, other photos
 *
 * (Yang et al., Improving multilingual sentence embedding using bi-directional dual encoder with
 * additive margin softmax, 2019). For T to 0 it is max(m + s_ij - s_ii, 0) of the hardest negative
 * j alone (Faghri, Fleet, Kiros and Fidler, VSE++: improving visual-semantic embeddings with hard
 * negatives, 2018). Above, the other hard ones count as well, by how hard they are, so a random
 * start does not collapse and far fewer epochs are enough (weights/EXPERIMENTS.md). */

struct ranking_pairs {
    size_t count, size;             /* B, D */
    const real *photos, *sentences; /* (B, D): unit vectors; row i of both is a pair */
    const size_t *ids; /* [B]: of the photos; pairs of one photo are no negatives of each other */
    real *scratch;     /* (2, B, B) */
};

struct ranking_scale {
    double margin, temperature; /* m; T, above 0 */
};

/* The loss, as a mean over pairs. Writes its derivatives d_photos and d_sentences (B, D). */
double ranking_loss(const struct ranking_pairs *pairs, const struct ranking_scale *scale,
                    real *d_photos, real *d_sentences);

#endif
