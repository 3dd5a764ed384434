/* The decoder for inference: the step of decoder.h with weights that are packed once. Word vectors
 * are read in place; each matrix is one product for all rows of a step. A word's product with the
 * input weights is computed once for all steps with that word, and an image's once for all steps
 * with that image: if a step's input is both, their products are added. A row's result does not
 * depend on the other rows, to the last bit.
 *
 *     struct inference_decoder *decoder = inference_decoder_new(&model->decoder, &weights,
 *                                                               PRECISION_F32, error);
 *     struct inference_step *step = inference_step_new(decoder, rows, &arena, error);
 *     inference_decoder_project_image(decoder, &images);
 *     inference_decoder_step(decoder, &inputs, states, logits, step);
 */
#ifndef CAPTION_INFER_INFERENCE_DECODER_H
#define CAPTION_INFER_INFERENCE_DECODER_H

#include "base/memory.h"
#include "base/threads.h"
#include "infer/low_precision.h"
#include "model/decoder.h"
#include "model/model.h"

/* Packs the matrices, in float or bfloat16 (precision_of_decoder): states lie between -1 and 1 but
 * have no range for each unit, which whole numbers would need. `decoder` must remain valid, and so
 * must the weights' block or file with the word vectors. The result is read-only and may be shared
 * by threads. NULL with `error` set when a number is not finite or memory is short. */
struct inference_decoder;
struct inference_decoder *inference_decoder_new(const struct decoder *decoder,
                                                const struct weights *weights,
                                                enum precision precision, caption_error *error);
void inference_decoder_free(struct inference_decoder *decoder);

/* All that was packed and the style, for packed_file_write. */
const struct arena *inference_decoder_weights(const struct inference_decoder *decoder);

/* Sets the caption style, before threads share the decoder. The initial style is STYLE_NONE. */
bool inference_decoder_set_style(struct inference_decoder *decoder, const struct weights *weights,
                                 size_t style, caption_error *error);

/* Images to be projected. */
struct inference_images {
    size_t count;
    const float *features; /* (count, F); NULL, which stands for no photo: the mean of the training
                              photos' (u = 0 in decoder.h) */
    float *vectors;        /* (count, E): the input vectors x_1 */
    float *products;       /* (count, P): theirs with the input weights, without the bias */
    float *tags;           /* (count, K): logits of the word head */
    float *scratch;        /* (count, inference_decoder_project_image_scratch()) */
    struct threads *threads; /* they share the products; NULL: the caller alone; borrowed */
};

/* Writes vectors, products and tags. */
void inference_decoder_project_image(const struct inference_decoder *decoder,
                                     const struct inference_images *images);
size_t inference_decoder_project_image_scratch(const struct inference_decoder *decoder);

/* Workspace for steps of up to `rows` rows of the same decoder, which lies in the arena; it caches
 * words' products. NULL with `error` set when memory is short. */
struct inference_step;
struct inference_step *inference_step_new(const struct inference_decoder *decoder, size_t rows,
                                          struct arena *arena, caption_error *error);

/* From now on the threads share each step's large products; they are borrowed. Not to be called
 * from inside their work. */
void inference_step_share(struct inference_step *step, struct threads *threads);

/* One time step. inputs->vectors are the products of images, (., P). states (rows, S) are replaced
 * by the next ones (zero them for a new sequence). logits (rows, V), or NULL if not needed. */
void inference_decoder_step(const struct inference_decoder *decoder,
                            const struct decoder_inputs *inputs, float *states, float *logits,
                            struct inference_step *step);

#endif
