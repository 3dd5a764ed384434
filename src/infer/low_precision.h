/* Low-precision numbers for inference: bfloat16 and int8.
 *
 * bfloat16 is the upper half of a float, rounded to nearest, to even.
 *
 * An int8 number is a count of steps, of which a byte has 255. Activations after ReLU6 lie in 0..6,
 * so their step is always 6 / 255 and no calibration is needed. Other activations have a range for
 * each line of a map, from the line's smallest and largest number: the value of byte 0 and the size
 * of a step. Where the processor does not multiply bytes, a number takes 16 bits, so that nothing
 * need be widened, and has 4095 steps, which costs no time. */
#ifndef CAPTION_INFER_LOW_PRECISION_H
#define CAPTION_INFER_LOW_PRECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The number types of the large products of inference. Sums are float in all of them. */
enum precision {
    PRECISION_F32,
    PRECISION_BF16, /* bfloat16, the upper half of a float */
    PRECISION_INT8  /* int8 with a scale */
};

/* The fastest type on this processor with nearly the same captions as float: bfloat16 or float. It
 * is never int8, which changes one caption in six where the processor multiplies bytes (with equal
 * scores), and one in seventy elsewhere. */
enum precision precision_best(void);

/* x = offset + scale * byte */
struct int8_range {
    float scale, offset;
};

/* The largest number, by the bytes that it takes. Of activations after ReLU6 it is 6. */
enum { INT8_STEPS = 255, INT8_WIDE_STEPS = 4095 };
static inline float int8_steps(size_t bytes) {
    return bytes == 1 ? INT8_STEPS : INT8_WIDE_STEPS;
}
static inline float int8_step(size_t bytes) {
    return 6 / int8_steps(bytes);
}

static inline uint16_t float_to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bf16_to_float(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bytes of a number: 1 or 2. */
size_t low_precision_bytes(enum precision precision);

/* Bytes of a row of `channels` numbers, a multiple of 16, as the left matrix of a product: in
 * PRECISION_INT8 the row's range follows the numbers, at int8_range_at(channels). */
size_t low_precision_row_bytes(enum precision precision, size_t channels);
size_t int8_range_at(size_t channels);

/* Converts a line of `pixels` rows of floats to rows of a product. */
void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows);

#endif
