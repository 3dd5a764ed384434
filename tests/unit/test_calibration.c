/* The fit of a model's confidence, and how good confidences are. */
#include "tiny_captioner.h"

#include "eval/calibration.h"
#include "eval/evaluate.h"

static double logistic(double z) {
    return 1 / (1 + exp(-z));
}

static void logistic_data_give_back_their_coefficients(void **state) {
    (void)state;
    enum { COUNT = 100000, INPUTS = 3 };
    const double truth[INPUTS] = {1.5, -0.75, 0.25}, penalties[INPUTS] = {1e-3, 1e-3, 1e-3};
    double *rows = calloc(COUNT * INPUTS, sizeof *rows), *weights = calloc(COUNT, sizeof *weights);
    bool *labels = calloc(COUNT, sizeof *labels);
    assert_true(rows && weights && labels);
    struct random random = random_seeded(3, 0);
    for (size_t i = 0; i < COUNT; i++) {
        rows[i * INPUTS] = (double)random_normal(&random);
        rows[i * INPUTS + 1] = 2 * (double)random_normal(&random) + rows[i * INPUTS];
        rows[i * INPUTS + 2] = 1;
        weights[i] = 1;
        labels[i] = (double)random_uniform(&random) <
                    logistic_probability(rows + i * INPUTS, truth, INPUTS);
    }
    const struct logistic problem = {COUNT, INPUTS, rows, labels, weights, penalties};
    double found[INPUTS], again[INPUTS];
    assert_true(logistic_fit(&problem, found, NULL));
    for (size_t i = 0; i < INPUTS; i++) assert_close(found[i], truth[i], 0.04);
    assert_true(logistic_fit(&problem, again, NULL));
    assert_memory_equal(found, again, sizeof found);
    free(rows);
    free(weights);
    free(labels);
}

/* At the maximum the gradient is 0: checked by hand for one input. */
static void the_penalty_is_what_the_header_says(void **state) {
    (void)state;
    const double rows[] = {1, 2, -1}, weights[] = {1, 0.5, 2}, penalty = 0.7;
    const bool labels[] = {true, false, false};
    const struct logistic problem = {3, 1, rows, labels, weights, &penalty};
    double b;
    assert_true(logistic_fit(&problem, &b, NULL));
    double gradient = -penalty * b;
    for (size_t i = 0; i < 3; i++)
        gradient += weights[i] * rows[i] * (labels[i] - logistic(rows[i] * b));
    assert_close(gradient, 0, 1e-6);
    assert_true(b != 0);
}

static void labels_that_a_line_parts_give_finite_coefficients(void **state) {
    (void)state;
    enum { COUNT = 40, INPUTS = 2 };
    double rows[COUNT * INPUTS], weights[COUNT];
    const double penalties[INPUTS] = {1, 0.01};
    bool labels[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        rows[i * INPUTS] = (double)i - 19.5;
        rows[i * INPUTS + 1] = 1;
        weights[i] = 1;
        labels[i] = i >= 20;
    }
    const struct logistic problem = {COUNT, INPUTS, rows, labels, weights, penalties};
    double found[INPUTS];
    assert_true(logistic_fit(&problem, found, NULL));
    assert_true(found[0] > 0.5 && found[0] < 10);
    assert_close(found[1], 0, 1e-6);
}

static void numbers_that_are_not_finite_are_an_error(void **state) {
    (void)state;
    const double rows[] = {1, (double)NAN}, weights[] = {1, 1}, penalty = 1;
    const bool labels[] = {true, false};
    const struct logistic problem = {2, 1, rows, labels, weights, &penalty};
    double found;
    caption_error error = {0};
    assert_false(logistic_fit(&problem, &found, &error));
    assert_non_null(strstr(error.message, "not finite"));
}

/* Photos of a part whose first signal, from -2 to 2, decides. */
static void add_part(struct calibration_photos *photos, const char *style, size_t count,
                     double bias, uint64_t seed) {
    double *signals = calloc(count * CONFIDENCE_SIGNALS, sizeof *signals);
    double *ciders = calloc(count, sizeof *ciders), *confidences = calloc(count, sizeof *ciders);
    assert_true(signals && ciders && confidences);
    struct random random = random_seeded(seed, 0);
    for (size_t i = 0; i < count; i++) {
        const double signal = 4 * (double)random_uniform(&random) - 2;
        signals[i * CONFIDENCE_SIGNALS + CONFIDENCE_AGREEMENT] = signal;
        signals[i * CONFIDENCE_SIGNALS + CONFIDENCE_LENGTH] = 8;
        ciders[i] = (double)random_uniform(&random) < logistic(2 * signal + bias) ? 1 : 0.25;
    }
    const struct evaluation evaluation = {.count = count,
                                          .style = style,
                                          .signals = signals,
                                          .ciders = ciders,
                                          .confidences = confidences};
    assert_true(calibration_add(photos, "part", &evaluation, NULL));
    free(signals);
    free(ciders);
    free(confidences);
}

