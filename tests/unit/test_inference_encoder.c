/* The encoder for inference against that for training, which has been compared with others. */
#include "encoder_golden.h"

#include "temporary_file.h"

#include "infer/inference_encoder.h"

static struct weights weights_of(const struct encoder_fixture *f) {
    return (struct weights){.parameters = &f->parameters, .values = f->parameters.values};
}

static struct inference_encoder *made(const struct encoder *encoder,
                                      const struct weights *weights) {
    caption_error error = {0};
    struct inference_encoder *inference =
        inference_encoder_new(encoder, weights, PRECISION_F32, &error);
    if (!inference) fail_msg("%s", error.message);
    return inference;
}

/* Features of the fixture's photos, from these weights. */
static float *inferred(const struct encoder_fixture *f, const struct weights *weights) {
    struct inference_encoder *inference = made(&f->encoder, weights);
    struct inference_workspace *workspace = inference_workspace_new(inference, NULL, NULL);
    assert_non_null(workspace);
    float *features = encoder_fixture_zeroed(f->photos * f->encoder.features);
    inference_encoder_run(inference, f->images, f->photos, workspace, features);
    inference_workspace_free(workspace);
    inference_encoder_free(inference);
    return features;
}

static void expect_features(const struct encoder_fixture *f, const float *features,
                            const char *what) {
    for (size_t i = 0; i < f->photos * f->encoder.features; i++) {
        if (fabsf(features[i] - f->features[i]) <= 2e-5F * (1 + fabsf(f->features[i]))) continue;
        fail_msg("%s, side %zu: feature %zu is %.9g, expected %.9g", what, f->encoder.size, i,
                 (double)features[i], (double)f->features[i]);
    }
}

static void expect_same(const char *architecture, size_t size) {
    struct encoder_fixture f = encoder_fixture_new(architecture, size, 2);
    encoder_fixture_randomise(&f, size);
    encoder_fixture_forward(&f);
    const struct weights weights = weights_of(&f);
    float *features = inferred(&f, &weights);
    expect_features(&f, features, architecture);
    free(features);
    encoder_fixture_free(&f);
}

static void efficientnet_lite0_gives_the_golden_features(void **state) {
    (void)state;
    struct encoder_golden golden;
    if (!encoder_golden_load(&golden)) skip();
    const struct weights weights = weights_of(&golden.fixture);
    float *features = inferred(&golden.fixture, &weights);
    encoder_golden_expect(&golden, features);
    free(features);
    encoder_golden_free(&golden);
}

/* At sizes whose maps are cut into strips (the largest ones here) and at sizes that are odd. */
static void every_preset_gives_the_features_of_training(void **state) {
    (void)state;
    const struct encoder_preset *preset;
    for (size_t i = 0; (preset = encoder_preset(i)) != NULL; i++) {
        expect_same(preset->name, 64);
        expect_same(preset->name, 51);
    }
    expect_same("efficientnet_lite0", 224);
    expect_same("tiny", 16);
}

/* Relative to the features' size, in the mean: too little to change a caption. */
static void expect_near(const char *architecture, size_t size, enum precision precision,
                        double allowed) {
    struct encoder_fixture f = encoder_fixture_new(architecture, size, 2);
    encoder_fixture_randomise(&f, size);
    encoder_fixture_forward(&f);
    const struct weights weights = weights_of(&f);
    caption_error error = {0};
    struct inference_encoder *inference =
        inference_encoder_new(&f.encoder, &weights, precision, &error);
    if (!inference) fail_msg("%s", error.message);
    struct inference_workspace *workspace = inference_workspace_new(inference, NULL, NULL);
    assert_non_null(workspace);
    const size_t count = f.photos * f.encoder.features;
    float *features = encoder_fixture_zeroed(count);
    inference_encoder_run(inference, f.images, f.photos, workspace, features);
    double wrong = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        const double difference = (double)features[i] - (double)f.features[i];
        wrong += difference * difference;
        all += (double)f.features[i] * (double)f.features[i];
    }
    if (!(sqrt(wrong / all) < allowed)) {
        fail_msg("%s, side %zu: off by %g, expected %g", architecture, size, sqrt(wrong / all),
                 allowed);
    }
    free(features);
    inference_workspace_free(workspace);
    inference_encoder_free(inference);
    encoder_fixture_free(&f);
}

static void low_precision_gives_nearly_the_features_of_float(void **state) {
    (void)state;
    static const char *const architectures[] = {
        "efficientnet_lite0", "tiny", "stem_c5 head_c7",
        "pad_symmetric stem_c9 ds_r2_k5_s2_e1_c7 ir_r3_k3_s2_e5_c19 head_c17"};
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        expect_near(architectures[i], 64, PRECISION_BF16, 0.02);
        expect_near(architectures[i], 64, PRECISION_INT16, 0.01);
        expect_near(architectures[i], 51, PRECISION_INT16, 0.01);
        expect_near(architectures[i], 64, PRECISION_INT8, 0.1);
        expect_near(architectures[i], 51, PRECISION_INT8, 0.1);
    }
}

