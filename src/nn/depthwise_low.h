/* Depthwise convolution of depthwise_strip.h on the activations of packed_low.h: bfloat16 numbers
 * or bytes are read and written, weights and sums are floats. The processor's own instructions
 * where it has them, plain C otherwise. */
#ifndef CAPTION_NN_DEPTHWISE_LOW_H
#define CAPTION_NN_DEPTHWISE_LOW_H

#include "nn/packed_low.h"

/* Strides are in numbers. */
struct depthwise_low {
    enum packed_low_type type; /* of input and output: BF16 or BYTES */
    size_t kernel, stride;     /* 3 or 5, 1 or 2 */
    size_t rows, columns;      /* of the output */
    size_t channels;           /* a multiple of PACKED_LOW_PANEL */
    const void *input;
    const size_t *lines; /* as in depthwise_strip.h */
    size_t line_stride, input_stride;
    const float *weight; /* (kernel, kernel, channels) */
    size_t weight_stride;
    const float *bias; /* (channels); ReLU6 follows */
    void *output;      /* (rows, columns, channels) */
    size_t output_stride;
};

void depthwise_low(const struct depthwise_low *strip);

/* The same in plain C, to a rounding of the last step. */
void depthwise_low_plain(const struct depthwise_low *strip);

#endif
