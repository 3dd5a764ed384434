/* The decoder for inference: the step of decoder.h from weights that are made ready once. Word
 * vectors are read where they lie; each matrix is one product for all rows of a step. A word's
 * product with the input weights is computed once for all the steps that say it, and an image's
 * once for all the steps that see it: where both are one step's input, their products are added.
 * What a row gives does not depend on the rows beside it, to the last bit.
 *
 *     struct inference_decoder *decoder = inference_decoder_new(&model->decoder, &weights,
 *                                                               PRECISION_F32, error);
 *     struct inference_step *step = inference_step_new(decoder, rows, error);
 *     inference_decoder_project_image(decoder, features, photos, scratch, vectors, images, tags);
 *     inference_decoder_step(decoder, n, inputs, added, images, states, logits, step);
 */
#ifndef CAPTION_MODEL_INFERENCE_DECODER_H
#define CAPTION_MODEL_INFERENCE_DECODER_H

#include "model/decoder.h"
#include "model/weights.h"
#include "nn/precision.h"

/* Packs the matrices, in bfloat16 for any precision but PRECISION_F32: a state lies between -1 and
 * 1 without bounds of its own for each unit that bytes would need. `decoder` must stay, and of the
 * weights the block or the file in which the word vectors lie. Only read from then on, and shared
 * by threads. NULL with `error` set when a number is not finite or memory is short. */
struct inference_decoder;
struct inference_decoder *inference_decoder_new(const struct decoder *decoder,
                                                const struct weights *weights,
                                                enum precision precision, caption_error *error);
void inference_decoder_free(struct inference_decoder *decoder);

/* Has photos described in a style from now on; before threads share it. STYLE_NONE is where a new
 * one begins. */
bool inference_decoder_set_style(struct inference_decoder *decoder, const struct weights *weights,
                                 size_t style, caption_error *error);

/* features (count, F) to input vectors x_1 (count, E), what the input weights make of those
 * without the bias, images (count, P), and the logits of the word head, tags (count, K). scratch
 * (count, inference_decoder_project_image_scratch()). */
void inference_decoder_project_image(const struct inference_decoder *decoder, const float *features,
                                     size_t count, float *scratch, float *vectors, float *images,
                                     float *tags);
size_t inference_decoder_project_image_scratch(const struct inference_decoder *decoder);

/* Scratch for steps of up to `rows` rows, of the same decoder: it remembers words. */
struct inference_step;
struct inference_step *inference_step_new(const struct inference_decoder *decoder, size_t rows,
                                          caption_error *error);
void inference_step_free(struct inference_step *step);

/* One time step for n <= rows rows. inputs[i]: a word's number, or DECODER_VECTOR - j for the
 * vector of row j of `images` (., P), or DECODER_NOTHING. added[i]: DECODER_VECTOR - j for a vector
 * that is added to the input, or DECODER_NOTHING; NULL: none anywhere. states (n, S) are replaced
 * by the next ones (zero them for a new sequence). logits (n, V), or NULL where they are not
 * wanted. */
void inference_decoder_step(const struct inference_decoder *decoder, size_t n,
                            const int32_t *inputs, const int32_t *added, const float *images,
                            float *states, float *logits, struct inference_step *step);

#endif
