/* Depthwise convolution for inference: a few rows of the output at once, from padded lines of the
 * input in any order, as in a ring. Channels are processed a vector at a time down all rows, so
 * that inputs shared by neighbouring rows stay in the first-level cache, and those shared by
 * neighbouring columns in registers. */
#ifndef CAPTION_INFER_DEPTHWISE_STRIP_H
#define CAPTION_INFER_DEPTHWISE_STRIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/simd_level.h"

enum { DEPTHWISE_CHANNELS = 16 };

/* Strides are in floats: from one line of the input to the next, from one pixel to the next, from
 * one tap to the next. */
struct depthwise_strip {
    size_t kernel, stride; /* 3 or 5, 1 or 2 */
    size_t rows, columns;  /* of the output */
    size_t channels;       /* a multiple of DEPTHWISE_CHANNELS */
    const float *input;
    const size_t *lines; /* [(rows - 1) * stride + kernel]: index in the input of each row that the
                            outputs need, of (columns - 1) * stride + kernel pixels */
    size_t line_stride, input_stride;
    const float *weight; /* (kernel, kernel, channels) */
    size_t weight_stride;
    const float *bias; /* (channels) */
    bool relu6;
    float *output; /* (rows, columns, channels) */
    size_t output_stride;
};

void depthwise_strip(const struct depthwise_strip *strip);

/* The same with a given instruction set, which this processor must have; for tests and
 * benchmarks. */
void depthwise_strip_by(enum simd_level level, const struct depthwise_strip *strip);

#endif
