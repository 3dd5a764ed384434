/* Encoders of others: golden features of PyTorch's, every way to write the file, and every way in
 * which one may not fit. */
#include "encoder_files.h"

#include "encoder_fixture.h"
#include "model/encoder.h"

enum { TORCHVISION, TIMM_SAME, TIMM_SYMMETRIC, TORCHVISION_WIDE, GOLDEN_SIZE = 46 };

static const struct encoder_file_change unchanged = {0};

static struct encoder_import opened(const char *path, const char *architecture) {
    struct encoder_import import;
    caption_error error = {0};
    if (!encoder_import_open(&import, path, architecture, &error)) fail_msg("%s", error.message);
    return import;
}

/* The encoder that the file holds, with the golden photo as its input. */
static struct encoder_fixture imported(const char *path, const char *architecture) {
    struct encoder_import import = opened(path, architecture);
    struct encoder_fixture f = encoder_fixture_new(import.architecture, GOLDEN_SIZE, 1);
    caption_error error = {0};
    if (!encoder_import_read(&import, &f.encoder, &f.parameters, &error)) {
        fail_msg("%s", error.message);
    }
    encoder_import_close(&import);
    for (size_t i = 0; i < f.image; i++) {
        f.images[i] = (real)encoder_file_uniform(i, ENCODER_FILE_PHOTO);
    }
    encoder_fixture_forward(&f);
    return f;
}

static void expect_features(const struct encoder_golden *golden,
                            const struct encoder_file_change *change, double tolerance) {
    char *path = encoder_file_new(golden, change);
    struct encoder_fixture f = imported(path, golden->architecture);
    assert_int_equal(f.encoder.features, golden->feature_count);
    for (size_t i = 0; i < golden->feature_count; i++) {
        if (!(fabsf(f.features[i] - golden->features[i]) <= (float)tolerance)) {
            fail_msg("feature %zu: found %.9g, expected %.9g", i, (double)f.features[i],
                     (double)golden->features[i]);
        }
    }
    encoder_fixture_free(&f);
    temporary_file_free(path);
}

static void features_are_those_of_pytorch(void **state) {
    (void)state;
    for (size_t i = TORCHVISION; i <= TIMM_SYMMETRIC; i++) {
        struct encoder_golden *golden = encoder_golden_read(i);
        expect_features(golden, &unchanged, 1e-4);
        expect_features(golden, &(struct encoder_file_change){.backwards = true}, 1e-4);
        expect_features(golden, &(struct encoder_file_change){.half = true}, 0.05);
        free(golden);
    }
}

static void a_padding_that_is_not_the_file_s_shows(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SYMMETRIC);
    char *path = encoder_file_new(golden, &unchanged);
    struct encoder_fixture f = imported(path, golden->architecture + strlen("pad_symmetric "));
    float worst = 0;
    for (size_t i = 0; i < golden->feature_count; i++) {
        worst = fmaxf(worst, fabsf(f.features[i] - golden->features[i]));
    }
    assert_true(worst > 0.1F);
    encoder_fixture_free(&f);
    temporary_file_free(path);
    free(golden);
}

static void timm_s_names_may_stand_behind_our_prefix(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    expect_features(golden, &(struct encoder_file_change){.prefix = "encoder."}, 1e-4);
    free(golden);
}

static void assert_preprocessing(const struct encoder_import *import, size_t size, float mean,
                                 float std) {
    assert_int_equal(import->preprocessing.size, size);
    assert_true(import->preprocessing.mean[0] == mean);
    assert_true(import->preprocessing.std[0] == std);
}

static void the_padding_tells_how_photos_are_fed(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SYMMETRIC);
    char *path = encoder_file_new(golden, &unchanged);
    struct encoder_import import = opened(path, golden->architecture);
    assert_preprocessing(&import, 224, 123.675F, 58.395F);
    assert_true(import.preprocessing.mean[2] == 103.53F);
    assert_true(import.preprocessing.std[2] == 57.375F);
    encoder_import_close(&import);
    import = opened(path, golden->architecture + strlen("pad_symmetric "));
    assert_preprocessing(&import, 224, 127, 128);
    encoder_import_close(&import);
    temporary_file_free(path);
    free(golden);
}

static void metadata_goes_before_what_is_inferred(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    char metadata[1024];
    snprintf(metadata, sizeof metadata,
             "{\"encoder\":\"%s\",\"mean\":\"[1,2,3]\",\"std\":\"[4,5,6]\",\"image_size\":\"96\"}",
             golden->architecture);
    char *path = encoder_file_new(golden, &(struct encoder_file_change){.metadata = metadata});
    struct encoder_import import = opened(path, NULL);
    assert_string_equal(import.architecture, golden->architecture);
    assert_preprocessing(&import, 96, 1, 4);
    encoder_import_close(&import);
    temporary_file_free(path);
    free(golden);
}

