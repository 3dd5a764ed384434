/* An encoder with its parameters, a workspace, photos and gradients. */
#ifndef CAPTION_TESTS_ENCODER_FIXTURE_H
#define CAPTION_TESTS_ENCODER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "model/encoder.h"

struct encoder_fixture {
    struct encoder encoder;
    struct parameters parameters;
    struct encoder_workspace *workspace;
    size_t photos, image; /* numbers in one photo */
    real *images, *features, *d_features, *gradients;
};

static inline void *encoder_fixture_zeroed(size_t count) {
    void *memory = calloc(count, sizeof(real));
    assert_non_null(memory);
    return memory;
}

static inline struct encoder_fixture encoder_fixture_make(const char *architecture, size_t size,
                                                          bool batch_norm, size_t photos) {
    struct encoder_fixture f = {.photos = photos, .image = size * size * 3};
    caption_error error = {0};
    if (!encoder_init(&f.encoder, encoder_architecture(architecture), size, batch_norm,
                      &f.parameters, &error) ||
        !parameters_allocate(&f.parameters, &error)) {
        fail_msg("%s", error.message);
    }
    f.workspace = encoder_workspace_new(&f.encoder, photos, ENCODER_TRAINING, &error);
    if (!f.workspace) fail_msg("%s", error.message);
    f.images = encoder_fixture_zeroed(photos * f.image);
    f.features = encoder_fixture_zeroed(photos * f.encoder.features);
    f.d_features = encoder_fixture_zeroed(photos * f.encoder.features);
    f.gradients = encoder_fixture_zeroed(f.parameters.count);
    return f;
}

static inline struct encoder_fixture encoder_fixture_new(const char *architecture, size_t size,
                                                         size_t photos) {
    return encoder_fixture_make(architecture, size, false, photos);
}

/* With batch norm. */
static inline struct encoder_fixture encoder_fixture_learning(const char *architecture, size_t size,
                                                              size_t photos) {
    return encoder_fixture_make(architecture, size, true, photos);
}

static inline void encoder_fixture_free(struct encoder_fixture *f) {
    encoder_free(&f->encoder);
    parameters_free(&f->parameters);
    encoder_workspace_free(f->workspace);
    free(f->images);
    free(f->features);
    free(f->d_features);
    free(f->gradients);
}

/* Adds random numbers to a vector; no variance or scale of 1 is made negative by them. */
static inline void encoder_fixture_shake(struct encoder_fixture *f, size_t index,
                                         struct random *random) {
    real *values = parameters_at(&f->parameters, f->parameters.values, index);
    for (size_t i = 0; i < f->parameters.tensors[index].count; i++) {
        values[i] += (real)(0.9 * (double)random_uniform(random) - 0.45);
    }
}

/* Random weights and biases or batch norms, photos and d_features. */
static inline void encoder_fixture_randomise(struct encoder_fixture *f, uint64_t seed) {
    struct random random = random_seeded(seed, 0);
    encoder_randomise(&f->encoder, &f->parameters, &random);
    for (size_t i = 0; i < f->encoder.layer_count; i++) {
        const struct encoder_layer *layer = &f->encoder.layers[i];
        if (f->encoder.batch_norm) {
            encoder_fixture_shake(f, layer->norm.scale, &random);
            encoder_fixture_shake(f, layer->norm.shift, &random);
            encoder_fixture_shake(f, layer->norm.mean, &random);
            encoder_fixture_shake(f, layer->norm.variance, &random);
            continue;
        }
        real *bias = parameters_at(&f->parameters, f->parameters.values, layer->bias);
        for (size_t c = 0; c < layer->shape.out_channels; c++) {
            bias[c] = (real)(0.5 * (double)random_normal(&random));
        }
    }
    for (size_t i = 0; i < f->photos * f->image; i++) f->images[i] = (real)random_normal(&random);
    for (size_t i = 0; i < f->photos * f->encoder.features; i++) {
        f->d_features[i] = (real)random_normal(&random);
    }
}

static inline void encoder_fixture_forward(struct encoder_fixture *f) {
    encoder_forward(&f->encoder, &f->parameters, f->images, f->photos, f->workspace, f->features);
}

static inline void encoder_fixture_backward(struct encoder_fixture *f) {
    encoder_backward(&f->encoder, &f->parameters, f->d_features, f->workspace, f->gradients);
}

#endif
