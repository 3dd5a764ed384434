/* The recurrent decoder: an image vector and words in, a distribution over words out.
 *
 *     u   = (v / |v| - shift) * scale             (F,)  v: the encoder's features
 *     p   = sigmoid(W_tag u + b_tag)              (K,)  that a caption names each tag
 *     x_1 = W_img u + b_img [+ W_in p] [+ s]      (E,)
 *     x_t = embedding of the word before [+ x_1]  (E,)
 *     h_t = cell(h_{t-1}, x_t)                    (H,)
 *     y_t = W_out h_t + b_out                     (V,)  logits
 *
 * The decoder sees the image first, as x_1 alone, or at every step: x_1 is then also added to every
 * word vector ("pre-inject" and, with a sum, "par-inject" of Tanti, Gatt and Camilleri, Where to
 * put the image in an image caption generator, 2018). The tensors are the same either way.
 *
 * The word head, p, belongs to a decoder with tags: content words, which it learns to predict from
 * the features alone and sees beside the image (LSTM-A of Yao et al., Boosting image
 * captioning with attributes, 2017).
 *
 * s is the vector of the requested caption style, if the decoder has styles (styles.h).
 *
 * shift and scale are constants measured once over the training photos; with an encoder trained
 * from scratch, shift is a running mean, see decoder_follow_shift. This file has the sizes, the
 * tensors and the inference step; the training pass is in unroll.h.
 */
#ifndef CAPTION_MODEL_DECODER_H
#define CAPTION_MODEL_DECODER_H

#include <stdint.h>

#include "base/random.h"
#include "model/styles.h"
#include "nn/cell.h"
#include "nn/parameters.h"

/* Inputs of a step other than a word's number. */
enum {
    DECODER_NOTHING = -1, /* no input (zeros), or no target */
    DECODER_VECTOR = -2   /* vectors[0]; DECODER_VECTOR - i is vectors[i] */
};

struct decoder {
    const struct cell *cell;
    size_t words;     /* V; 0: a reader, a cell without words and images of its own */
    size_t embedding; /* E */
    size_t hidden;    /* H */
    size_t features;  /* F */
    size_t tags;      /* K; 0: no word head */
    size_t styles;    /* L; 0: no styles */
    size_t products;  /* P = cell->products * H */
    size_t state;     /* S = cell->states * H */
    bool image_every; /* whether x_1 is also added to the word vectors */
    /* indices into the parameters */
    size_t image_shift, image_scale;   /* (F,), constant */
    size_t image_weight, image_bias;   /* (E, F), (E,) */
    size_t tag_weight, tag_bias;       /* (K, F), (K,); these and the next only if K > 0 */
    size_t tag_input;                  /* (E, K) */
    size_t style_weight;               /* (L, E); only if L > 0 */
    size_t embed;                      /* (V, E) */
    size_t weight_ih, weight_hh;       /* (P, E), (P, H) */
    size_t bias_ih, bias_hh;           /* (P,), (P,) */
    size_t output_weight, output_bias; /* (V, H), (V,) */
};

/* The decoder's tensors in a block of the parameters: the values, or a gradient. */
struct decoder_tensors {
    real *image_shift, *image_scale;   /* (F,) */
    real *image_weight, *image_bias;   /* (E, F), (E,) */
    real *tag_weight, *tag_bias;       /* (K, F), (K,); these and the next NULL if K is 0 */
    real *tag_input;                   /* (E, K) */
    real *style_weight;                /* (L, E); NULL if L is 0 */
    real *embed;                       /* (V, E) */
    real *weight_ih, *weight_hh;       /* (P, E), (P, H) */
    real *bias_ih, *bias_hh;           /* (P,), (P,) */
    real *output_weight, *output_bias; /* (V, H), (V,) */
};
/* Of a reader: the cell's, the others NULL. */
struct decoder_tensors decoder_tensors_in(const struct decoder *decoder,
                                          const struct parameters *parameters, real *block);