static void odd_architectures_do_too(void **state) {
    (void)state;
    /* No block; no depthwise convolution behind the stem; one whose input is added to its output.
     */
    expect_same("stem_c5 head_c7", 33);
    expect_same("stem_c12 ir_r2_k3_s1_e3_c12 head_c70", 40);
    expect_same("stem_c12 ds_r3_k5_s1_e1_c12 head_c20", 36);
    /* Blocks without expansion further on, an expansion of 1, channels that fill no vector, strides
     * of 2 down to maps of one pixel, either padding. */
    expect_same("stem_c9 ds_r2_k3_s2_e1_c7 ds_r2_k5_s2_e1_c19 ir_r1_k3_s2_e1_c33 head_c17", 30);
    expect_same("pad_symmetric stem_c9 ds_r2_k5_s2_e1_c7 ir_r3_k3_s2_e5_c19 ir_r2_k5_s2_e3_c8 "
                "ir_r2_k5_s2_e3_c9 head_c17",
                47);
    /* More channels than go through the ring together, in more than one strip. */
    expect_same("stem_c16 ds_r1_k3_s1_e1_c24 ir_r2_k5_s1_e9_c24 head_c17", 150);
    expect_same("pad_symmetric stem_c16 ds_r1_k5_s2_e1_c24 ir_r1_k3_s2_e40_c24 head_c17", 301);
}

static void a_photo_has_the_same_features_alone_and_beside_others(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 5);
    encoder_fixture_randomise(&f, 3);
    const struct weights weights = weights_of(&f);
    float *together = inferred(&f, &weights);
    struct inference_encoder *inference = made(&f.encoder, &weights);
    struct inference_workspace *workspace = inference_workspace_new(inference, NULL, NULL);
    assert_non_null(workspace);
    for (size_t i = f.photos; i-- > 0;) {
        float alone[256];
        inference_encoder_run(inference, f.images + i * f.image, 1, workspace, alone);
        assert_memory_equal(alone, together + i * 256, sizeof alone);
    }
    inference_workspace_free(workspace);
    inference_encoder_free(inference);
    free(together);
    encoder_fixture_free(&f);
}

static void expect_shared(const char *architecture, size_t size, enum precision precision) {
    struct encoder_fixture f = encoder_fixture_new(architecture, size, 1);
    encoder_fixture_randomise(&f, size);
    const struct weights weights = weights_of(&f);
    struct inference_encoder *inference =
        inference_encoder_new(&f.encoder, &weights, precision, NULL);
    assert_non_null(inference);
    float *features = encoder_fixture_zeroed(2 * f.encoder.features);
    for (size_t count = 1; count <= 5; count++) {
        struct threads *threads = count > 1 ? threads_new(count, NULL) : NULL;
        struct inference_workspace *workspace = inference_workspace_new(inference, threads, NULL);
        assert_non_null(workspace);
        float *to = features + (count > 1 ? f.encoder.features : 0);
        inference_encoder_run(inference, f.images, 1, workspace, to);
        if (memcmp(features, to, f.encoder.features * sizeof *to) != 0) {
            fail_msg("%s, side %zu, precision %d: other features by %zu threads", architecture,
                     size, (int)precision, count);
        }
        inference_workspace_free(workspace);
        threads_free(threads);
    }
    free(features);
    inference_encoder_free(inference);
    encoder_fixture_free(&f);
}

/* Maps of more rows than threads and of fewer, in one strip and in several, whose rows are shared
 * or whose channels, with a stem of its own and with one that the first block takes in. */
static void threads_that_share_a_photo_give_the_features_of_one(void **state) {
    (void)state;
    for (enum precision precision = PRECISION_F32; precision <= PRECISION_INT8; precision++) {
        expect_shared("tiny", 64, precision);
        expect_shared("efficientnet_lite0", 150, precision);
        expect_shared("stem_c12 ir_r2_k3_s1_e3_c12 head_c70", 40, precision);
        expect_shared("pad_symmetric stem_c9 ds_r2_k5_s2_e1_c7 ir_r3_k3_s2_e5_c19 "
                      "ir_r2_k5_s2_e3_c8 ir_r2_k5_s2_e3_c9 head_c17",
                      47, precision);
        expect_shared("stem_c16 ds_r1_k3_s1_e1_c24 ir_r2_k5_s1_e9_c24 head_c17", 150, precision);
        expect_shared("stem_c16 ds_r1_k3_s1_e1_c64 ir_r2_k5_s1_e9_c64 head_c17", 64, precision);
    }
}