static void a_captioner_s_other_parts_may_stand_beside_its_encoder(void **state) {
    (void)state;
    static const char *const names[] = {"decoder.output.bias", "search.cell.bias_hh"};
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_features(golden, &(struct encoder_file_change){.added = names[i]}, 1e-4);
    free(golden);
}

static void assert_refused(const char *path, const char *architecture, const char *message) {
    struct encoder_import import;
    caption_error error = {0};
    if (encoder_import_open(&import, path, architecture, &error)) {
        fail_msg("accepted in spite of: %s", message);
    }
    assert_memory_equal(error.message, path, strlen(path));
    assert_message_has(&error, message);
    assert_null(import.file.header); /* nothing is left to close */
}

static void metadata_that_lies_is_an_error(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    static const char *const cases[][2] = {
        {"{\"encoder\":\"resnet50\"}", "encoder architecture: word \"resnet50\""},
        {"{\"encoder\":\"tiny\"}",
         "tensor \"conv_stem.weight\": expected shape [16, 3, 3, 3], found [11, 3, 3, 3]"},
        {"{\"mean\":\"[1,2]\"}", "(compared with"},
    };
    for (size_t i = 0; i < 3; i++) {
        char *path =
            encoder_file_new(golden, &(struct encoder_file_change){.metadata = cases[i][0]});
        assert_refused(path, NULL, cases[i][1]);
        if (i == 2) assert_refused(path, golden->architecture, "__metadata__: mean: expected 3");
        temporary_file_free(path);
    }
    free(golden);
}

static void torchvision_s_mobilenet_is_known_by_its_shapes(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TORCHVISION_WIDE);
    char *path = encoder_file_new(golden, &(struct encoder_file_change){.empty = true});
    struct encoder_import import = opened(path, NULL);
    assert_string_equal(import.architecture, encoder_architecture("mobilenetv2"));
    assert_string_equal(import.architecture, golden->architecture);
    assert_preprocessing(&import, 224, 123.675F, 58.395F);
    encoder_import_close(&import);
    temporary_file_free(path);
    path = encoder_file_new(
        golden, &(struct encoder_file_change){.empty = true,
                                              .reshaped = "features.4.conv.1.1.running_mean"});
    assert_refused(path, NULL,
                   "tensor \"features.4.conv.1.1.running_mean\": expected shape [144], found "
                   "[144, 1] (compared with mobilenetv2, the nearest encoder known)");
    temporary_file_free(path);
    free(golden);
}

/* A preset's own tensors, folded, with or without one of them. */
static char *preset_file(const char *name, const char *left_out) {
    struct encoder_fixture f = encoder_fixture_new(name, 32, 1);
    struct encoder_golden *golden = calloc(1, sizeof *golden);
    assert_non_null(golden);
    for (size_t i = 0; i < f.parameters.tensor_count; i++) {
        const struct parameter *parameter = &f.parameters.tensors[i];
        struct encoder_file_tensor *tensor = &golden->tensors[golden->tensor_count++];
        snprintf(tensor->name, sizeof tensor->name, "%s", parameter->name + strlen("encoder."));
        memcpy(tensor->shape, parameter->shape, sizeof tensor->shape);
        tensor->dimensions = parameter->dimensions;
        tensor->count = parameter->count;
    }
    char *path = encoder_file_new(
        golden, &(struct encoder_file_change){.half = true, .empty = true, .left_out = left_out});
    free(golden);
    encoder_fixture_free(&f);
    return path;
}

static void every_preset_is_known_by_its_shapes(void **state) {
    (void)state;
    const struct encoder_preset *preset;
    for (size_t i = 0; (preset = encoder_preset(i)) != NULL; i++) {
        char *path = preset_file(preset->name, NULL);
        struct encoder_import import = opened(path, NULL);
        /* That of PyTorch has the tensors of TensorFlow's, which stands before it. */
        const bool twin = strcmp(preset->name, "efficientnet_lite0_symmetric") == 0;
        assert_string_equal(import.architecture, twin ? encoder_architecture("efficientnet_lite0")
                                                      : preset->architecture);
        assert_int_equal(import.preprocessing.size, preset->size);
        encoder_import_close(&import);
        if (twin) {
            import = opened(path, preset->name);
            assert_string_equal(import.architecture, preset->architecture);
            assert_preprocessing(&import, 224, 123.675F, 58.395F);
            encoder_import_close(&import);
        }
        temporary_file_free(path);
    }
    char *path = preset_file("efficientnet_lite3", "blocks.5.4.conv_dw.bias");
    assert_refused(path, NULL,
                   "tensor \"blocks.5.4.conv_dw.bias\": missing (compared with efficientnet_lite3");
    temporary_file_free(path);
}