static void a_confidence_is_calibrated_in_every_style(void **state) {
    (void)state;
    struct calibration_photos photos = {0};
    add_part(&photos, "easy", 4000, 1, 1);
    add_part(&photos, "hard", 20000, -1, 2);
    double *probabilities = calloc(photos.count, sizeof *probabilities);
    struct confidence confidence;
    assert_true(calibration_fit(&photos, &confidence, probabilities, NULL));
    assert_close(confidence.signals[CONFIDENCE_AGREEMENT], 2, 0.1);
    assert_int_equal(confidence.style_count, 2);
    const double easy = confidence_style_bias(&confidence, "easy"),
                 hard = confidence_style_bias(&confidence, "hard");
    assert_close(easy - hard, 2, 0.15);
    assert_close(easy + hard, 0, 0.2); /* of no style: halfway, though most photos are hard */
    for (size_t p = 0; p < 2; p++) {
        const struct calibration_part *part = &photos.parts[p];
        struct confidence_scores scores;
        assert_true(confidence_scores_compute(
            probabilities + part->first, photos.ciders + part->first, part->count, &scores, NULL));
        assert_true(scores.calibration_error < 0.02);
        assert_true(scores.gain > 0.09);
    }
    const double *signals = photos.signals + 5 * CONFIDENCE_SIGNALS;
    assert_close(confidence_of(&confidence, signals, "easy"), probabilities[5], 0.02);
    free(probabilities);
    confidence_free(&confidence);
    calibration_free(&photos);
}

/* Weights would be so large that no model may have them. */
static void signals_that_hardly_differ_are_an_error(void **state) {
    (void)state;
    struct calibration_photos photos = {0};
    add_part(&photos, "easy", 1000, 1, 1);
    for (size_t i = 0; i < photos.count; i++)
        photos.signals[i * CONFIDENCE_SIGNALS + CONFIDENCE_AGREEMENT] *= 1e-7;
    double *probabilities = calloc(photos.count, sizeof *probabilities);
    struct confidence confidence;
    caption_error error = {0};
    assert_false(calibration_fit(&photos, &confidence, probabilities, &error));
    assert_non_null(strstr(error.message, "hardly differ"));
    free(probabilities);
    calibration_free(&photos);
}

static void parts_of_one_style_share_its_bias(void **state) {
    (void)state;
    struct calibration_photos photos = {0};
    add_part(&photos, "coco", 300, 1, 1);
    add_part(&photos, "web", 300, -1, 2);
    add_part(&photos, "coco", 300, 1, 3);
    double *probabilities = calloc(photos.count, sizeof *probabilities);
    struct confidence confidence, again;
    assert_true(calibration_fit(&photos, &confidence, probabilities, NULL));
    assert_int_equal(confidence.style_count, 2);
    cJSON *json = confidence_json(&confidence, NULL);
    char *text = cJSON_PrintUnformatted(json);
    assert_true(confidence_parse(&again, text, "model", NULL));
    cJSON_free(text);
    cJSON_Delete(json);
    free(probabilities);
    confidence_free(&confidence);
    confidence_free(&again);
    calibration_free(&photos);
}

static void parts_in_no_style_have_no_bias_of_their_own(void **state) {
    (void)state;
    struct calibration_photos photos = {0};
    add_part(&photos, NULL, 3000, 1, 1);
    add_part(&photos, "web", 3000, -1, 2);
    add_part(&photos, NULL, 3000, 1, 3);
    double *probabilities = calloc(photos.count, sizeof *probabilities);
    struct confidence confidence;
    assert_true(calibration_fit(&photos, &confidence, probabilities, NULL));
    assert_int_equal(confidence.style_count, 1);
    assert_string_equal(confidence.styles[0].name, "web");
    const double *signals = photos.signals;
    assert_close(confidence_of(&confidence, signals, NULL), probabilities[0], 0.02);
    assert_close(confidence_style_bias(&confidence, "web"), -2, 0.2);
    free(probabilities);
    confidence_free(&confidence);
    calibration_free(&photos);
}

