#include "nn/adam.h"

#include <math.h>

#include "base/simd.h"

#ifdef CAPTION_DOUBLE
#define SQUARE_ROOT sqrt
#else
#define SQUARE_ROOT sqrtf
#endif

SIMD_KERNEL(static, void, update,
            (size_t count, real rate, real keep, real beta1, real beta2, real epsilon, real scale,
             const real *restrict gradients, real *restrict values, real *restrict first,
             real *restrict second),
            (count, rate, keep, beta1, beta2, epsilon, scale, gradients, values, first, second)) {
    for (size_t i = 0; i < count; i++) {
        real gradient = gradients[i] * scale;
        real m = first[i] = beta1 * first[i] + (1 - beta1) * gradient;
        real v = second[i] = beta2 * second[i] + (1 - beta2) * gradient * gradient;
        values[i] = keep * values[i] - rate * m / (SQUARE_ROOT(v) + epsilon);
    }
}

void adam_update(const struct adam *adam, size_t count, const real *gradients, real *values,
                 real *first, real *second) {
    /* The bias corrections of both moments, folded into rate and epsilon. */
    double step = (double)adam->step;
    double correction1 = 1 - pow((double)adam->beta1, step);
    double correction2 = sqrt(1 - pow((double)adam->beta2, step));
    real rate = (real)((double)adam->rate * correction2 / correction1);
    real epsilon = (real)((double)adam->epsilon * correction2);
    real keep = 1 - adam->rate * adam->weight_decay;
    update(count, rate, keep, adam->beta1, adam->beta2, epsilon, adam->gradient_scale, gradients,
           values, first, second);
}
