/* Losses beside the cross-entropy of words (nn/softmax.h), each with its gradient. */
#ifndef CAPTION_TRAIN_LOSSES_H
#define CAPTION_TRAIN_LOSSES_H

#include <stddef.h>

#include "base/simd.h"
#include "text/content.h"
#include "train/text.h"

/* The loss of the word head. The label of a tag is whether a caption of the photo contains it.
 * The loss is the binary cross entropy, in nats, as that of words (Yao et al., Boosting image
 * captioning with attributes, 2017). A tag that no caption names may still be in the photo:
 * negative labels have weight 1 with five captions or more, and n / 5 with n fewer. */

/* labels[tags->count]: 1 where a caption of `captions` names the tag, else 0. */
void tag_labels(const struct tag_words *tags, const struct captions_part *photo, uint8_t *labels);

/* The weight of an unnamed tag for a photo with this number of captions. */
real tag_absence(size_t captions);

/* The loss of a photo whose tags have the given probabilities [count]. d_logits [count]: its
 * derivative by their logits, times `scale`. */
double tag_loss(size_t count, const real *probabilities, const uint8_t *labels, real absence,
                real scale, real *d_logits);

/* The ranking loss of search: a photo and its sentence lie nearer to each other than to what else
 * is in the mini-batch, by a margin m. With s_ij the cosine of photo i and sentence j, the loss of
 * a pair is
 *
 *     T log(1 + sum over j of exp((m + s_ij - s_ii) / T))     a photo, sentences of other photos
 *   + T log(1 + sum over j of exp((m + s_ji - s_ii) / T))     a sentence, other photos
 *
 * (Yang et al., Improving multilingual sentence embedding using bi-directional dual encoder with
 * additive margin softmax, 2019). For T to 0 it is max(m + s_ij - s_ii, 0) of the hardest negative
 * j alone (Faghri, Fleet, Kiros and Fidler, VSE++: improving visual-semantic embeddings with hard
 * negatives, 2018). Above, the other hard ones count as well, by how hard they are, so a random
 * start does not collapse and far fewer epochs are enough (weights/EXPERIMENTS.md). */

struct ranking_pairs {
    size_t count, size;             /* B, D */
    const real *photos, *sentences; /* (B, D): unit vectors; row i of both is a pair */
    const size_t *ids; /* [B]: of the photos; pairs of one photo are no negatives of each other */
    real *scratch;     /* (2, B, B) */
};

struct ranking_scale {
    double margin, temperature; /* m; T, above 0 */
};

/* The loss, as a mean over pairs. Writes its derivatives d_photos and d_sentences (B, D). */
double ranking_loss(const struct ranking_pairs *pairs, const struct ranking_scale *scale,
                    real *d_photos, real *d_sentences);

#endif