static void a_file_that_does_not_fit_is_refused_with_the_first_tensor(void **state) {
    (void)state;
    static const struct {
        size_t golden;
        struct encoder_file_change change;
        const char *message;
    } cases[] = {
        {TORCHVISION,
         {.left_out = "features.5.conv.1.1.running_var"},
         "tensor \"features.5.conv.1.1.running_var\": missing"},
        {TORCHVISION,
         {.left_out = "features.18.0.weight"},
         "tensor \"features.18.0.weight\": missing"},
        {TORCHVISION,
         {.reshaped = "features.1.conv.1.weight"},
         "tensor \"features.1.conv.1.weight\": expected shape [8, 8, 1, 1], found [8, 8, 1, 1, 1]"},
        {TORCHVISION,
         {.added = "features.19.0.weight"},
         "tensor \"features.19.0.weight\": the encoder's architecture has no such tensor"},
        {TORCHVISION,
         {.left_out = "features.0.0.weight"},
         "tensor \"conv_stem.weight\" (as timm names it) or \"features.0.0.weight\" (torchvision): "
         "missing; the file's first is \"classifier.1.bias\" of shape [2]"},
        {TIMM_SAME, {.left_out = "bn1.bias"}, "tensor \"bn1.bias\": missing"},
        {TIMM_SAME, {.left_out = "bn2.running_mean"}, "tensor \"bn2.running_mean\": missing"},
        {TIMM_SAME, {.left_out = "blocks.0.0.bn2.bias"}, "tensor \"blocks.0.0.bn2.bias\": missing"},
        {TIMM_SAME,
         {.reshaped = "blocks.1.1.conv_pwl.weight"},
         "tensor \"blocks.1.1.conv_pwl.weight\": expected shape [10, 30, 1, 1], found"},
        {TIMM_SAME,
         {.added = "blocks.1.0.se.conv_reduce.weight"},
         "tensor \"blocks.1.0.se.conv_reduce.weight\": the encoder's architecture has no such"},
        {TIMM_SAME,
         {.added = "blocks.1.2.conv_pw.weight"},
         "tensor \"blocks.1.2.conv_pw.weight\": the encoder's architecture has no such tensor"},
        {TIMM_SAME,
         {.added = "conv_stem.bias"},
         "tensor \"conv_stem.bias\": the encoder's architecture has no such tensor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct encoder_golden *golden = encoder_golden_read(cases[i].golden);
        char *path = encoder_file_new(golden, &cases[i].change);
        assert_refused(path, golden->architecture, cases[i].message);
        temporary_file_free(path);
        free(golden);
    }
}

static void an_architecture_is_not_guessed(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TORCHVISION);
    char *path = encoder_file_new(golden, &unchanged);
    assert_refused(path, NULL,
                   "tensor \"features.0.0.weight\": expected shape [32, 3, 3, 3], found "
                   "[8, 3, 3, 3] (compared with mobilenetv2, the nearest encoder known)");
    assert_refused(path, "mobilenetv2",
                   "tensor \"features.0.0.weight\": expected shape [32, 3, 3, 3], found");
    temporary_file_free(path);
    free(golden);
}

/* The first tensors of torchvision's resnet18. */
static void a_resnet_is_refused_with_its_first_tensor(void **state) {
    (void)state;
    static const struct encoder_golden resnet = {
        .tensors = {{"conv1.weight", {64, 3, 7, 7}, 4, 64 * 3 * 49},
                    {"bn1.weight", {64}, 1, 64},
                    {"bn1.bias", {64}, 1, 64},
                    {"bn1.running_mean", {64}, 1, 64},
                    {"bn1.running_var", {64}, 1, 64},
                    {"layer1.0.conv1.weight", {64, 64, 3, 3}, 4, 64 * 64 * 9}},
        .tensor_count = 6};
    char *path = encoder_file_new(&resnet, &unchanged);
    assert_refused(path, NULL, "missing; the file's first is \"bn1.bias\" of shape [64]");
    assert_refused(path, "mobilenetv2", "the file's first is \"bn1.bias\" of shape [64]");
    temporary_file_free(path);
    path = temporary_file_new();
    temporary_file_write(path, "\2\0\0\0\0\0\0\0{}", 10);
    assert_refused(path, NULL, "it holds no tensors");
    temporary_file_free(path);
}

