/* The plain-loop twin of every convolution, in double, straight from the definition; and the
 * numbers to try both on. */
#ifndef CAPTION_TESTS_CONVOLUTION_TWIN_H
#define CAPTION_TESTS_CONVOLUTION_TWIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/random.h"
#include "nn/convolution.h"

enum twin_kind { TWIN_POINTWISE, TWIN_DEPTHWISE, TWIN_STEM };

struct twin {
    enum twin_kind kind;
    struct convolution shape;
    size_t count;
    size_t input_count, weight_count, output_count;
    /* What goes in. */
    real *input, *weight, *bias, *residual, *d_output, *d_input_before;
    /* What comes out of the layer. */
    real *output, *d_output_masked, *d_input, *d_weight, *d_bias, *scratch;
    /* What comes out of the plain loops. */
    double *twin_output, *twin_d_input, *twin_d_weight, *twin_d_bias;
};

static inline void *twin_zeroed(size_t count, size_t size) {
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

static inline real *twin_random(size_t count, double scale, struct random *random) {
    real *values = twin_zeroed(count, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = (real)(scale * (double)random_normal(random));
    return values;
}

static inline struct twin twin_new(enum twin_kind kind, size_t count, size_t size, size_t kernel,
                                   size_t stride, size_t in, size_t out, bool symmetric,
                                   bool relu6) {
    struct twin t = {.kind = kind,
                     .count = count,
                     .shape = {.kernel = kernel,
                               .stride = stride,
                               .in_size = size,
                               .out_size = convolution_out_size(size, stride),
                               .in_channels = in,
                               .out_channels = out,
                               .symmetric = symmetric,
                               .relu6 = relu6}};
    struct random random = random_seeded(7, size * 1000 + kernel * 100 + in);
    t.input_count = count * size * size * in;
    t.output_count = count * t.shape.out_size * t.shape.out_size * out;
    t.weight_count = kernel * kernel * out * (kind == TWIN_DEPTHWISE ? 1 : in);
    t.input = twin_random(t.input_count, 1, &random);
    t.weight = twin_random(t.weight_count, 1, &random);
    t.bias = twin_random(out, 2, &random);
    t.residual = twin_random(t.output_count, 1, &random);
    t.d_output = twin_random(t.output_count, 1, &random);
    t.d_input_before = twin_random(t.input_count, 1, &random);
    t.output = twin_zeroed(t.output_count, sizeof(real));
    t.d_output_masked = twin_zeroed(t.output_count, sizeof(real));
    t.d_input = twin_zeroed(t.input_count, sizeof(real));
    t.d_weight = twin_zeroed(t.weight_count, sizeof(real));
    t.d_bias = twin_zeroed(out, sizeof(real));
    const size_t scratch = kind == TWIN_STEM ? stem_scratch(&t.shape) : depthwise_scratch(&t.shape);
    t.scratch = twin_zeroed(scratch, sizeof(real));
    t.twin_output = twin_zeroed(t.output_count, sizeof(double));
    t.twin_d_input = twin_zeroed(t.input_count, sizeof(double));
    t.twin_d_weight = twin_zeroed(t.weight_count, sizeof(double));
    t.twin_d_bias = twin_zeroed(out, sizeof(double));
    return t;
}

static inline void twin_free(struct twin *t) {
    void *const all[] = {t->input,       t->weight,         t->bias,          t->residual,
                         t->d_output,    t->d_input_before, t->output,        t->d_output_masked,
                         t->d_input,     t->d_weight,       t->d_bias,        t->scratch,
                         t->twin_output, t->twin_d_input,   t->twin_d_weight, t->twin_d_bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static inline size_t twin_weight_place(const struct twin *t, size_t out, size_t in, size_t ky,
                                       size_t kx) {
    const size_t tap = ky * t->shape.kernel + kx;
    switch (t->kind) {
    case TWIN_POINTWISE:
        return out * t->shape.in_channels + in;
    case TWIN_DEPTHWISE:
        return tap * t->shape.out_channels + out;
    default:
        return (tap * t->shape.in_channels + in) * t->shape.out_channels + out;
    }
}

/* Calls the body for every multiply-add of the convolution: output place o, input place i, weight
 * place w. */
typedef void twin_visit(struct twin *t, size_t o, size_t i, size_t w);

static inline void twin_multiply_adds(struct twin *t, twin_visit *visit) {
    const struct convolution *s = &t->shape;
    const size_t reach = (s->out_size - 1) * s->stride + s->kernel;
    const size_t same = reach > s->in_size ? (reach - s->in_size) / 2 : 0;
    const size_t before = s->symmetric ? s->kernel / 2 : same;
    for (size_t o = 0; o < t->output_count; o++) {
        const size_t channel = o % s->out_channels, pixel = o / s->out_channels;
        const size_t x = pixel % s->out_size, y = pixel / s->out_size % s->out_size;
        const size_t n = pixel / s->out_size / s->out_size;
        for (size_t ky = 0; ky < s->kernel; ky++) {
            for (size_t kx = 0; kx < s->kernel; kx++) {
                const size_t iy = y * s->stride + ky, ix = x * s->stride + kx;
                if (iy < before || ix < before) continue;
                if (iy - before >= s->in_size || ix - before >= s->in_size) continue;
                const size_t first =
                    ((n * s->in_size + iy - before) * s->in_size + ix - before) * s->in_channels;
                if (t->kind == TWIN_DEPTHWISE) {
                    visit(t, o, first + channel, twin_weight_place(t, channel, 0, ky, kx));
                    continue;
                }
                for (size_t in = 0; in < s->in_channels; in++) {
                    visit(t, o, first + in, twin_weight_place(t, channel, in, ky, kx));
                }
            }
        }
    }
}

static inline void twin_visit_forward(struct twin *t, size_t o, size_t i, size_t w) {
    t->twin_output[o] += (double)t->input[i] * (double)t->weight[w];
}

static inline void twin_visit_backward(struct twin *t, size_t o, size_t i, size_t w) {
    const double y = t->twin_output[o], d = (double)t->d_output[o];
    if (t->shape.relu6 && !(y > 0 && y < 6)) return;
    t->twin_d_input[i] += d * (double)t->weight[w];
    t->twin_d_weight[w] += d * (double)t->input[i];
}

/* Forward, without the residual, then backward (which adds nothing to what was there). */
static inline void twin_run(struct twin *t) {
    twin_multiply_adds(t, twin_visit_forward);
    for (size_t o = 0; o < t->output_count; o++) {
        double *y = &t->twin_output[o];
        *y += (double)t->bias[o % t->shape.out_channels];
        if (t->shape.relu6) *y = *y < 0 ? 0 : *y > 6 ? 6 : *y;
    }
    twin_multiply_adds(t, twin_visit_backward);
    for (size_t o = 0; o < t->output_count; o++) {
        const double y = t->twin_output[o];
        if (t->shape.relu6 && !(y > 0 && y < 6)) continue;
        t->twin_d_bias[o % t->shape.out_channels] += (double)t->d_output[o];
    }
}

static inline void twin_layer_forward(struct twin *t, const real *residual) {
    const struct convolution *s = &t->shape;
    switch (t->kind) {
    case TWIN_POINTWISE:
        pointwise_forward(s, t->count * s->in_size * s->in_size, t->input, t->weight, t->bias,
                          residual, t->output);
        break;
    case TWIN_DEPTHWISE:
        depthwise_forward(s, t->count, t->input, t->weight, t->bias, t->output, t->scratch);
        break;
    case TWIN_STEM:
        stem_forward(s, t->count, t->input, t->weight, t->bias, t->output, t->scratch);
        break;
    }
}

static inline void twin_layer_backward(struct twin *t, bool accumulate) {
    const struct convolution *s = &t->shape;
    memcpy(t->d_output_masked, t->d_output, t->output_count * sizeof(real));
    if (accumulate) memcpy(t->d_input, t->d_input_before, t->input_count * sizeof(real));
    switch (t->kind) {
    case TWIN_POINTWISE:
        pointwise_backward(s, t->count * s->in_size * s->in_size, t->input, t->weight, t->output,
                           t->d_output_masked, t->d_input, accumulate, t->d_weight, t->d_bias);
        break;
    case TWIN_DEPTHWISE:
        depthwise_backward(s, t->count, t->input, t->weight, t->output, t->d_output, t->d_input,
                           accumulate, t->d_weight, t->d_bias, t->scratch);
        break;
    case TWIN_STEM:
        stem_backward(s, t->count, t->input, t->output, t->d_output_masked, t->d_weight, t->d_bias,
                      t->scratch);
        break;
    }
}

#endif
