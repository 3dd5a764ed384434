/* Captions sampled from a decoder during training: several for each photo, word by word from the
 * distribution whose gradient is taken. Nothing is masked, not even <unk> or an empty caption: what
 * is never sampled is never penalised, and its probability would grow. */
#ifndef CAPTION_TRAIN_ROLLOUT_H
#define CAPTION_TRAIN_ROLLOUT_H

#include "model/decoder.h"

struct rollout_caption {
    int32_t *words; /* [count], owned by the rollout */
    size_t count;
    bool ended; /* by <end>, not by the limit of words */
};

struct rollout;

/* For up to `rows` captions of at most `longest` words. */
struct rollout *rollout_new(const struct decoder *decoder, size_t rows, size_t longest,
                            caption_error *error);
void rollout_free(struct rollout *rollout);

/* Draws `samples` captions for each row of vectors (photos, E): caption s of photo p is number
 * p * samples + s of those returned, which live until the next call. */
const struct rollout_caption *rollout_draw(struct rollout *rollout,
                                           const struct parameters *parameters, const real *vectors,
                                           size_t photos, size_t samples, struct random *random);

#endif
