/* Golden files of the encoder: those of shared/, which may be absent, and those of tests/golden. */
#ifndef CAPTION_TESTS_ENCODER_GOLDEN_H
#define CAPTION_TESTS_ENCODER_GOLDEN_H

#include "encoder_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "format/safetensors.h"

static inline char *golden_path(const char *variable, const char *otherwise, const char *name) {
    const char *folder = getenv(variable);
    char *path = file_join(folder ? folder : otherwise, name, NULL);
    assert_non_null(path);
    return path;
}

/* A file of `count` numbers of `size` bytes; NULL, said loudly, where it is absent. */
static inline void *read_numbers(const char *variable, const char *otherwise, const char *name,
                                 size_t count, size_t size) {
    char *path = golden_path(variable, otherwise, name);
    struct file_bytes bytes = {0};
    caption_error error = {0};
    if (!file_read(path, 1U << 24, &bytes, &error)) {
        fprintf(stderr, "SKIPPED: %s\n", error.message);
    } else {
        assert_int_equal(bytes.size, count * size);
    }
    free(path);
    return bytes.data;
}

/* Fills the parameters from a file whose names lack the "encoder." of the model's. */
static inline void load(struct encoder_fixture *f, const struct safetensors *file) {
    for (size_t i = 0; i < f->parameters.tensor_count; i++) {
        const struct parameter *tensor = &f->parameters.tensors[i];
        const struct safetensors_tensor *found =
            safetensors_find(file, tensor->name + strlen("encoder."));
        if (!found) fail_msg("%s is not in the file", tensor->name);
        assert_int_equal(found->dimensions, tensor->dimensions);
        assert_memory_equal(found->shape, tensor->shape,
                            tensor->dimensions * sizeof *tensor->shape);
        float *values = encoder_fixture_zeroed(tensor->count);
        assert_true(safetensors_floats(file, found, values, NULL));
        parameters_import(tensor, values, parameters_at(&f->parameters, f->parameters.values, i));
        free(values);
    }
    assert_int_equal(f->parameters.tensor_count, file->tensor_count);
}

/* The numbers of tests/golden/make_encoder_gradients.py. */
static inline float golden_number(size_t i, size_t tensor, double scale) {
    return (float)(scale * sin(0.37 * (double)i + 1.3 * (double)tensor + 0.1));
}

/* Weights, biases, and of a batch norm scale, shift and running statistics. */
static inline void golden_fill(float *values, const struct parameter *tensor, size_t index) {
    const bool vector = tensor->dimensions == 1;
    const bool around_one = strstr(tensor->name, "running_var") ||
                            (vector && strcmp(strrchr(tensor->name, '.'), ".weight") == 0);
    const double inputs = (double)tensor->count / (double)tensor->shape[0];
    float *file = encoder_fixture_zeroed(tensor->count);
    for (size_t i = 0; i < tensor->count; i++) {
        file[i] = golden_number(i, index, vector ? 0.3 : 2 / sqrt(inputs));
        if (around_one) file[i] += 1;
    }
    parameters_import(tensor, file, values);
    free(file);
}

static inline void expect_golden(const char *what, const float *found, const float *golden,
                                 size_t count) {
    float largest = 1e-2F; /* a gradient that ought to be 0 is rounding noise */
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(golden[i]));
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(found[i] - golden[i]) <= 1e-4F * largest)) {
            fail_msg("%s[%zu]: found %.9g, expected %.9g", what, i, (double)found[i],
                     (double)golden[i]);
        }
    }
}

enum { GOLDEN_PHOTOS = 2, GOLDEN_FEATURES = 24 };

static inline struct encoder_fixture golden_fixture(bool batch_norm) {
    struct encoder_fixture f =
        encoder_fixture_make("stem_c11 ds_r1_k3_s1_e1_c11 ir_r2_k5_s2_e3_c10 ir_r1_k3_s2_e2_c12 "
                             "ir_r1_k5_s1_e2_c12 head_c24",
                             37, batch_norm, GOLDEN_PHOTOS);
    const struct parameters *p = &f.parameters;
    for (size_t i = 0; i < p->tensor_count; i++) {
        golden_fill(parameters_at(p, p->values, i), &p->tensors[i], i);
    }
    for (size_t i = 0; i < GOLDEN_PHOTOS * f.image; i++) f.images[i] = golden_number(i, 1000, 1);
    for (size_t i = 0; i < GOLDEN_PHOTOS * GOLDEN_FEATURES; i++) {
        f.d_features[i] = golden_number(i, 2000, 1);
    }
    return f;
}

/* A photo, and the features that efficientnet_lite0 gives for it; of shared/. */
struct encoder_golden {
    struct encoder_fixture fixture; /* its weights and images are those of the files */
    float *features;                /* (1280) */
};

static inline void encoder_golden_free(struct encoder_golden *golden) {
    if (golden->features) encoder_fixture_free(&golden->fixture);
    free(golden->features);
}

/* False, said loudly, where the files are absent. */
static inline bool encoder_golden_load(struct encoder_golden *golden) {
    *golden = (struct encoder_golden){0};
    uint8_t *input = read_numbers("CAPTION_SHARED", "../shared",
                                  "encoder/golden_input_224x224x3.rgb8", 224 * 224 * 3, 1);
    float *features =
        read_numbers("CAPTION_SHARED", "../shared", "encoder/golden_features_1280.f32", 1280, 4);
    char *path =
        golden_path("CAPTION_SHARED", "../shared", "encoder/efficientnet_lite0.safetensors");
    struct safetensors file = {0};
    const bool found = input && features && safetensors_open(&file, path, NULL);
    if (found) {
        golden->features = features;
        golden->fixture = encoder_fixture_new("efficientnet_lite0", 224, 1);
        load(&golden->fixture, &file);
        for (size_t i = 0; i < golden->fixture.image; i++) {
            golden->fixture.images[i] = ((float)input[i] - 127) / 128;
        }
        safetensors_close(&file);
    } else {
        free(features);
    }
    free(input);
    free(path);
    return found;
}

/* Within the tolerance of another order of additions. */
static inline void encoder_golden_expect(const struct encoder_golden *golden,
                                         const float *features) {
    float worst = 0;
    for (size_t i = 0; i < 1280; i++) {
        worst = fmaxf(worst, fabsf(features[i] - golden->features[i]));
    }
    if (!(worst <= 1e-4F)) fail_msg("a feature is %g from the golden one", (double)worst);
}

#endif
