/* Softmax and cross entropy in single precision: against the plain twin, at the edges of the
 * range, and with a vocabulary's width. */
#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "nn/softmax.h"

enum { MAX_CLASSES = 3486 };

/* Loss and gradient of one row against the twin. */
static void compare(size_t classes, double limit, real smoothing) {
    static real row[MAX_CLASSES];
    static double logits[MAX_CLASSES];
    struct random random = random_seeded(classes, 0);
    fixture_fill(row, classes, limit, &random);
    double sum = 0, maximum = -HUGE_VAL;
    for (size_t j = 0; j < classes; j++) logits[j] = (double)row[j];
    for (size_t j = 0; j < classes; j++) maximum = fmax(maximum, logits[j]);
    for (size_t j = 0; j < classes; j++) sum += exp(logits[j] - maximum);
    const int32_t target = (int32_t)(classes / 2);
    double expected_loss = twin_cross_entropy(classes, logits, (size_t)target, 0);

    double loss = softmax_cross_entropy(1, classes, row, &target, smoothing);
    assert_true(fabs(loss - expected_loss) <= 1e-6 * fmax(1, expected_loss));
    double total = 0;
    for (size_t j = 0; j < classes; j++) {
        double expected = exp(logits[j] - maximum) / sum - (double)smoothing / (double)classes;
        if ((int32_t)j == target) expected -= 1 - (double)smoothing;
        if (fabs((double)row[j] - expected) > 1e-6) {
            fail_msg("%zu classes, [%zu]: expected %.9g, found %.9g", classes, j, expected,
                     (double)row[j]);
        }
        total += (double)row[j];
    }
    assert_true(fabs(total) < 1e-5); /* adding one number to all logits changes nothing */
}

static void loss_and_gradient_equal_the_plain_twin(void **state) {
    (void)state;
    const size_t classes[] = {1, 2, 15, 16, 17, 100, MAX_CLASSES};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        compare(classes[i], 5, 0);
        compare(classes[i], 5, 0.1f);
        compare(classes[i], 40, 0);
    }
}

static void huge_logits_do_not_overflow(void **state) {
    (void)state;
    real row[] = {1e30f, -1e30f, 3e38f, -3e38f, 0};
    const int32_t target = 2;
    assert_true(softmax_cross_entropy(1, 5, row, &target, 0) < 1e-6);
    for (size_t j = 0; j < 5; j++) assert_true(fabsf(row[j]) < 1e-6f);
}

static void an_unlikely_target_costs_its_distance(void **state) {
    (void)state;
    real row[] = {0, 500, 0}; /* e^-500 is no float */
    const int32_t target = 0;
    assert_true(fabs(softmax_cross_entropy(1, 3, row, &target, 0) - 500) < 1e-3);
    assert_true(fabsf(row[0] + 1) < 1e-6f && fabsf(row[1] - 1) < 1e-6f);
}

static void a_nan_makes_the_loss_nan(void **state) {
    (void)state;
    for (size_t place = 0; place < 40; place++) {
        real row[40] = {0};
        row[place] = NAN;
        const int32_t target = 7;
        assert_true(isnan(softmax_cross_entropy(1, 40, row, &target, 0)));
    }
}

static void rows_do_not_see_each_other(void **state) {
    (void)state;
    enum { ROWS = 4, CLASSES = 21 };
    real together[ROWS * CLASSES], alone[ROWS * CLASSES];
    const int32_t targets[ROWS] = {0, 20, 5, 5};
    struct random random = random_seeded(1, 0);
    fixture_fill(together, ROWS * CLASSES, 3, &random);
    memcpy(alone, together, sizeof alone);
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++) {
        sum += softmax_cross_entropy(1, CLASSES, alone + i * CLASSES, targets + i, 0.1f);
    }
    assert_true(softmax_cross_entropy(ROWS, CLASSES, together, targets, 0.1f) == sum);
    assert_memory_equal(together, alone, sizeof alone);
    assert_true(softmax_cross_entropy(0, CLASSES, NULL, NULL, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradient_equal_the_plain_twin),
        cmocka_unit_test(huge_logits_do_not_overflow),
        cmocka_unit_test(an_unlikely_target_costs_its_distance),
        cmocka_unit_test(a_nan_makes_the_loss_nan),
        cmocka_unit_test(rows_do_not_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
