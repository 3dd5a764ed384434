/* Softmax and cross entropy in double precision: what is left in place of the logits, against
 * finite differences of the loss by the plain twin, with and without label smoothing. */
#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "finite_difference.h"
#include "nn/softmax.h"

enum { ROWS = 3, CLASSES = 37 }; /* two whole vectors and a tail */

struct rows {
    real logits[ROWS * CLASSES];
    int32_t targets[ROWS];
    real smoothing;
};

static double smoothed_loss(void *context) {
    struct rows *rows = context;
    double loss = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double logits[CLASSES];
        for (size_t j = 0; j < CLASSES; j++) logits[j] = (double)rows->logits[i * CLASSES + j];
        loss +=
            twin_cross_entropy(CLASSES, logits, (size_t)rows->targets[i], (double)rows->smoothing);
    }
    return loss;
}

static void check(real smoothing) {
    struct rows rows = {.targets = {0, CLASSES - 1, 20}, .smoothing = smoothing};
    struct random random = random_seeded(1, 0);
    fixture_fill(rows.logits, ROWS * CLASSES, 4, &random);
    real gradient[ROWS * CLASSES];
    memcpy(gradient, rows.logits, sizeof gradient);
    double loss = softmax_cross_entropy(ROWS, CLASSES, gradient, rows.targets, smoothing);
    finite_difference_check("logits", smoothed_loss, &rows, rows.logits, ROWS * CLASSES, gradient);
    rows.smoothing = 0; /* what is returned is the plain loss */
    assert_true(fabs(loss - smoothed_loss(&rows)) < 1e-12 * loss);
}

static void cross_entropy_leaves_its_gradient(void **state) {
    (void)state;
    check(0);
}

static void smoothed_cross_entropy_leaves_its_gradient(void **state) {
    (void)state;
    check(0.125);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy_leaves_its_gradient),
        cmocka_unit_test(smoothed_cross_entropy_leaves_its_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
