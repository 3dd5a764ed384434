/* The encoder as a whole: golden features and gradients, batches, workspaces, hostile
 * architectures. */
#include "encoder_golden.h"

static void efficientnet_lite0_gives_the_golden_features(void **state) {
    (void)state;
    struct encoder_golden golden;
    if (!encoder_golden_load(&golden)) skip();
    encoder_fixture_forward(&golden.fixture);
    encoder_golden_expect(&golden, golden.fixture.features);
    encoder_golden_free(&golden);
}

/* Features and gradients of a training pass against `numbers` golden ones. */
static void expect_golden_pass(struct encoder_fixture *f, const float *golden, size_t numbers) {
    encoder_fixture_forward(f);
    encoder_fixture_backward(f);
    expect_golden("features", f->features, golden, GOLDEN_PHOTOS * GOLDEN_FEATURES);
    size_t place = GOLDEN_PHOTOS * GOLDEN_FEATURES;
    for (size_t i = 0; i < f->parameters.tensor_count; i++) {
        const struct parameter *tensor = &f->parameters.tensors[i];
        float *gradient = encoder_fixture_zeroed(tensor->count);
        parameters_export(tensor, parameters_at(&f->parameters, f->gradients, i), gradient);
        expect_golden(tensor->name, gradient, golden + place, tensor->count);
        place += tensor->count;
        free(gradient);
    }
    assert_int_equal(place, numbers);
}

static void gradients_are_those_of_pytorch(void **state) {
    (void)state;
    enum { NUMBERS = 5832 };
    float *golden =
        read_numbers("CAPTION_GOLDEN", "tests/golden", "encoder_gradients.f32", NUMBERS, 4);
    assert_non_null(golden);
    struct encoder_fixture f = golden_fixture(false);
    expect_golden_pass(&f, golden, NUMBERS);
    encoder_fixture_free(&f);
    free(golden);
}

static void batch_norm_is_that_of_pytorch(void **state) {
    (void)state;
    enum { NUMBERS = 6825, FEATURES = GOLDEN_PHOTOS * GOLDEN_FEATURES };
    float *golden =
        read_numbers("CAPTION_GOLDEN", "tests/golden", "encoder_batch_norm.f32", NUMBERS, 4);
    assert_non_null(golden);
    struct encoder_fixture f = golden_fixture(true), folded = golden_fixture(false);
    encoder_fold(&f.encoder, &f.parameters, f.parameters.values, &folded.encoder,
                 &folded.parameters);
    encoder_fixture_forward(&folded);
    expect_golden("features with the running statistics", folded.features, golden, FEATURES);
    expect_golden_pass(&f, golden + FEATURES, NUMBERS - FEATURES);
    encoder_fixture_free(&f);
    encoder_fixture_free(&folded);
    free(golden);
}

/* Micro-batches of a small last mini-batch may hold no photo, or one whose last map is one pixel.
 */
static void batch_norm_takes_one_photo_or_none(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_learning("tiny", 16, 2);
    encoder_fixture_randomise(&f, 13);
    for (f.photos = 0; f.photos < 2; f.photos++) {
        encoder_fixture_forward(&f);
        encoder_fixture_backward(&f);
        float sum = 0;
        for (size_t i = 0; i < f.parameters.count; i++) {
            assert_true(isfinite(f.gradients[i]));
            sum += fabsf(f.gradients[i]);
        }
        assert_true(f.photos ? sum > 0 : sum == 0);
    }
    encoder_fixture_free(&f);
}

static void recomputed_activations_give_the_same_gradients_in_less_memory(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 3);
    encoder_fixture_randomise(&f, 6);
    encoder_fixture_forward(&f);
    encoder_fixture_backward(&f);
    struct encoder_workspace *kept = f.workspace;
    real *gradients = f.gradients;
    f.workspace = encoder_workspace_new(&f.encoder, 3, ENCODER_RECOMPUTATION, NULL);
    assert_non_null(f.workspace);
    f.gradients = encoder_fixture_zeroed(f.parameters.count);
    encoder_fixture_forward(&f);
    encoder_fixture_backward(&f);
    assert_memory_equal(f.gradients, gradients, f.parameters.count * sizeof *gradients);
    assert_true(encoder_workspace_bytes(f.workspace) < encoder_workspace_bytes(kept) * 9 / 10);
    encoder_workspace_free(kept);
    free(gradients);
    encoder_fixture_free(&f);
}

