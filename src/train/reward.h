/* The reward of a sampled caption in self-critical training: CIDEr-D against the captions of its
 * photo, with the document frequencies of all training photos (Rennie et al., Self-critical
 * sequence training for image captioning, 2017), plus weighted BLEU-4.
 *
 * <end> counts as a word, in the references and in the sampled captions. Without it a caption that
 * breaks off ("a man on a") is not penalised, and training exploits that.
 */
#ifndef CAPTION_TRAIN_REWARD_H
#define CAPTION_TRAIN_REWARD_H

#include "eval/metrics.h"
#include "model/decoder.h"
#include "text/vocabulary.h"
#include "train/train_data.h"

struct reward;

/* Rewards for captions of photos[count]: CIDEr-D plus `bleu` times BLEU-4, each on coco-caption's
 * scale of 0..1. An <unk> in a reference is a word unlike any other. NULL with `error` set.
 * Read-only afterwards, so threads may share it. */
struct reward *reward_new(const struct captions_part *photos, size_t count, double bleu,
                          caption_error *error);
void reward_free(struct reward *reward);

/* The reward of words[count], with or without <end>, for the photo at place `photo` of the
 * list. The scratch is for at least count + 1 words. */
double reward_of(const struct reward *reward, size_t photo, const int32_t *words, size_t count,
                 bool ended, struct ngrams_scratch *scratch);

/* Captions sampled from a decoder during training: several for each photo, word by word from the
 * distribution whose gradient is taken. Nothing is masked, not even <unk> or an empty caption: what
 * is never sampled is never penalised, and its probability would grow. */

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
