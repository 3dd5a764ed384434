/* Numbers narrower than float, which inference computes in.
 *
 * bfloat16 is the upper half of a float, rounded to nearest, to even.
 *
 * Bytes are steps of a scale. Activations behind ReLU6 lie in 0..6, so theirs is always 6 / 255 and
 * nothing has to be measured beforehand. Others have a range for each line of a map: what byte 0
 * stands for and what a step is, from the smallest and the largest number of the line. */
#ifndef CAPTION_NN_NARROW_H
#define CAPTION_NN_NARROW_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/precision.h"

/* x = offset + scale * byte */
struct narrow_range {
    float scale, offset;
};

#define NARROW_STEP (6.0F / 255)         /* of activations behind ReLU6 */
#define NARROW_STEPS_OF_ONE (255.0F / 6) /* its inverse */

static inline uint16_t narrow_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float narrow_bf16_float(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bytes of a row of `channels` numbers, a multiple of 16, as the left matrix of a product: of
 * PRECISION_INT8 the row's range lies behind the numbers, at narrow_range_at(channels). */
size_t narrow_row_bytes(enum precision precision, size_t channels);
static inline size_t narrow_range_at(size_t channels) {
    return channels;
}

/* A line of `pixels` rows of floats as rows of a product. */
void narrow_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                 void *rows);

#endif
