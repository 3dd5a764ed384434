/* Exponential, logistic function and hyperbolic tangent that the compiler can vectorise inside a
 * loop; libm's cannot be. Float: error below 2 units in the last place for exp, below 2e-7 absolute
 * for the others. Double builds use libm. */
#ifndef CAPTION_NN_MATH_H
#define CAPTION_NN_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "nn/real.h"
#include "nn/simd.h"

#ifdef CAPTION_DOUBLE

SIMD_INLINE real math_exp(real x) {
    return exp(x);
}

#else

/* x = n ln 2 + r with |r| <= ln 2 / 2; e^x = 2^n e^r with e^r by its series to the sixth power
 * (Cephes' scheme). Clamped to the range of normal floats. */
SIMD_INLINE real math_exp(real x) {
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float shifted = x * 1.44269504f + round;
    float n = shifted - round;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits, exponent;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&exponent, &shifted, sizeof exponent);
    /* The low bits of `shifted` are n; what the shift drops is the rounding constant. */
    bits = (int32_t)((uint32_t)bits + ((uint32_t)exponent << 23));
    memcpy(&p, &bits, sizeof p);
    return p;
}

#endif

SIMD_INLINE real math_sigmoid(real x) {
    return 1 / (1 + math_exp(-x));
}

SIMD_INLINE real math_tanh(real x) {
    real e = math_exp(-2 * (x < 0 ? -x : x));
    real t = (1 - e) / (1 + e);
    return x < 0 ? -t : t;
}

#endif
