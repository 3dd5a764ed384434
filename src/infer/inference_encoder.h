/* The encoder for inference: the features of encoder_forward (to a rounding) with weights that are
 * packed once, in less time and memory. Each block (expand, depthwise, project) is computed in
 * strips of rows, so that its expanded activations, most of the network's numbers, stay in the
 * cache.
 *
 *     struct inference_encoder *encoder = inference_encoder_new(&model->encoder, &weights,
 *                                                               PRECISION_F32, error);
 *     struct inference_workspace *workspace = inference_workspace_new(encoder, NULL, error);
 *     inference_encoder_run(encoder, images, count, workspace, features);
 */
#ifndef CAPTION_INFER_INFERENCE_ENCODER_H
#define CAPTION_INFER_INFERENCE_ENCODER_H

#include "base/threads.h"
#include "infer/low_precision.h"
#include "model/encoder.h"
#include "model/model.h"

/* Packs the weights; neither they nor `encoder` are needed after the call. Batch norm (of a model
 * in training, whose weights are a block) is folded. The result is read-only and may be shared by
 * threads. NULL with `error` set when a weight is not finite, the architecture cannot be computed
 * in that precision or memory is short. */
struct inference_encoder;
struct inference_encoder *inference_encoder_new(const struct encoder *encoder,
                                                const struct weights *weights,
                                                enum precision precision, caption_error *error);
void inference_encoder_free(struct inference_encoder *encoder);

/* All that was packed, for packed_file_write. */
const struct arena *inference_encoder_weights(const struct inference_encoder *encoder);

/* Scratch for one thread, or for all of `threads` (NULL: none), which then share every photo: each
 * computes some rows of every map. `threads` must remain valid. NULL with `error` set when memory
 * is short. */
struct inference_workspace;
struct inference_workspace *inference_workspace_new(const struct inference_encoder *encoder,
                                                    struct threads *threads, caption_error *error);
void inference_workspace_free(struct inference_workspace *workspace);

/* images (count, S, S, 3) already scaled, features (count, F). A photo's features do not depend on
 * the other photos. */
void inference_encoder_run(const struct inference_encoder *encoder, const float *images,
                           size_t count, struct inference_workspace *workspace, float *features);

#endif
