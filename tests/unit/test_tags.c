/* Confidence of tags, and how good they are. */
#include "temporary_file.h"

#include <math.h>

#include "base/random.h"
#include "decode/decode.h"
#include "eval/evaluate.h"
#include "model/confidence.h"

static void mean_average_precision_is_that_of_a_hand_made_ranking(void **state) {
    (void)state;
    enum { PHOTOS = 40, TAGS = 3 };
    float confidences[PHOTOS * TAGS];
    bool labels[PHOTOS * TAGS] = {0};
    for (size_t i = 0; i < PHOTOS; i++) {
        for (size_t t = 0; t < TAGS; t++) confidences[i * TAGS + t] = 1 - (float)i / PHOTOS;
        labels[i * TAGS] = i < 20;         /* all at the top: 1 */
        labels[i * TAGS + 1] = i % 2 == 1; /* every second: 1/2 at each */
        labels[i * TAGS + 2] = i < 19;     /* too few photos: not ranked */
    }
    struct tag_scores scores;
    assert_true(tag_scores_compute(confidences, labels, PHOTOS, TAGS, &scores, NULL));
    assert_int_equal(scores.tags, 2);
    assert_float_equal(scores.mean_average_precision, 0.75, 1e-12);
}

static void equal_confidences_are_no_gain(void **state) {
    (void)state;
    float confidences[40];
    bool labels[40];
    for (size_t i = 0; i < 40; i++) {
        confidences[i] = 0.5F;
        labels[i] = i < 20;
    }
    double expected = 0;
    for (size_t i = 1; i <= 20; i++) expected += (double)i / (double)(20 + i) / 20;
    struct tag_scores scores;
    assert_true(tag_scores_compute(confidences, labels, 40, 1, &scores, NULL));
    assert_float_equal(scores.mean_average_precision, expected, 1e-12);
}

static void sure_tags_are_counted_and_confidences_compared_with_the_truth(void **state) {
    (void)state;
    const float confidences[] = {0.95F, 0.9F, 0.95F, 0.89F, 0.2F, 0.2F, 1};
    const bool labels[] = {true, true, false, true, false, true, true};
    struct tag_scores scores;
    assert_true(tag_scores_compute(confidences, labels, 7, 1, &scores, NULL));
    assert_int_equal(scores.tags, 0);
    assert_int_equal(scores.sure, 4);
    assert_float_equal(scores.sure_right, 0.75, 1e-12);
    const double top = fabs(0.95 + 0.9 + 0.95 + 1 - 3), eighties = fabs(0.89 - 1);
    assert_float_equal(scores.calibration_error, (top + eighties + fabs(0.4 - 1)) / 7, 1e-6);
}

static void any_form_in_any_caption_of_a_photo_is_its_label(void **state) {
    (void)state;
    static const char text[] = "dog\t3\nman\t2\ndogs\t1\na\t1\n";
    struct vocabulary vocabulary;
    struct tag_words tags;
    assert_true(vocabulary_parse(&vocabulary, text, strlen(text), "words", NULL));
    assert_true(tag_words_choose(&tags, &vocabulary, 10, NULL));
    char *first[] = {"a", "man"}, *second[] = {"dogs", "unheard"}, *third[] = {"a", "a"};
    struct tokens captions[] = {{2, first}, {2, second}, {2, third}};
    struct dataset_photo photos[] = {{.first = 2, .count = 1}, {.first = 0, .count = 2}};
    const struct dataset dataset = {.photos = photos, .captions = captions};
    const size_t order[] = {1, 0};
    bool labels[4];
    const struct dataset_selection selected = {&dataset, order, 2};
    tag_scores_labels(&selected, &vocabulary, &tags, labels);
    assert_true(labels[0] && labels[1]);
    assert_false(labels[2] || labels[3]);
    tag_words_free(&tags);
    vocabulary_free(&vocabulary);
}

static void calibration_finds_the_slope_and_bias_that_labels_were_drawn_by(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    float *logits = calloc(COUNT, sizeof *logits);
    bool *labels = calloc(COUNT, sizeof *labels);
    assert_true(logits && labels);
    const struct tag_calibration truth = {.slope = 0.6, .bias = -1.2};
    struct random random = random_seeded(7, 0);
    for (size_t i = 0; i < COUNT; i++) {
        logits[i] = 12 * random_uniform(&random) - 8;
        labels[i] = (double)random_uniform(&random) < tag_calibration_of(&truth, logits[i]);
    }
    struct tag_calibration found;
    assert_true(tag_calibration_fit(logits, labels, COUNT, &found, NULL));
    assert_float_equal(found.slope, truth.slope, 0.02);
    assert_float_equal(found.bias, truth.bias, 0.05);
    free(logits);
    free(labels);
}

