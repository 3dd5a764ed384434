/* Which photos an epoch shows, and how often: each data set has a share of its own. Internal to
 * this room. */
#ifndef CAPTION_TRAIN_EPOCH_PLAN_H
#define CAPTION_TRAIN_EPOCH_PLAN_H

#include "base/random.h"

/* Photos [first, first + count), each shown `repeat` times an epoch. What is left of `repeat`
 * beyond whole times shows some of them once more, at least one: the next ones of a circle in which
 * all stand in an order of the seed, so that all get their turn. */
struct epoch_share {
    size_t first, count;
    float repeat;
};

/* How often an epoch shows photos of a share: the same in every epoch. */
size_t epoch_plan_showings(const struct epoch_share *share);

/* Draws the circle of a share into turns[first .. first + count). */
void epoch_plan_turns(const struct epoch_share *share, struct random random, size_t *turns);

/* Lists what an epoch (from 0) shows of a share, in the order of the photos: showing `copy` (from
 * 0) of photo `index` is number copy * stride + index, `stride` being larger than every index.
 * Returns how many there are. */
size_t epoch_plan_fill(const struct epoch_share *share, const size_t *turns, size_t epoch,
                       size_t stride, size_t *showings);

#endif
