/* The plain-loop twin of batch normalisation, in double, straight from the paper; and the numbers
 * to try both on. */
#ifndef CAPTION_TESTS_BATCH_NORM_TWIN_H
#define CAPTION_TESTS_BATCH_NORM_TWIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "nn/batch_norm.h"

struct norm_twin {
    size_t pixels, channels, count;
    bool relu6;
    real *input, *residual, *scale, *shift, *d_output; /* what goes in */
    real *mean, *variance, *output, *masked, *d_input; /* what comes out of the layer */
    real *d_scale, *d_shift;                           /* and is added to */
    double *twin_mean, *twin_variance, *twin_output;   /* what comes out of the plain loops */
    double *twin_d_input, *twin_d_scale, *twin_d_shift;
};

static inline void *norm_twin_zeroed(size_t count, size_t size) {
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

static inline real *norm_twin_random(size_t count, double mean, double deviation,
                                     struct random *random) {
    real *values = norm_twin_zeroed(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (real)(mean + deviation * (double)random_normal(random));
    }
    return values;
}

/* Inputs around `mean`; with a residual or without. */
static inline struct norm_twin norm_twin_new(size_t pixels, size_t channels, bool relu6,
                                             bool residual, double mean) {
    struct norm_twin t = {
        .pixels = pixels, .channels = channels, .count = pixels * channels, .relu6 = relu6};
    struct random random = random_seeded(11, pixels * 100 + channels);
    t.input = norm_twin_random(t.count, mean, 2, &random);
    t.residual = residual ? norm_twin_random(t.count, 0, 1, &random) : NULL;
    t.scale = norm_twin_random(channels, 1, 1, &random);
    t.shift = norm_twin_random(channels, 1, 2, &random);
    t.d_output = norm_twin_random(t.count, 0, 1, &random);
    t.mean = norm_twin_zeroed(channels, sizeof(real));
    t.variance = norm_twin_zeroed(channels, sizeof(real));
    t.output = norm_twin_zeroed(t.count, sizeof(real));
    t.masked = norm_twin_zeroed(t.count, sizeof(real));
    t.d_input = norm_twin_zeroed(t.count, sizeof(real));
    t.d_scale = norm_twin_zeroed(channels, sizeof(real));
    t.d_shift = norm_twin_zeroed(channels, sizeof(real));
    t.twin_mean = norm_twin_zeroed(channels, sizeof(double));
    t.twin_variance = norm_twin_zeroed(channels, sizeof(double));
    t.twin_output = norm_twin_zeroed(t.count, sizeof(double));
    t.twin_d_input = norm_twin_zeroed(t.count, sizeof(double));
    t.twin_d_scale = norm_twin_zeroed(channels, sizeof(double));
    t.twin_d_shift = norm_twin_zeroed(channels, sizeof(double));
    return t;
}

static inline void norm_twin_free(struct norm_twin *t) {
    void *all[] = {t->input,        t->residual,      t->scale,       t->shift,
                   t->d_output,     t->mean,          t->variance,    t->output,
                   t->masked,       t->d_input,       t->d_scale,     t->d_shift,
                   t->twin_mean,    t->twin_variance, t->twin_output, t->twin_d_input,
                   t->twin_d_scale, t->twin_d_shift};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static inline struct batch_norm norm_twin_layer(const struct norm_twin *t) {
    return (struct batch_norm){.channels = t->channels,
                               .relu6 = t->relu6,
                               .scale = t->scale,
                               .shift = t->shift,
                               .mean = t->mean,
                               .variance = t->variance};
}

static inline void norm_twin_layer_forward(struct norm_twin *t) {
    batch_norm_statistics(t->pixels, t->channels, t->input, t->mean, t->variance);
    const struct batch_norm layer = norm_twin_layer(t);
    batch_norm_forward(&layer, t->pixels, t->input, t->residual, t->output);
}

static inline void norm_twin_layer_backward(struct norm_twin *t) {
    const struct batch_norm layer = norm_twin_layer(t);
    for (size_t i = 0; i < t->count; i++) t->masked[i] = t->d_output[i];
    batch_norm_backward(&layer, t->pixels, t->input, t->output, t->masked, t->d_input, t->d_scale,
                        t->d_shift);
}

/* One channel, forward and backward: the equations of the paper, in its order. */
static inline void norm_twin_channel(struct norm_twin *t, size_t c) {
    const double n = (double)t->pixels, scale = (double)t->scale[c];
    double mean = 0, variance = 0, d_variance = 0, d_mean = 0;
    for (size_t i = c; i < t->count; i += t->channels) mean += (double)t->input[i] / n;
    for (size_t i = c; i < t->count; i += t->channels) {
        variance += pow((double)t->input[i] - mean, 2) / n;
    }
    const double deviation = sqrt(variance + 1e-5);
    for (size_t i = c; i < t->count; i += t->channels) {
        const double x = (double)t->input[i] - mean, normal = x / deviation;
        double y = scale * normal + (double)t->shift[c];
        if (t->residual) y += (double)t->residual[i];
        const bool flat = t->relu6 && !(y > 0 && y < 6);
        const double d_y = flat ? 0 : (double)t->d_output[i], d_normal = d_y * scale;
        t->twin_output[i] = t->relu6 ? fmin(fmax(y, 0), 6) : y;
        t->twin_d_scale[c] += d_y * normal;
        t->twin_d_shift[c] += d_y;
        d_variance += d_normal * x * -0.5 * pow(deviation, -3);
        d_mean -= d_normal / deviation;
        t->twin_d_input[i] = d_normal / deviation;
    }
    for (size_t i = c; i < t->count; i += t->channels) {
        t->twin_d_input[i] += d_variance * 2 * ((double)t->input[i] - mean) / n + d_mean / n;
    }
    t->twin_mean[c] = mean;
    t->twin_variance[c] = variance;
}

static inline void norm_twin_run(struct norm_twin *t) {
    for (size_t c = 0; c < t->channels; c++) norm_twin_channel(t, c);
}

#endif