static void labels_that_tell_nothing_cannot_calibrate(void **state) {
    (void)state;
    const float logits[] = {1, 2, 3, 4}, broken[] = {1, (float)NAN, 3, 4};
    const bool none[4] = {0}, all[] = {true, true, true, true},
               some[] = {true, false, false, false}, against[] = {true, true, false, true};
    struct tag_calibration found;
    caption_error error;
    assert_false(tag_calibration_fit(logits, none, 4, &found, &error));
    assert_false(tag_calibration_fit(logits, all, 4, &found, &error));
    assert_false(tag_calibration_fit(broken, some, 4, &found, &error));
    assert_false(tag_calibration_fit(logits, against, 4, &found, &error));
    assert_non_null(strstr(error.message, "slope above 0"));
}

static void a_calibration_reads_as_it_was_written(void **state) {
    (void)state;
    const struct tag_calibration written = {.slope = 0.93125, .bias = -0.125};
    struct tag_calibration read;
    cJSON *json = tag_calibration_json(&written, NULL);
    char *text = cJSON_PrintUnformatted(json);
    assert_true(tag_calibration_parse(&read, text, "model", NULL));
    assert_true(read.slope == written.slope && read.bias == written.bias);
    cJSON_free(text);
    cJSON_Delete(json);
}

static void a_calibration_that_is_none_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "[]",
                                        "1",
                                        "{}",
                                        "{\"slope\":1}",
                                        "{\"slope\":0,\"bias\":0}",
                                        "{\"slope\":-1,\"bias\":0}",
                                        "{\"slope\":1e999,\"bias\":0}",
                                        "{\"slope\":1,\"bias\":-1e7}",
                                        "{\"slope\":\"1\",\"bias\":0}",
                                        "{\"slope\":1,\"bias\":null}",
                                        "{\"slope\":1,\"bias\":0,\"bias\":1}",
                                        "{\"slope\":1,\"bias\":0,\"more\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tag_calibration calibration;
        caption_error error = {0};
        if (tag_calibration_parse(&calibration, texts[i], "dog.model: tag_calibration", &error))
            fail_msg("%s was read", texts[i]);
        assert_non_null(strstr(error.message, "dog.model: tag_calibration"));
    }
}

static void tags_are_told_surest_first_and_none_below_the_least(void **state) {
    (void)state;
    uint32_t names[] = {4, 5, 7, 9};
    const struct tag_words tags = {.count = 4, .names = names};
    const struct tag_calibration calibration = {.slope = 2, .bias = -1};
    const float logits[] = {0.5F, -3, 2, 0.5F};
    struct decode_result result = {0};
    assert_true(tags_set(&result, &tags, &calibration, logits, 0.5, NULL));
    assert_int_equal(result.tag_count, 3);
    assert_int_equal(result.tags[0].word, 7);
    assert_int_equal(result.tags[1].word, 4); /* of equals the more frequent */
    assert_int_equal(result.tags[2].word, 9);
    assert_float_equal(result.tags[0].confidence, 0.952574127F, 1e-6);
    assert_float_equal(result.tags[1].confidence, 0.5, 1e-12);
    decode_results_free(&result, 1);

    assert_true(tags_set(&result, &tags, &(struct tag_calibration){0}, logits, 0, NULL));
    assert_int_equal(result.tag_count, 4);
    assert_float_equal(result.tags[0].confidence, 0.880797078F, 1e-6); /* as they are */
    decode_results_free(&result, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_average_precision_is_that_of_a_hand_made_ranking),
        cmocka_unit_test(equal_confidences_are_no_gain),
        cmocka_unit_test(sure_tags_are_counted_and_confidences_compared_with_the_truth),
        cmocka_unit_test(any_form_in_any_caption_of_a_photo_is_its_label),
        cmocka_unit_test(calibration_finds_the_slope_and_bias_that_labels_were_drawn_by),
        cmocka_unit_test(labels_that_tell_nothing_cannot_calibrate),
        cmocka_unit_test(a_calibration_reads_as_it_was_written),
        cmocka_unit_test(a_calibration_that_is_none_is_refused),
        cmocka_unit_test(tags_are_told_surest_first_and_none_below_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