/* Writes the fixture's tensors as F16; its own become what a reader finds. */
static void write_rounded(struct encoder_fixture *f, const char *path) {
    struct safetensors_writer *writer = safetensors_writer_new(path, NULL);
    assert_non_null(writer);
    for (size_t i = 0; i < f->parameters.tensor_count; i++) {
        const struct parameter *tensor = &f->parameters.tensors[i];
        float *values = encoder_fixture_zeroed(tensor->count);
        parameters_export(tensor, parameters_at(&f->parameters, f->parameters.values, i), values);
        assert_true(safetensors_writer_tensor(writer,
                                              &(struct new_tensor){tensor->name, SAFETENSORS_F16,
                                                                   tensor->shape,
                                                                   tensor->dimensions, values},
                                              NULL));
        free(values);
    }
    assert_true(safetensors_writer_finish(writer, NULL));
}

static void weights_of_a_file_give_what_those_in_memory_give(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 2);
    encoder_fixture_randomise(&f, 4);
    char *path = temporary_file_new();
    write_rounded(&f, path);
    struct safetensors file;
    assert_true(safetensors_open(&file, path, NULL));
    const struct weights mapped = {.parameters = &f.parameters, .file = &file};
    float *from_file = inferred(&f, &mapped);
    for (size_t i = 0; i < f.parameters.tensor_count; i++) {
        assert_true(
            weights_read(&mapped, i, parameters_at(&f.parameters, f.parameters.values, i), NULL));
    }
    const struct weights block = weights_of(&f);
    float *from_block = inferred(&f, &block);
    assert_memory_equal(from_file, from_block, 2 * f.encoder.features * sizeof *from_file);
    free(from_file);
    free(from_block);
    safetensors_close(&file);
    temporary_file_free(path);
    encoder_fixture_free(&f);
}

/* The last number of a tensor, which is F16, is infinite. */
static void spoil(struct file_bytes *bytes, const struct safetensors_tensor *tensor) {
    memcpy(bytes->data + tensor->offset + tensor->bytes - 2, "\0\x7c", 2);
}

static void a_weight_that_is_no_number_is_an_error_that_names_it(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 1);
    encoder_fixture_randomise(&f, 4);
    char *good = temporary_file_new(), *bad = temporary_file_new();
    write_rounded(&f, good);
    struct safetensors file;
    assert_true(safetensors_open(&file, good, NULL));
    for (size_t i = 0; i < file.tensor_count; i++) {
        struct file_bytes bytes;
        assert_true(file_read(good, 1 << 24, &bytes, NULL));
        spoil(&bytes, &file.tensors[i]);
        temporary_file_write(bad, bytes.data, bytes.size);
        file_bytes_free(&bytes);
        struct safetensors spoiled;
        assert_true(safetensors_open(&spoiled, bad, NULL));
        const struct weights weights = {.parameters = &f.parameters, .file = &spoiled};
        caption_error error = {0};
        assert_null(inference_encoder_new(&f.encoder, &weights, PRECISION_F32, &error));
        assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
        assert_non_null(strstr(error.message, file.tensors[i].name));
        safetensors_close(&spoiled);
    }
    safetensors_close(&file);
    temporary_file_free(good);
    temporary_file_free(bad);
    encoder_fixture_free(&f);
}

static void batch_norm_is_that_of_pytorch(void **state) {
    (void)state;
    enum { NUMBERS = 6825 };
    float *golden =
        read_numbers("CAPTION_GOLDEN", "tests/golden", "encoder_batch_norm.f32", NUMBERS, 4);
    assert_non_null(golden);
    struct encoder_fixture f = golden_fixture(true);
    const struct weights weights = weights_of(&f);
    float *features = inferred(&f, &weights);
    expect_golden("features with the running statistics", features, golden,
                  GOLDEN_PHOTOS * GOLDEN_FEATURES);
    free(features);
    free(golden);
    encoder_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efficientnet_lite0_gives_the_golden_features),
        cmocka_unit_test(every_preset_gives_the_features_of_training),
        cmocka_unit_test(low_precision_gives_nearly_the_features_of_float),
        cmocka_unit_test(odd_architectures_do_too),
        cmocka_unit_test(a_photo_has_the_same_features_alone_and_beside_others),
        cmocka_unit_test(threads_that_share_a_photo_give_the_features_of_one),
        cmocka_unit_test(weights_of_a_file_give_what_those_in_memory_give),
        cmocka_unit_test(a_weight_that_is_no_number_is_an_error_that_names_it),
        cmocka_unit_test(batch_norm_is_that_of_pytorch),
    };
    return cmocka_run_group_tests_name("inference_encoder", tests, NULL, NULL);
}
