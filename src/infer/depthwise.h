/* Depthwise convolution for inference: a few rows of the output at once, from padded lines of the
 * input in any order, as in a ring. Channels are processed a vector at a time down all rows, so
 * that inputs shared by neighbouring rows stay in the first-level cache, and those shared by
 * neighbouring columns in registers.
 *
 * All numbers are floats or, of low precision (see low_precision.h), whole numbers of 16 bits: an
 * input of 15 bits (WIDE_ACTIVATION is 6) times a weight is rounded to 16 bits by one instruction,
 * and the sum is one of steps that are as fine as its channel allows. */
#ifndef CAPTION_INFER_DEPTHWISE_H
#define CAPTION_INFER_DEPTHWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/simd_level.h"

enum { DEPTHWISE_CHANNELS = 16 };

/* How a number is stored. */
enum depthwise_numbers {
    DEPTHWISE_FLOATS,
    DEPTHWISE_WIDE,  /* whole numbers of 16 bits */
    DEPTHWISE_BYTES, /* the same, outputs in bytes */
    DEPTHWISE_BF16,  /* the same, outputs as bfloat16 */
    DEPTHWISE_NUMBERS
};

/* Strides are in numbers: from one line of the input to the next, from one pixel to the next, from
 * one tap to the next. */
struct depthwise {
    enum depthwise_numbers numbers;
    size_t kernel, stride; /* 3 or 5, 1 or 2 */
    size_t rows, columns;  /* of the output */
    size_t channels;       /* a multiple of DEPTHWISE_CHANNELS */
    const void *input;
    const size_t *lines; /* [(rows - 1) * stride + kernel]: index in the input of each row that the
                            outputs need, of (columns - 1) * stride + kernel pixels */
    size_t line_stride, input_stride;
    const void *weight; /* (kernel, kernel, channels): floats or int16_t */
    size_t weight_stride;
    const void *bias;                 /* (channels), the same */
    const int16_t *most;              /* (channels): the sum that is 6; not of DEPTHWISE_FLOATS */
    const int16_t *multiple, *factor; /* (channels), DEPTHWISE_BYTES: a sum times both / 2^15 is its
                                         byte; else NULL */
    bool relu6;                       /* of floats; the others always go through ReLU6 */
    void *output;                     /* (rows, columns, channels) */
    size_t output_stride;
};

void depthwise(const struct depthwise *strip);

/* Weights (taps, channels) and biases (channels) as whole numbers. `most` is at most
 * INT16_STEPS, and such that sums of 16 bits hold whatever the inputs are. */
struct depthwise_wide {
    int16_t *most, *bias, *weight;
};
void depthwise_widen(size_t taps, size_t channels, const float *weight, const float *bias,
                     const struct depthwise_wide *wide);

/* A channel's multiple and factor for DEPTHWISE_BYTES: `most` becomes INT8_STEPS. */
void depthwise_to_bytes(int16_t most, int16_t *multiple, int16_t *factor);

/* The same with a given instruction set, which this processor must have; for tests and
 * benchmarks. */
void depthwise_by(enum simd_level level, const struct depthwise *strip);

#endif
