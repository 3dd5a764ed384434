#include "tiny_captioner.h"

#include "decode/decode.h"
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
    "{\"bias\": -1, \"logprob\": 2, \"length\": 0.5, \"rarity\": 0.25, \"agreement\": 0.5, "
    "\"coverage\": 4, \"styles\": {\"coco\": 0.5, \"web\": -0.5}}";

static void test_confidence_is_the_logistic_function_of_its_signals(void **state) {
    (void)state;
    struct confidence confidence;
    assert_true(confidence_parse(&confidence, good, "model", NULL));
    const double signals[CONFIDENCE_SIGNALS] = {-1, 4, 8, -3, 0.125};
    assert_close(confidence_of(&confidence, signals, NULL), 1 / (1 + exp(0)), 1e-12);
    assert_close(confidence_of(&confidence, signals, "coco"), 1 / (1 + exp(-0.5)), 1e-12);
    assert_close(confidence_of(&confidence, signals, "web"), 1 / (1 + exp(0.5)), 1e-12);
    assert_close(confidence_of(&confidence, signals, "unheard"), 0.5, 1e-12);
    confidence_free(&confidence);
    assert_true(isnan(confidence_of(&confidence, signals, NULL)));
}

static void test_what_is_written_is_read_again(void **state) {
    (void)state;
    struct confidence confidence, again;
    assert_true(confidence_parse(&confidence, good, "model", NULL));
    cJSON *json = confidence_json(&confidence, NULL);
    char *text = cJSON_PrintUnformatted(json);
    assert_true(confidence_parse(&again, text, "model", NULL));
    assert_close(again.signals[CONFIDENCE_RARITY], 0.25, 0);
    assert_close(again.signals[CONFIDENCE_COVERAGE], 4, 0);
    assert_int_equal(again.style_count, 2);
    assert_close(confidence_style_bias(&again, "web"), -0.5, 0);
    cJSON_free(text);
    cJSON_Delete(json);
    confidence_free(&confidence);
    confidence_free(&again);
}

/* The signals of a model without a word head, and what follows them. */
#define SIGNALS                                                                                    \
    "\"bias\": 1, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"agreement\": 0, \"coverage\": 0"

static void test_hostile_confidence_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"bias\": 1}",
        "{" SIGNALS "}",
        "{" SIGNALS ", \"styles\": []}",
        "{" SIGNALS ", \"styles\": {\"a\": null}}",
        "{" SIGNALS ", \"styles\": {\"a\": 1e300}}",
        "{" SIGNALS ", \"styles\": {\"a\": 1, \"a\": 1}}",
        "{" SIGNALS ", \"styles\": {}, \"x\": 0}",
        "{\"bias\": \"1\", \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"agreement\": 0, "
        "\"coverage\": 0, \"styles\": {}}",
        "{\"bias\": 1e300, \"logprob\": 2, \"length\": 0, \"rarity\": 0, \"agreement\": 0, "
        "\"coverage\": 0, \"styles\": {}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct confidence confidence;
        caption_error error = {0};
        if (confidence_parse(&confidence, bad[i], "model", &error)) fail_msg("%s was read", bad[i]);
        assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
        assert_int_equal(strncmp(error.message, "model: ", 7), 0);
    }
}

static void test_signals_tell_how_far_caption_and_tags_agree(void **state) {
    (void)state;
    static const char text[] = "dog\t4\nman\t3\ndogs\t2\na\t1\n";
    struct model model = {0};
    assert_true(vocabulary_parse(&model.vocabulary, text, strlen(text), "words", NULL));
    assert_true(tag_words_choose(&model.tags, &model.vocabulary, 10, NULL));
    assert_int_equal(model.tags.count, 2);
    const uint32_t dog = (uint32_t)vocabulary_find(&model.vocabulary, "dog"), man = dog + 1,
                   dogs = dog + 2, a = dog + 3;
    double rarity[16] = {0};
    const struct decode_plan plan = {.model = &model, .style = STYLE_NONE, .rarity = rarity};
    uint32_t one[] = {a, dog, dogs}, both[] = {man, dog}, none[] = {a};
    struct decode_caption captions[] = {{.words = one, .count = 3, .logprob = -8},
                                        {.words = both, .count = 2},
                                        {.words = none, .count = 1}};
    struct decode_result results[] = {{.captions = captions, .count = 3}};
    const float logits[] = {1, -2};
    signals_of_photos(&plan, logits, 1, results);
    const double p = 1 / (1 + exp(-1)), q = 1 / (1 + exp(2));
    assert_close(captions[0].signals[CONFIDENCE_LOGPROB], -2, 1e-12);
    assert_close(captions[0].signals[CONFIDENCE_LENGTH], 3, 0);
    assert_close(captions[0].signals[CONFIDENCE_AGREEMENT], 1, 1e-12);
    assert_close(captions[0].signals[CONFIDENCE_COVERAGE], p / (p + q), 1e-12);
    assert_close(captions[1].signals[CONFIDENCE_AGREEMENT], -0.5, 1e-12);
    assert_close(captions[1].signals[CONFIDENCE_COVERAGE], 1, 1e-12);
    assert_true(captions[2].signals[CONFIDENCE_AGREEMENT] < -2);
    assert_close(captions[2].signals[CONFIDENCE_COVERAGE], 0, 0);
    assert_true(isnan(captions[0].confidence));
    tag_words_free(&model.tags);
    vocabulary_free(&model.vocabulary);
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
        cmocka_unit_test(test_signals_tell_how_far_caption_and_tags_agree),
        cmocka_unit_test(test_a_minimum_without_a_confidence_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