/* Sets up a reader, which takes vectors and leaves its state: of the tensors it registers the
 * cell's alone ("search.cell.weight_ih", ...). Of the functions below it has decoder_randomise_cell
 * and the unroll (unroll.h), with DECODER_VECTOR inputs and without targets. */
bool decoder_init_reader(struct decoder *reader, const struct cell *cell, size_t embedding,
                         size_t hidden, struct parameters *parameters, caption_error *error);

struct decoder_sizes {
    size_t words, embedding, hidden, features; /* each at least 1 */
    size_t tags, styles;                       /* may be 0 */
};

/* Sets sizes and registers the tensors ("decoder.embedding.weight", ...). */
bool decoder_init(struct decoder *decoder, const struct cell *cell,
                  const struct decoder_sizes *sizes, struct parameters *parameters,
                  caption_error *error);

/* How often the image is seen: "first" or "every". decoder_init sets "first". */
bool decoder_knows_image_input(const char *name);
/* False for any other name. */
bool decoder_set_image_input(struct decoder *decoder, const char *name);
const char *decoder_image_input(const struct decoder *decoder);

/* Makes shift the running mean of the unit vectors that decoder_image_backward sees: the features
 * of a random encoder do not predict those of the trained one. Call it before decoder_randomise. */
void decoder_follow_shift(const struct decoder *decoder, struct parameters *parameters);

/* Random initialisation: uniform within 1 / sqrt(H) for the cell, scaled normal elsewhere; forget
 * gate bias 1; shift 0; scale such that a unit vector (with a running mean, its usual residual)
 * gets unit variance. */
void decoder_randomise(const struct decoder *decoder, struct parameters *parameters,
                       struct random *random);

/* The same for the cell alone. */
void decoder_randomise_cell(const struct decoder *decoder, struct parameters *parameters,
                            struct random *random);

/* The same for the word head alone: it predicts almost no tags and does not change x_1. */
void decoder_randomise_tags(const struct decoder *decoder, struct parameters *parameters,
                            struct random *random);

/* The same for the caption styles from number `first` on: vectors long enough for the cell to learn
 * to distinguish them soon, but short compared with a word's. */
void decoder_randomise_styles(const struct decoder *decoder, size_t first,
                              struct parameters *parameters, struct random *random);

/* Divides the output layer by `temperature`: the distribution at temperature 1 becomes that at
 * `temperature`. */
void decoder_scale_logits(const struct decoder *decoder, struct parameters *parameters,
                          float temperature);

/* Images of a pass. */
struct decoder_images {
    size_t count;         /* N */
    const real *features; /* (N, F) */
    const size_t *styles; /* [N]: each a number below L or STYLE_NONE; NULL: all STYLE_NONE */
    real *scaled;         /* (N, F): u, saved for backward */
    real *tags;           /* (N, K): p, saved for backward */
    real *tag_scratch;    /* (N, K), used by decoder_image_backward only */
    real *vectors;        /* (N, E): x_1 */
    /* Backward: */
    const real *d_vectors; /* (N, E) */
    real *d_tags;          /* (N, K): in, the derivative of a loss of the tags alone by
                              W_tag u + b_tag (zeros without such a loss); out, of the whole loss */
    real *d_features;      /* (N, F), written; NULL: the features are not trained */
};

/* Turns features into input vectors: writes scaled, tags and vectors. */
void decoder_image_forward(const struct decoder *decoder, const struct parameters *parameters,
                           const struct decoder_images *images);

/* The loss of the word head for a photo whose tags have the given probabilities [count]: the binary
 * cross entropy, in nats, as that of words (Yao et al., 2017). labels[count]: 1 where a caption of
 * the photo names the tag, else 0; labels of 0 have the weight `absence`. d_logits [count]: the
 * derivative by the tags' logits, times `scale`. */
