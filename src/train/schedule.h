/* The learning rate over one phase of training: a linear warm-up, then half a cosine down to zero
 * (Loshchilov and Hutter, 2017). */
#ifndef CAPTION_TRAIN_SCHEDULE_H
#define CAPTION_TRAIN_SCHEDULE_H

#include <stddef.h>

/* Factor in (0, 1] for step `step` of `steps` (counted from 0); `warmup` is a share of the steps.
 */
float schedule_factor(size_t step, size_t steps, float warmup);

#endif
