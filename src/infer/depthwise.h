/* Depthwise convolution for inference: a few rows of the output at once, from padded lines of the
 * input in any order, as in a ring. Channels are processed a vector at a time down all rows, so
 * that inputs shared by neighbouring rows stay in the first-level cache, and those shared by
 * neighbouring columns in registers.
 *
 * Inputs and outputs are floats, or low-precision activations (see low_precision.h). Sums and
 * weights are float. */
#ifndef CAPTION_INFER_DEPTHWISE_H
#define CAPTION_INFER_DEPTHWISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/simd_level.h"

enum { DEPTHWISE_CHANNELS = 16 };

/* How a number is stored. */
enum depthwise_numbers {
    DEPTHWISE_FLOATS,
    DEPTHWISE_BF16,
    DEPTHWISE_BYTES, /* int8 in one byte */
    DEPTHWISE_WIDE,  /* int8 in two */
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
    const float *weight; /* (kernel, kernel, channels) */
    size_t weight_stride;
    const float *bias; /* (channels); for int8 in steps, of int8_step(bytes) */
    bool relu6;        /* of floats; low-precision outputs always go through ReLU6 */
    void *output;      /* (rows, columns, channels) */
    size_t output_stride;
};

void depthwise(const struct depthwise *strip);

/* The same with a given instruction set, which this processor must have; for tests and
 * benchmarks. */
void depthwise_by(enum simd_level level, const struct depthwise *strip);

#endif
