/* The pieces of one time step, shared by the decoder's step (decoder.c), the unroll (unroll.c) and
 * the decoder for inference, so that all compute the same function; and how parameters of the
 * decoder and of the search part (search.c) are added and begin. */
#ifndef CAPTION_MODEL_DECODER_PARTS_H
#define CAPTION_MODEL_DECODER_PARTS_H

#include "model/decoder.h"

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