/* `count` photos, of which the captions are all apt or none is. */
static double confidence_of_all(size_t count, double cider) {
    struct calibration_photos photos = {0};
    add_part(&photos, "coco", count, 0, 1);
    for (size_t i = 0; i < count; i++) photos.ciders[i] = cider;
    double *probabilities = calloc(count, sizeof *probabilities);
    struct confidence confidence;
    assert_true(calibration_fit(&photos, &confidence, probabilities, NULL));
    assert_int_equal(confidence.style_count, 0);
    for (size_t i = 0; i < count; i++) assert_true(probabilities[i] >= 0 && probabilities[i] <= 1);
    const double found = confidence_of(&confidence, photos.signals, NULL);
    assert_true(isfinite(found));
    free(probabilities);
    confidence_free(&confidence);
    calibration_free(&photos);
    return found;
}

static void photos_of_one_kind_alone_are_no_trouble(void **state) {
    (void)state;
    assert_true(confidence_of_all(200, 1) > 0.98);
    assert_true(confidence_of_all(200, 0) < 0.02);
    assert_true(confidence_of_all(1, 1) > 0.5);
    assert_true(confidence_of_all(1, 0) < 0.5);
    const struct calibration_photos none = {0};
    struct confidence confidence;
    caption_error error = {0};
    assert_false(calibration_fit(&none, &confidence, NULL, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
}

static void tags_of_all_parts_are_calibrated_together(void **state) {
    (void)state;
    float first[] = {0.5F, 0.5F}, second[] = {0.2F, 0.2F, 0.2F, 0.2F};
    bool some[] = {true, false}, few[] = {true, false, false, false};
    struct photo_tags all = {0};
    assert_true(photo_tags_append(&all, &(struct photo_tags){1, 2, first, some}, NULL));
    assert_true(photo_tags_append(&all, &(struct photo_tags){2, 2, second, few}, NULL));
    assert_int_equal(all.photos, 3);
    struct tag_calibration calibration;
    assert_true(photo_tags_fit(&all, &calibration, NULL));
    assert_close(tag_calibration_of(&calibration, 0), 0.5, 1e-4);
    assert_close(tag_calibration_of(&calibration, logf(0.25F)), 0.25, 1e-4);
    photo_tags_free(&all);
}

static void the_error_of_true_probabilities_is_that_of_chance(void **state) {
    (void)state;
    struct random random = random_seeded(5, 0);
    double error = 0, chance = 0;
    for (size_t run = 0; run < 400; run++) {
        struct calibration_bins bins = {0};
        for (size_t i = 0; i < 300; i++) {
            const double p = (double)random_uniform(&random);
            calibration_bins_add(&bins, p, (double)random_uniform(&random) < p);
        }
        error += calibration_bins_error(&bins) / 400;
        chance += calibration_bins_chance(&bins) / 400;
    }
    assert_close(chance, error, 0.002);
    assert_true(error > 0.03);
}

static void the_surer_part_is_scored_by_itself(void **state) {
    (void)state;
    const double confidences[] = {0.1, 0.9, 0.9, 0.4}, ciders[] = {0, 1, 0.5, 0.1};
    struct confidence_scores scores;
    assert_true(confidence_scores_compute(confidences, ciders, 4, &scores, NULL));
    assert_int_equal(scores.count, 4);
    assert_close(scores.calibration_error, (0.1 + 0.2 + 0.4) / 4, 1e-12);
    assert_close(scores.rows[0].cider, 0.4, 1e-12);
    assert_close(scores.rows[0].apt, 0.5, 1e-12);
    assert_close(scores.rows[2].coverage, 0.75, 0);
    assert_close(scores.rows[2].cider, 1.6 / 3, 1e-12);
    assert_close(scores.rows[2].least, 0.4, 0);
    assert_close(scores.gain, 1.6 / 3 - 0.4, 1e-12);
    assert_close(scores.rows[4].cider, 0.5, 1e-12); /* of equals the worse */
    const double unknown[] = {(double)NAN};
    assert_true(confidence_scores_compute(unknown, ciders, 1, &scores, NULL));
    assert_int_equal(scores.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logistic_data_give_back_their_coefficients),
        cmocka_unit_test(the_penalty_is_what_the_header_says),
        cmocka_unit_test(labels_that_a_line_parts_give_finite_coefficients),
        cmocka_unit_test(numbers_that_are_not_finite_are_an_error),
        cmocka_unit_test(a_confidence_is_calibrated_in_every_style),
        cmocka_unit_test(signals_that_hardly_differ_are_an_error),
        cmocka_unit_test(parts_of_one_style_share_its_bias),
        cmocka_unit_test(parts_in_no_style_have_no_bias_of_their_own),
        cmocka_unit_test(photos_of_one_kind_alone_are_no_trouble),
        cmocka_unit_test(tags_of_all_parts_are_calibrated_together),
        cmocka_unit_test(the_error_of_true_probabilities_is_that_of_chance),
        cmocka_unit_test(the_surer_part_is_scored_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
