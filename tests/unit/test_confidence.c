#include "tiny_captioner.h"

#include "model/confidence.h"

static const char *const words[] = {"a", "cliff", "cliffs", "near", "red", NULL};

static bool says_twice(const struct model *model, const struct decode_caption *caption) {
    size_t cliffs = 0;
    for (size_t i = 0; i < caption->count; i++)
        cliffs += strncmp(model->vocabulary.words[caption->words[i]], "cliff", 5) == 0;
    return cliffs > 1;
}

/* How many of the captions of some photos say a word of content twice. */
static size_t count_twice(caption_options options) {
    enum { PHOTOS = 20 };
    struct model model = tiny_model(&cell_gru, words, 3);
    for (uint32_t word = 5; word <= 6; word++) tiny_bias(&model, word, 6);
    real features[PHOTOS * TINY_FEATURES];
    tiny_photos(features, PHOTOS, 4);
    struct decode_result results[PHOTOS];
    tiny_decode(&model, &options, features, PHOTOS, 0, results);
    size_t count = 0;
    for (size_t i = 0; i < PHOTOS; i++) count += says_twice(&model, &results[i].captions[0]);
    decode_results_free(results, PHOTOS);
    tiny_free(&model);
    return count;
}

static void test_no_word_of_content_is_said_twice_in_any_form(void **state) {
    (void)state;
    for (int sample = 0; sample <= 1; sample++) {
        caption_options options = tiny_options();
        options.sample = sample;
        assert_true(count_twice(options) > 0);
        options.repeat_words = false;
        assert_int_equal(count_twice(options), 0);
    }
}

static const char good[] =
    "{\"bias\": -1, \"logprob\": 2, \"length\": 0.5, \"rarity\": 0.25, \"image\": [1, -1]}";

static void test_confidence_is_the_logistic_function_of_its_signals(void **state) {
    (void)state;
    struct confidence confidence;
    assert_true(confidence_parse(&confidence, good, 2, "model", NULL));
    const double signals[CONFIDENCE_SIGNALS] = {-1, 4, 8};
    const float image[] = {0.5F, 0.25F};
    assert_close(confidence_of(&confidence, signals, image), 1 / (1 + exp(-1.25)), 1e-12);
    confidence_free(&confidence);
    assert_true(isnan(confidence_of(&confidence, signals, image)));
}

static void test_what_is_written_is_read_again(void **state) {
    (void)state;
    struct confidence confidence, again;
    assert_true(confidence_parse(&confidence, good, 2, "model", NULL));
    cJSON *json = confidence_json(&confidence, NULL);
    char *text = cJSON_PrintUnformatted(json);
    assert_true(confidence_parse(&again, text, 2, "model", NULL));
    assert_close(again.signals[CONFIDENCE_RARITY], 0.25, 0);
    assert_close(again.image[1], -1, 0);
    cJSON_free(text);
    cJSON_Delete(json);
    confidence_free(&confidence);
    confidence_free(&again);
}

static void test_hostile_confidence_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"bias\": 1}",
        "{\"bias\": \"1\", \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"image\": [1, 1]}",
        "{\"bias\": 1e300, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"image\": [1, 1]}",
        "{\"bias\": 1, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"image\": [1]}",
        "{\"bias\": 1, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"image\": [1, null]}",
        "{\"bias\": 1, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"image\": [1, 1], \"x\": 0}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct confidence confidence;
        caption_error error = {0};
        assert_false(confidence_parse(&confidence, bad[i], 2, "model", &error));
        assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
        assert_int_equal(strncmp(error.message, "model: ", 7), 0);
    }
}

static void test_a_minimum_without_a_confidence_is_refused(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, words, 3);
    caption_options options = tiny_options();
    options.min_confidence = 0.5F;
    caption_error error = {0};
    assert_null(decode_plan_new(&model, &options, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "confidence"));
    tiny_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_word_of_content_is_said_twice_in_any_form),
        cmocka_unit_test(test_confidence_is_the_logistic_function_of_its_signals),
        cmocka_unit_test(test_what_is_written_is_read_again),
        cmocka_unit_test(test_hostile_confidence_is_refused),
        cmocka_unit_test(test_a_minimum_without_a_confidence_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
