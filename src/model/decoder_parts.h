/* The pieces of one time step, shared by the decoder's step (decoder.c), the unroll (unroll.c) and
 * the decoder for inference, so that all compute the same function. Internal to this folder. */
#ifndef CAPTION_MODEL_DECODER_PARTS_H
#define CAPTION_MODEL_DECODER_PARTS_H

#include "model/decoder.h"

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