double decoder_tag_loss(size_t count, const real *probabilities, const uint8_t *labels,
                        real absence, real scale, real *d_logits);

/* Adds the parameters' gradient to `gradients`; with d_features, also the unit vectors to the entry
 * of a running shift. images->scaled is overwritten. */
void decoder_image_backward(const struct decoder *decoder, const struct parameters *parameters,
                            const struct decoder_images *images, real *gradients);

/* Scratch for decoder_step with up to `rows` rows. */
struct decoder_scratch;
struct decoder_scratch *decoder_scratch_new(const struct decoder *decoder, size_t rows,
                                            caption_error *error);
void decoder_scratch_free(struct decoder_scratch *scratch);

/* What the rows of a step are fed. */
struct decoder_inputs {
    size_t rows;
    const int32_t *words; /* [rows]: a word's number, or DECODER_VECTOR - j for row j of `vectors`,
                             or DECODER_NOTHING */
    const int32_t *added; /* [rows]: DECODER_VECTOR - j for a vector that is added to the input, or
                             DECODER_NOTHING; NULL: none */
    const real *vectors;  /* (., E) */
};

/* One time step of inference. states (rows, S) are replaced by the next ones (zero them for a new
 * sequence). logits (rows, V), or NULL if not needed. */
void decoder_step(const struct decoder *decoder, const struct parameters *parameters,
                  const struct decoder_inputs *inputs, real *states, real *logits,
                  struct decoder_scratch *scratch);

/* --- The pieces of one time step, shared by the decoder's step (decoder.c), the unroll (unroll.c)
 * and the decoder for inference, so that all compute the same function; and how parameters of the
 * decoder and of the search part (search.c) are added and begin. --- */

/* Adds a matrix (rows, columns) or a vector (rows), whose index is stored. */
bool decoder_add_matrix(struct parameters *parameters, const char *name, size_t rows,
                        size_t columns, size_t *index, caption_error *error);
bool decoder_add_vector(struct parameters *parameters, const char *name, size_t rows,
                        enum parameters_group group, size_t *index, caption_error *error);

/* Sets a tensor to numbers drawn around 0, or to one number. */
void decoder_fill_normal(struct parameters *parameters, size_t index, float deviation,
                         struct random *random);
void decoder_fill_constant(struct parameters *parameters, size_t index, real value);

/* Added to a squared length, so that zeros stay zeros when they are divided by it. */
#define DECODER_TINY_LENGTH 1e-12

/* scaled (count, F) = (features / |features| - shift) * scale. */
void decoder_scale_features(const struct decoder *decoder, const real *shift, const real *scale,
                            const real *features, size_t count, real *scaled);

/* Converts logits of tags to probabilities; both may be the same array. */
void decoder_tag_probabilities(size_t count, const real *logits, real *probabilities);

/* rows (n, E): the word vectors, vectors or zeros that `inputs` select. */
void decoder_gather(const struct decoder *decoder, const struct decoder_tensors *w, size_t n,
                    const int32_t *inputs, const real *vectors, real *rows);

/* Adds to rows (n, E) the vectors that `added` selects. */
void decoder_add_vectors(const struct decoder *decoder, size_t n, const int32_t *added,
                         const real *vectors, real *rows);

/* gates (n, K), first P columns: rows W_ih' + b_ih. */
void decoder_input_products(const struct decoder *decoder, const struct decoder_tensors *w,
                            size_t n, const real *rows, real *gates);

/* One recurrent step: the recurrent products before W_hh' + b_hh, then the cell. The states before
 * and after do not overlap. */
void decoder_advance(const struct decoder *decoder, const struct decoder_tensors *w,
                     const struct cell_step *step);

/* logits (n, V) of hidden rows that lie `leading` numbers apart. */
void decoder_logits(const struct decoder *decoder, const struct decoder_tensors *w, size_t n,
                    const real *hidden, size_t leading, real *logits);

#endif
