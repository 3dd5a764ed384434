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
#ifndef CAPTION_TRAIN_RANKING_LOSS_H
#define CAPTION_TRAIN_RANKING_LOSS_H

#include <stddef.h>

#include "base/real.h"

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
