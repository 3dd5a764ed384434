/* Mean over the pixels of a map. */
#ifndef CAPTION_NN_POOLING_H
#define CAPTION_NN_POOLING_H

#include <stddef.h>

#include "base/real.h"

/* maps (count, pixels, channels) to means (count, channels). */
void pooling_forward(size_t count, size_t pixels, size_t channels, const real *maps, real *means);

/* d_maps (count, pixels, channels) is written. */
void pooling_backward(size_t count, size_t pixels, size_t channels, const real *d_means,
                      real *d_maps);

#endif
