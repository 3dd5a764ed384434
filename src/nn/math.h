/* Exponential, logistic function and hyperbolic tangent that the compiler can vectorise inside a
 * loop; libm's cannot be. Float: error below 2 units in the last place, 2.5 for the logistic
 * function; the exponential is clamped to e^-87 .. e^88, and the logistic function with it. Double
 * builds use libm. */
#ifndef CAPTION_NN_MATH_H
#define CAPTION_NN_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/simd.h"

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

#ifdef CAPTION_DOUBLE

SIMD_INLINE real math_sigmoid(real x) {
    return 1 / (1 + exp(-x));
}

SIMD_INLINE real math_tanh(real x) {
    return tanh(x);
}

#else

/* Uses the power that is at most 1: the other would double the error. */
SIMD_INLINE real math_sigmoid(real x) {
    float e = math_exp(x < 0 ? x : -x);
    return (x < 0 ? e : 1.0f) / (1 + e);
}

/* Near 0 by its series (Cephes' tanhf), since 1 - 2 / (e^2x + 1) has only its absolute error there;
 * both are computed and one is selected, as in vector code. */
SIMD_INLINE real math_tanh(real x) {
    float size = x < 0 ? -x : x, z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float near = p * z * size + size;
    float far = 1 - 2 / (math_exp(2 * size) + 1);
    float t = size < 0.625f ? near : far;
    return x < 0 ? -t : t;
}

#endif

/* 1 / (1 + e^-x) and its logarithm, in double by libm in every build: for use outside of hot loops.
 * The logarithm is valid for any x. */
static inline double math_logistic(double x) {
    return 1 / (1 + exp(-x));
}

static inline double math_log_logistic(double x) {
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

#endif
