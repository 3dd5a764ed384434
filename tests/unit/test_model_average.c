/* The mean of models: every number of it, and what has no mean. */
#include "model_fixture.h"

#include <math.h>

/* A model whose every number is that of small_model plus `more`. */
static struct model moved(real more) {
    struct model model = small_model();
    for (size_t i = 0; i < model.parameters.count; i++) model.parameters.values[i] += more;
    return model;
}

static void every_number_is_the_mean_of_all_models(void **state) {
    (void)state;
    struct model start = small_model(), mean = moved(1), second = moved(-4), third = moved(9);
    assert_true(model_average(&mean, 1, &second, "second", NULL));
    assert_true(model_average(&mean, 2, &third, "third", NULL));
    for (size_t i = 0; i < mean.parameters.count; i++) {
        const real expected = start.parameters.values[i] + 2;
        assert_true(fabsf(mean.parameters.values[i] - expected) <= 1e-4F);
    }
    model_free(&start);
    model_free(&mean);
    model_free(&second);
    model_free(&third);
}

static void expect_refused(struct model *other, const char *text) {
    struct model model = small_model();
    const real before = model.parameters.values[5];
    caption_error error = {0};
    assert_false(model_average(&model, 1, other, "other.safetensors", &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    if (!strstr(error.message, "other.safetensors") || !strstr(error.message, text)) {
        fail_msg("\"%s\" does not name the file and \"%s\"", error.message, text);
    }
    assert_true(model.parameters.values[5] == before);
    model_free(&model);
    model_free(other);
}

static void models_that_differ_in_more_than_numbers_have_no_mean(void **state) {
    (void)state;
    struct model_design design = small_design();
    design.encoder = "stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k3_s2_e2_c12 head_c16";
    struct model other = random_model(&design);
    expect_refused(&other, "encoder is stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k3");
    design = small_design();
    design.size = 48;
    other = random_model(&design);
    expect_refused(&other, "image size is 48, theirs 32");
    design = small_design();
    design.cell = "lstm";
    other = random_model(&design);
    expect_refused(&other, "cell is lstm, theirs gru");
    design = small_design();
    design.image_input = "every";
    other = random_model(&design);
    expect_refused(&other, "image input is every, theirs first");
    design = small_design();
    design.hidden = 12;
    other = random_model(&design);
    expect_refused(&other, "hidden size is 12, theirs 10");
    design = small_design();
    design.embedding = 8;
    other = random_model(&design);
    expect_refused(&other, "embedding size is 8, theirs 6");
    other = small_model();
    other.preprocessing.std[0] = 1;
    expect_refused(&other, "mean or std");
}

static void nor_have_models_of_other_words(void **state) {
    (void)state;
    static const char text[] = "a\t9\ncat\t8\nläuft\t7\ngrass\t6\n";
    struct vocabulary words;
    assert_true(vocabulary_parse(&words, text, strlen(text), "words", NULL));
    const struct model_design design = small_design();
    struct model other;
    assert_true(model_new(&other, &design, &words, NULL));
    struct model alike = small_model();
    other.preprocessing = alike.preprocessing;
    model_free(&alike);
    expect_refused(&other, "word 5 is cat, theirs dog");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_the_mean_of_all_models),
        cmocka_unit_test(models_that_differ_in_more_than_numbers_have_no_mean),
        cmocka_unit_test(nor_have_models_of_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