static void a_number_that_cannot_be_is_an_error_that_names_its_tensor(void **state) {
    (void)state;
    static const struct {
        struct encoder_file_change change;
        const char *message;
    } cases[] = {
        {{.poisoned = "blocks.1.0.bn2.running_var", .poison = -0.5F},
         "tensor \"blocks.1.0.bn2.running_var\": number 1 is -0.5: a variance is not below zero"},
        {{.poisoned = "blocks.1.0.bn2.running_var", .poison = NAN},
         "tensor \"blocks.1.0.bn2.running_var\": number 1 is nan"},
        {{.poisoned = "bn1.weight", .poison = INFINITY},
         "tensor \"bn1.weight\": number 1 is inf, expected a finite one"},
        {{.poisoned = "conv_stem.weight", .poison = 3e38F}, "folding it makes a number too large"},
    };
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = encoder_file_new(golden, &cases[i].change);
        struct encoder_import import = opened(path, golden->architecture);
        struct encoder_fixture f = encoder_fixture_new(import.architecture, 32, 1);
        caption_error error = {0};
        assert_false(encoder_import_read(&import, &f.encoder, &f.parameters, &error));
        assert_memory_equal(error.message, path, strlen(path));
        assert_message_has(&error, cases[i].message);
        encoder_fixture_free(&f);
        encoder_import_close(&import);
        temporary_file_free(path);
    }
    free(golden);
}

static void a_file_cut_short_or_absent_is_an_error(void **state) {
    (void)state;
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    char *path = encoder_file_new(golden, &unchanged);
    struct file_bytes bytes;
    assert_true(file_read(path, 1 << 24, &bytes, NULL));
    for (size_t size = 0; size < bytes.size; size += 1997) {
        temporary_file_write(path, bytes.data, size);
        assert_refused(path, golden->architecture, "");
    }
    file_bytes_free(&bytes);
    unlink(path);
    assert_refused(path, NULL, "");
    temporary_file_free(path);
    free(golden);
}

/* Bytes of the header changed at random: read or refused, never a step out of bounds. */
static void mutated_files_are_read_or_refused(void **state) {
    (void)state;
    enum { ROUNDS = 400 };
    struct encoder_golden *golden = encoder_golden_read(TIMM_SAME);
    char *path = encoder_file_new(golden, &unchanged);
    struct file_bytes bytes;
    assert_true(file_read(path, 1 << 24, &bytes, NULL));
    uint64_t header;
    memcpy(&header, bytes.data, sizeof header);
    struct random random = random_seeded(9, 0);
    size_t refused = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        uint8_t *byte = bytes.data + 8 + random_below(&random, (size_t)header);
        const uint8_t before = *byte;
        *byte = (uint8_t)(round % 2 ? '0' + random_below(&random, 10) : random_below(&random, 256));
        temporary_file_write(path, bytes.data, bytes.size);
        *byte = before;
        struct encoder_import import;
        caption_error error = {0};
        if (!encoder_import_open(&import, path, golden->architecture, &error)) {
            assert_memory_equal(error.message, path, strlen(path));
            refused++;
            continue;
        }
        struct encoder_fixture f = encoder_fixture_new(import.architecture, 16, 1);
        encoder_import_read(&import, &f.encoder, &f.parameters, &error);
        encoder_fixture_free(&f);
        encoder_import_close(&import);
    }
    assert_in_range(refused, ROUNDS / 4, ROUNDS - 1);
    file_bytes_free(&bytes);
    temporary_file_free(path);
    free(golden);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_those_of_pytorch),
        cmocka_unit_test(a_padding_that_is_not_the_file_s_shows),
        cmocka_unit_test(timm_s_names_may_stand_behind_our_prefix),
        cmocka_unit_test(the_padding_tells_how_photos_are_fed),
        cmocka_unit_test(metadata_goes_before_what_is_inferred),
        cmocka_unit_test(a_captioner_s_other_parts_may_stand_beside_its_encoder),
        cmocka_unit_test(metadata_that_lies_is_an_error),
        cmocka_unit_test(torchvision_s_mobilenet_is_known_by_its_shapes),
        cmocka_unit_test(every_preset_is_known_by_its_shapes),
        cmocka_unit_test(a_file_that_does_not_fit_is_refused_with_the_first_tensor),
        cmocka_unit_test(an_architecture_is_not_guessed),
        cmocka_unit_test(a_resnet_is_refused_with_its_first_tensor),
        cmocka_unit_test(a_number_that_cannot_be_is_an_error_that_names_its_tensor),
        cmocka_unit_test(a_file_cut_short_or_absent_is_an_error),
        cmocka_unit_test(mutated_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
