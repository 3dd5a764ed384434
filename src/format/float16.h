/* The two 16-bit number types of model files, to and from float: F16 (IEEE 754 binary16) and BF16
 * (the upper half of a float). Numbers in bytes are little-endian and need no alignment. */
#ifndef CAPTION_FORMAT_FLOAT16_H
#define CAPTION_FORMAT_FLOAT16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* out[count] from 2 * count bytes, exactly. False when a number is not finite (all are converted).
 */
bool float16_to_floats(const uint8_t *bytes, size_t count, float *out);
bool float16_brain_to_floats(const uint8_t *bytes, size_t count, float *out);

/* 2 * count bytes from in[count], rounded to nearest, ties to even. Nothing saturates: false when a
 * number is not finite or rounds to more than the largest finite one (65504 in F16), because silent
 * clipping would change the model; *bad is then the index of the first such number. */
bool float16_from_floats(const float *in, size_t count, uint8_t *bytes, size_t *bad);
bool float16_brain_from_floats(const float *in, size_t count, uint8_t *bytes, size_t *bad);

#endif
