/* A model prepared for captioning: its weights packed for the products of inference, the options
 * checked. Made once, then only read, by any number of threads. */
#ifndef CAPTION_DECODE_PREPARED_H
#define CAPTION_DECODE_PREPARED_H

#include <stddef.h>

#include "decode/decode.h"
#include "infer/inference_encoder.h"

struct prepared {
    struct decode_plan *plan; /* and the decoder */
    struct inference_encoder *encoder;
    bool shares; /* the encoder belongs to another */
};

/* Prepares both halves, side by side where there are two threads: each takes about as long as a
 * third of a photo, which is what one photo alone waits for. False with `error` set as
 * decode_plan_new and inference_encoder_new do. Holds on to `model`. Freed with prepared_free. */
bool prepared_init(struct prepared *prepared, const struct model *model,
                   const caption_options *options, size_t threads, caption_error *error);

/* The same for other options, with the weights of `base`, which must stay as long: see
 * decode_plan_with. */
bool prepared_with(struct prepared *prepared, const struct prepared *base,
                   const caption_options *options, caption_error *error);
void prepared_free(struct prepared *prepared);

/* What a captioner of the library is made of, for rooms that share its weights in other ways than a
 * session does. It belongs to the captioner, and is defined where that is, in caption.c. */
const struct prepared *prepared_of(const caption_captioner *captioner);

#endif
