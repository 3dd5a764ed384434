/* Golden files of the encoder: those of shared/, which may be absent, and those of tests/golden. */
#ifndef CAPTION_TESTS_ENCODER_GOLDEN_H
#define CAPTION_TESTS_ENCODER_GOLDEN_H

#include "encoder_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "model/safetensors.h"

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
        golden->fixture = encoder_fixture_new("efficientnet_lite0", 224, 1, true);
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
