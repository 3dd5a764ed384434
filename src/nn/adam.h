/* Adam (Kingma and Ba, 2015) with decoupled weight decay (AdamW, Loshchilov and Hutter, 2019), in
 * one pass over memory. */
#ifndef CAPTION_NN_ADAM_H
#define CAPTION_NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/simd.h"

struct adam {
    real rate;           /* learning rate of this step */
    real beta1, beta2;   /* decay of the moments: 0.9, 0.999 */
    real epsilon;        /* 1e-8 */
    real weight_decay;   /* values shrink by rate * weight_decay; 0: no decay */
    uint64_t step;       /* counts from 1: for the correction of the moments' bias */
    real gradient_scale; /* gradients are multiplied by this first: clipping by norm */
};

/* Updates `count` values and their two moments from their gradients. */
void adam_update(const struct adam *adam, size_t count, const real *gradients, real *values,
                 real *first, real *second);

#endif
