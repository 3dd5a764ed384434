/* What a model's weights are made into before the first photo: the decoder's side, in a plan, and
 * the encoder's. */
#ifndef CAPTION_DECODE_READY_H
#define CAPTION_DECODE_READY_H

#include <stddef.h>

#include "decode/decode.h"
#include "model/inference_encoder.h"

struct ready {
    struct decode_plan *plan;
    struct inference_encoder *encoder;
};

/* Makes both, side by side where there are two threads: each takes about as long as a third of a
 * photo, which is what one photo alone waits for. False with `error` set as decode_plan_new and
 * inference_encoder_new do. Holds on to `model`. Freed with ready_free. */
bool ready_make(struct ready *ready, const struct model *model, const caption_options *options,
                size_t threads, caption_error *error);
void ready_free(struct ready *ready);

#endif
