/* The learning rate over one phase of training: a linear warm-up, then half a cosine down to zero
 * (Loshchilov and Hutter, 2017). */
#ifndef CAPTION_TRAIN_SCHEDULE_H
#define CAPTION_TRAIN_SCHEDULE_H

#include <stddef.h>

#include "base/random.h"

/* Factor in (0, 1] for step `step` of `steps` (counted from 0); `warmup` is a share of the steps.
 */
float schedule_factor(size_t step, size_t steps, float warmup);

/* Which photos an epoch shows, and how often: each data set has a share of its own. Internal to
 * src/train. */

/* Photos [first, first + count), each shown `repeat` times an epoch. The fraction of `repeat` shows
 * some photos, at least one, once more: the next ones of a cyclic order drawn from the seed, so
 * every photo gets its turn. */
struct epoch_share {
    size_t first, count;
    float repeat;
};

/* Number of showings of a share in an epoch; the same in every epoch. */
size_t epoch_plan_showings(const struct epoch_share *share);

/* Draws the cyclic order of a share into turns[first .. first + count). */
void epoch_plan_turns(const struct epoch_share *share, struct random random, size_t *turns);

/* Lists the showings of a share in an epoch (counted from 0), in the order of the photos: showing
 * `copy` (from 0) of photo `index` is number copy * stride + index, `stride` being larger than
 * every index. Returns how many there are. */
size_t epoch_plan_fill(const struct epoch_share *share, const size_t *turns, size_t epoch,
                       size_t stride, size_t *showings);

/* Shuffles showings as a buffer of that many does, through which they pass in their order: each
 * place gets one of the next `buffer` that are left, so none comes more than buffer - 1 places
 * early. What lies one behind the other in a file is then read nearly so. */
void epoch_plan_shuffle(struct random *random, size_t *showings, size_t count, size_t buffer);

#endif
