/* Matrices of a model made ready for products of inference. */
#ifndef CAPTION_MODEL_WEIGHTS_PACK_H
#define CAPTION_MODEL_WEIGHTS_PACK_H

#include "model/weights.h"
#include "nn/packed.h"

/* Packs tensors `weight` (outputs, inputs) and `bias` (outputs) in the arena's memory. False when a
 * number is not finite or memory is short. */
bool weights_pack(const struct weights *weights, size_t weight, size_t bias, struct arena *arena,
                  struct packed *matrix, caption_error *error);

#endif
