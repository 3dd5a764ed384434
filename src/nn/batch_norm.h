/* Batch normalisation (Ioffe and Szegedy, 2015): every channel of a batch of maps is normalised to
 * mean 0 and variance 1, then scaled and shifted by learned numbers. Training uses the mean and
 * variance of the batch, which take part in the gradient. Inference uses running statistics, which
 * batch_norm_fold folds into the preceding convolution. */
#ifndef CAPTION_NN_BATCH_NORM_H
#define CAPTION_NN_BATCH_NORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/simd.h"

struct batch_norm {
    size_t channels;
    bool relu6;                  /* apply max(0, min(6, x)) in the store */
    const real *scale, *shift;   /* (channels), learned */
    const real *mean, *variance; /* (channels) */
};

/* Mean and variance (divided by the number of pixels) of every channel of input (pixels, channels);
 * pixels > 0. In two passes: the mean of the squares less the square of the mean would lose every
 * digit of a channel whose mean is large. */
void batch_norm_statistics(size_t pixels, size_t channels, const real *input, real *mean,
                           real *variance);

/* output (pixels, channels) = (input - mean) / sqrt(variance + 1e-5) scale + shift, plus residual
 * (pixels, channels) if not NULL, through ReLU6 if the layer has it. output may be input. */
void batch_norm_forward(const struct batch_norm *layer, size_t pixels, const real *input,
                        const real *residual, real *output);

/* Backward through a forward whose mean and variance were those of `input`. d_output is masked in
 * place where ReLU6 was flat (output is what forward stored). Adds to d_scale and d_shift; writes
 * d_input, which may be the same array as input. */
void batch_norm_backward(const struct batch_norm *layer, size_t pixels, const real *input,
                         const real *output, real *d_output, real *d_input, real *d_scale,
                         real *d_shift);

/* The normalisation of one channel as x * factor + bias: the factor for the weights of the
 * preceding convolution, and its bias. */
void batch_norm_fold(const struct batch_norm *layer, size_t channel, real *factor, real *bias);

#endif