static void expect_nearly(const char *what, const float *found, const float *expected,
                          size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(expected[i]));
    assert_true(largest > 0);
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(found[i] - expected[i]) <= 1e-5F * largest)) {
            fail_msg("%s[%zu]: found %.9g, expected %.9g", what, i, (double)found[i],
                     (double)expected[i]);
        }
    }
}

static void a_batch_of_three_is_three_batches_of_one(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 48, 3);
    encoder_fixture_randomise(&f, 6);
    encoder_fixture_forward(&f);
    encoder_fixture_backward(&f);
    const size_t width = f.encoder.features;
    float *features = encoder_fixture_zeroed(3 * width);
    float *gradients = encoder_fixture_zeroed(f.parameters.count);
    for (size_t n = 0; n < 3; n++) {
        encoder_forward(&f.encoder, &f.parameters, f.images + n * f.image, 1, f.workspace,
                        features + n * width);
        encoder_backward(&f.encoder, &f.parameters, f.d_features + n * width, f.workspace,
                         gradients);
    }
    expect_nearly("features", features, f.features, 3 * width);
    expect_nearly("gradients", gradients, f.gradients, f.parameters.count);
    free(features);
    free(gradients);
    encoder_fixture_free(&f);
}

static void features_tell_two_photos_apart(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 2);
    encoder_fixture_randomise(&f, 8);
    encoder_fixture_forward(&f);
    float apart = 0;
    for (size_t i = 0; i < f.encoder.features; i++) {
        apart = fmaxf(apart, fabsf(f.features[i] - f.features[f.encoder.features + i]));
    }
    assert_true(apart > 1e-3F);
    encoder_fixture_free(&f);
}

/* Copies the tensors of `from` that `to` has, too. */
static void copy_shared(const struct parameters *from, struct parameters *to) {
    for (size_t i = 0; i < to->tensor_count; i++) {
        size_t same = 0;
        while (strcmp(from->tensors[same].name, to->tensors[i].name) != 0) same++;
        memcpy(parameters_at(to, to->values, i), parameters_at_const(from, from->values, same),
               to->tensors[i].count * sizeof(real));
    }
}

/* One that is left out passes on what it was given: the features are those of an encoder without
 * it. */
static void a_residual_block_is_left_out_as_often_as_asked_for(void **state) {
    (void)state;
    enum { DRAWS = 2000 };
    struct encoder_fixture with = encoder_fixture_new("stem_c4 ds_r1_k3_s1_e1_c4 head_c8", 16, 1);
    struct encoder_fixture without = encoder_fixture_new("stem_c4 head_c8", 16, 1);
    encoder_fixture_randomise(&with, 21);
    copy_shared(&with.parameters, &without.parameters);
    memcpy(without.images, with.images, with.image * sizeof *with.images);
    encoder_fixture_forward(&without);
    struct random random = random_seeded(3, 0);
    size_t left_out = 0;
    for (size_t draw = 0; draw < DRAWS; draw++) {
        encoder_draw_depth(&with.encoder, 0.5f, 1, &random, with.workspace);
        encoder_fixture_forward(&with);
        left_out += memcmp(with.features, without.features, 8 * sizeof *with.features) == 0;
    }
    /* The block ends with the third of four layers. */
    const double expected = 0.5 * 3 / 4;
    assert_true(fabs((double)left_out / DRAWS - expected) < 0.04);
    encoder_draw_depth(&with.encoder, 0, 1, &random, with.workspace);
    encoder_fixture_forward(&with);
    assert_memory_not_equal(with.features, without.features, 8 * sizeof *with.features);
    encoder_fixture_free(&with);
    encoder_fixture_free(&without);
}

static void random_weights_keep_the_size_of_the_activations(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("efficientnet_lite0", 64, 1);
    encoder_fixture_randomise(&f, 9);
    encoder_fixture_forward(&f);
    double sum = 0;
    for (size_t i = 0; i < f.encoder.features; i++) sum += (double)f.features[i];
    const double mean = sum / (double)f.encoder.features;
    if (!(mean > 0.1 && mean < 5.9)) fail_msg("the mean feature is %g", mean);
    encoder_fixture_free(&f);
}

static void the_preset_is_the_network_it_is_named_after(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("efficientnet_lite0", 224, 1);
    size_t numbers = 0;
    for (size_t i = 0; i < f.parameters.tensor_count; i++) {
        numbers += f.parameters.tensors[i].count;
    }
    assert_int_equal(f.encoder.layer_count, 49);
    assert_int_equal(f.encoder.features, 1280);
    assert_int_equal(numbers, 3350000);
    size_t index;
    assert_true(parameters_find(&f.parameters, "encoder.blocks.5.3.conv_pwl.weight", &index));
    const size_t shape[] = {192, 1152, 1, 1};
    assert_memory_equal(f.parameters.tensors[index].shape, shape, sizeof shape);
    encoder_fixture_free(&f);
}

