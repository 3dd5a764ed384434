/* The ranking loss of search: a photo and its sentence lie nearer to each other than to what else
 * is in the mini-batch, by a margin. With s_ij the cosine of photo i and sentence j,
 *
 *     sum over i of  max over j (margin + s_ij - s_ii, 0)     a photo, sentences of other photos
 *                 +  max over j (margin + s_ji - s_ii, 0)     a sentence, other photos
 *
 * which counts the hardest negative alone (Faghri, Fleet, Kiros and Fidler, VSE++: improving
 * visual-semantic embeddings with hard negatives, 2018). A random start may collapse under it; with
 * the mean over j in place of the maximum it does not (Kiros et al., 2014). */
#ifndef CAPTION_TRAIN_RANKING_LOSS_H
#define CAPTION_TRAIN_RANKING_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"

struct ranking_pairs {
    size_t count, size;             /* B, D */
    const real *photos, *sentences; /* (B, D): unit vectors; row i of both is a pair */
    const size_t *ids; /* [B]: of the photos; pairs of one photo are no negatives of each
                          other */
    real *scratch;     /* (2, B, B) */
};

/* The loss, as a mean over pairs. Writes its derivatives d_photos and d_sentences (B, D). */
double ranking_loss(const struct ranking_pairs *pairs, real margin, bool hardest, real *d_photos,
                    real *d_sentences);

#endif
