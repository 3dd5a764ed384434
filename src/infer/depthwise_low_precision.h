/* depthwise_strip.h on low-precision activations (see low_precision.h): inputs and outputs are low
 * precision; sums and weights are float. */
#ifndef CAPTION_INFER_DEPTHWISE_LOW_PRECISION_H
#define CAPTION_INFER_DEPTHWISE_LOW_PRECISION_H

#include <stddef.h>

#include "base/simd_level.h"
#include "infer/low_precision.h"

/* Strides are in numbers: see depthwise_strip.h. ReLU6 is always applied. */
struct depthwise_low_precision {
    enum precision precision; /* PRECISION_BF16 or PRECISION_INT8 */
    size_t bytes;             /* of a number: 2 or, int8 only, 1 */
    size_t kernel, stride;    /* 3 or 5, 1 or 2 */
    size_t rows, columns;     /* of the output */
    size_t channels;          /* a multiple of 16 */
    const void *input;
    const size_t *lines;
    size_t line_stride, input_stride;
    const float *weight; /* (kernel, kernel, channels) */
    size_t weight_stride;
    const float *bias; /* (channels); for int8 in steps, of int8_step(bytes) */
    void *output;      /* (rows, columns, channels) */
    size_t output_stride;
};

void depthwise_low_precision(const struct depthwise_low_precision *strip);

/* The same with a given instruction set, which this processor must have; for tests and
 * benchmarks. */
void depthwise_low_precision_by(enum simd_level level, const struct depthwise_low_precision *strip);

#endif