/* Parameters of timm's models, with their classifiers and each batch norm's two vectors. */
static void every_preset_has_the_parameters_of_its_name(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t parameters;
    } known[] = {
        {"efficientnet_lite0", 4652008},  {"efficientnet_lite1", 5416680},
        {"efficientnet_lite2", 6092072},  {"efficientnet_lite3", 8197096},
        {"efficientnet_lite4", 13006568}, {"efficientnet_lite0_symmetric", 4652008},
        {"mobilenetv2", 3504872},
    };
    enum { CLASSIFIER = 1280 * 1000 + 1000 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct parameters parameters = {0};
        struct encoder encoder;
        assert_true(encoder_init(&encoder, encoder_architecture(known[i].name),
                                 encoder_default_size(known[i].name), false, &parameters, NULL));
        size_t numbers = CLASSIFIER;
        for (size_t t = 0; t < parameters.tensor_count; t++) {
            numbers += parameters.tensors[t].count;
            if (parameters.tensors[t].dimensions == 1) numbers += parameters.tensors[t].count;
        }
        assert_int_equal(numbers, known[i].parameters);
        encoder_free(&encoder);
        parameters_free(&parameters);
    }
}

static void a_preset_has_a_size_and_a_padding(void **state) {
    (void)state;
    assert_int_equal(encoder_default_size("tiny"), 64);
    assert_int_equal(encoder_default_size(encoder_architecture("efficientnet_lite4")), 300);
    assert_int_equal(encoder_default_size("stem_c8 head_c8"), 224);
    struct encoder_fixture same = encoder_fixture_new("efficientnet_lite0", 32, 1);
    struct encoder_fixture symmetric = encoder_fixture_new("efficientnet_lite0_symmetric", 32, 1);
    encoder_fixture_randomise(&same, 4);
    encoder_fixture_randomise(&symmetric, 4);
    encoder_fixture_forward(&same);
    encoder_fixture_forward(&symmetric);
    assert_memory_not_equal(same.features, symmetric.features, 1280 * sizeof(real));
    encoder_fixture_free(&same);
    encoder_fixture_free(&symmetric);
}

static void a_photo_of_the_smallest_side_goes_through(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("efficientnet_lite0", 16, 1);
    encoder_fixture_randomise(&f, 10);
    encoder_fixture_forward(&f);
    encoder_fixture_backward(&f);
    for (size_t i = 0; i < f.parameters.count; i++) assert_true(isfinite(f.gradients[i]));
    encoder_fixture_free(&f);
}

