/* Dropout (Srivastava et al., 2014), inverted: the remaining values are scaled up, so that
 * inference does nothing. */
#ifndef CAPTION_NN_DROPOUT_H
#define CAPTION_NN_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/real.h"

/* Draws a mask: 0 with probability `rate` (in [0, 1)), else 1. */
void dropout_draw(struct random *random, float rate, size_t count, uint8_t *mask);

/* values = values * mask / (1 - rate); forward and backward alike. */
void dropout_apply(float rate, size_t count, const uint8_t *mask, real *values);

#endif