static void an_architecture_that_does_not_parse_is_an_error_that_names_the_word(void **state) {
    (void)state;
    static const struct {
        const char *architecture, *says;
    } bad[] = {
        {"", "it is empty"},
        {"   ", "it is empty"},
        {"head_c8", "\"head_c8\": expected the stem_ block first"},
        {"pad_symmetric", "expected the stem_ block first"},
        {"stem_c8 pad_symmetric head_c8", "\"pad_symmetric\": expected a ds_, ir_ or head_"},
        {"pad_symmetrical stem_c8 head_c8", "expected the stem_ block first"},
        {"stem_c8", "expected a head_ block at the end"},
        {"stem_c8 head_c8 head_c8", "nothing may follow"},
        {"stem", "\"stem\": expected the stem_"},
        {"stem_", "\"stem_\": it ends in _"},
        {"stem_c", "\"stem_c\": an item has no number"},
        {"stem_c0 head_c8", "\"stem_c0\": item c is missing or 0"},
        {"stem_c8193 head_c8", "channels: expected 1 to 8192, found 8193"},
        {"stem_c99999999999999999999999 head_c8", "a number is too long"},
        {"stem_c8x head_c8", "expected _ or the end"},
        {"stem_c8_c9 head_c8", "stands twice"},
        {"stem_c-8 head_c8", "an item has no number"},
        {"stem_r8 head_c8", "an item that this kind of block does not have"},
        {"stem_c8 er_r1_k3_s1_e1_c8 head_c8",
         "\"er_r1_k3_s1_e1_c8\": expected a ds_, ir_ or head_"},
        {"stem_c8 ir_r1_k3_s1_e1 head_c8", "\"ir_r1_k3_s1_e1\": item c is missing"},
        {"stem_c8 ir_r1_k4_s1_e1_c8 head_c8", "kernel: expected 3 or 5"},
        {"stem_c8 ir_r1_k3_s3_e1_c8 head_c8", "stride: expected 1 to 2, found 3"},
        {"stem_c8 ir_r65_k3_s1_e1_c8 head_c8", "repeats: expected 1 to 64, found 65"},
        {"stem_c8 ir_r1_k3_s1_e65_c8 head_c8", "expansion: expected 1 to 64, found 65"},
        {"stem_c8 ds_r1_k3_s1_e2_c8 head_c8", "a ds block has expansion 1"},
        {"stem_c8 ir_r1_k3_s1_e1_c8_ head_c8", "it ends in _"},
        {"stem_c8 ir_r1__k3_s1_e1_c8 head_c8", "does not have"},
        {"stem_c8 ir_r1_k3_s1_e1_c8_se0.25 head_c8", "stands twice"},
        {"stem_c8192 ir_r1_k3_s1_e2_c8 head_c8", "expanded channels: expected 1 to 8192, found"},
        {"stem_c8\tir_r1_k3_s1_e1_c8", "expected _ or the end"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parameters parameters = {0};
        struct encoder encoder;
        caption_error error = {0};
        if (encoder_init(&encoder, bad[i].architecture, 64, false, &parameters, &error)) {
            fail_msg("\"%s\" was taken", bad[i].architecture);
        }
        if (!strstr(error.message, bad[i].says)) {
            fail_msg("\"%s\": \"%s\" does not say %s", bad[i].architecture, error.message,
                     bad[i].says);
        }
        parameters_free(&parameters);
    }
}

static void an_architecture_without_end_is_refused(void **state) {
    (void)state;
    enum { WORDS = 100000 };
    static const char word[] = "ir_r64_k3_s1_e1_c1 ";
    char *text = malloc(sizeof "stem_c1 " + WORDS * strlen(word));
    assert_non_null(text);
    char *end = text + sprintf(text, "stem_c1 ");
    for (size_t i = 0; i < WORDS; i++, end += strlen(word)) memcpy(end, word, sizeof word);
    struct parameters parameters = {0};
    struct encoder encoder;
    caption_error error = {0};
    assert_false(encoder_init(&encoder, text, 64, false, &parameters, &error));
    assert_non_null(strstr(error.message, "at most 1024 layers"));
    parameters_free(&parameters);
    free(text);
}

static void a_photo_too_small_or_too_large_is_refused(void **state) {
    (void)state;
    const size_t sizes[] = {0, 15, 1025, SIZE_MAX};
    for (size_t i = 0; i < 4; i++) {
        struct parameters parameters = {0};
        struct encoder encoder;
        caption_error error = {0};
        assert_false(encoder_init(&encoder, encoder_architecture("tiny"), sizes[i], false,
                                  &parameters, &error));
        assert_non_null(strstr(error.message, "expected 16 to 1024 pixels"));
        parameters_free(&parameters);
    }
}

static void a_workspace_too_large_for_any_memory_is_an_error(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new("tiny", 64, 1);
    caption_error error = {0};
    assert_null(encoder_workspace_new(&f.encoder, SIZE_MAX / 4, ENCODER_TRAINING, &error));
    assert_non_null(strstr(error.message, "too large"));
    encoder_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efficientnet_lite0_gives_the_golden_features),
        cmocka_unit_test(gradients_are_those_of_pytorch),
        cmocka_unit_test(batch_norm_is_that_of_pytorch),
        cmocka_unit_test(batch_norm_takes_one_photo_or_none),
        cmocka_unit_test(recomputed_activations_give_the_same_gradients_in_less_memory),
        cmocka_unit_test(a_batch_of_three_is_three_batches_of_one),
        cmocka_unit_test(features_tell_two_photos_apart),
        cmocka_unit_test(a_residual_block_is_left_out_as_often_as_asked_for),
        cmocka_unit_test(random_weights_keep_the_size_of_the_activations),
        cmocka_unit_test(the_preset_is_the_network_it_is_named_after),
        cmocka_unit_test(every_preset_has_the_parameters_of_its_name),
        cmocka_unit_test(a_preset_has_a_size_and_a_padding),
        cmocka_unit_test(a_photo_of_the_smallest_side_goes_through),
        cmocka_unit_test(an_architecture_that_does_not_parse_is_an_error_that_names_the_word),
        cmocka_unit_test(an_architecture_without_end_is_refused),
        cmocka_unit_test(a_photo_too_small_or_too_large_is_refused),
        cmocka_unit_test(a_workspace_too_large_for_any_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
