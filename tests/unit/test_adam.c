/* Adam against the formula of the paper, written plainly in double precision. */
#include "decoder_fixture.h"
#include "nn/adam.h"

#include <math.h>

enum { COUNT = 37 }; /* vectors and a tail */

/* Kingma and Ba (2015), algorithm 1, line by line; with weight decay, Loshchilov and Hutter (2019),
 * algorithm 2: apart from the gradient, and of the value before the step. */
static void textbook(const struct adam *adam, double gradient, double *value, double *m,
                     double *v) {
    double beta1 = (double)adam->beta1, beta2 = (double)adam->beta2, t = (double)adam->step;
    double g = gradient * (double)adam->gradient_scale;
    *m = beta1 * *m + (1 - beta1) * g;
    *v = beta2 * *v + (1 - beta2) * g * g;
    double m_hat = *m / (1 - pow(beta1, t)), v_hat = *v / (1 - pow(beta2, t));
    *value -= (double)adam->rate * (double)adam->weight_decay * *value;
    *value -= (double)adam->rate * m_hat / (sqrt(v_hat) + (double)adam->epsilon);
}

static struct adam usual(void) {
    return (struct adam){
        .rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .gradient_scale = 1};
}

static void compare_with_textbook(real weight_decay) {
    struct random random = random_seeded(1, 0);
    real values[COUNT], gradients[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
    double expected[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
    fixture_fill(values, COUNT, 1, &random);
    for (size_t i = 0; i < COUNT; i++) expected[i] = (double)values[i];
    struct adam adam = usual();
    adam.weight_decay = weight_decay;
    for (adam.step = 1; adam.step <= 300; adam.step++) {
        adam.rate = 1e-3f / (real)(1 + adam.step % 7);
        adam.gradient_scale = adam.step % 3 ? 1 : 0.25f;
        fixture_fill(gradients, COUNT, pow(10, -(double)(adam.step % 6)), &random);
        adam_update(&adam, COUNT, gradients, values, first, second);
        for (size_t i = 0; i < COUNT; i++) {
            textbook(&adam, (double)gradients[i], &expected[i], &m[i], &v[i]);
            if (fabs((double)values[i] - expected[i]) > 5e-6) {
                fail_msg("step %zu [%zu]: expected %.9g, found %.9g", (size_t)adam.step, i,
                         expected[i], (double)values[i]);
            }
        }
    }
}

static void equals_the_textbook_over_many_steps(void **state) {
    (void)state;
    compare_with_textbook(0);
}

static void weight_decay_is_that_of_the_textbook(void **state) {
    (void)state;
    compare_with_textbook(0.01f);
    compare_with_textbook(10);
}

static void without_a_gradient_values_decay_by_their_share(void **state) {
    (void)state;
    real gradient = 0, value = 2, first = 0, second = 0;
    struct adam adam = usual();
    adam.step = 1;
    adam.weight_decay = 50;
    adam_update(&adam, 1, &gradient, &value, &first, &second);
    assert_true(fabsf(value - 2 * (1 - 1e-3f * 50)) < 1e-6f);
}

static void the_first_step_is_the_rate_whatever_the_gradient(void **state) {
    (void)state;
    real gradients[] = {1e-3f, -5, 1000}, values[3] = {0}, first[3] = {0}, second[3] = {0};
    struct adam adam = usual();
    adam.step = 1;
    adam_update(&adam, 3, gradients, values, first, second);
    assert_true(fabsf(values[0] + 1e-3f) < 1e-7f);
    assert_true(fabsf(values[1] - 1e-3f) < 1e-7f);
    assert_true(fabsf(values[2] + 1e-3f) < 1e-7f);
}

static void no_gradient_moves_nothing(void **state) {
    (void)state;
    real gradients[COUNT] = {0}, values[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) values[i] = 1;
    struct adam adam = usual();
    for (adam.step = 1; adam.step < 4; adam.step++) {
        adam_update(&adam, COUNT, gradients, values, first, second);
    }
    for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == 1);
}

static void a_millionth_step_is_no_different(void **state) {
    (void)state;
    real gradient = 0.5f, value = 0, first = 0.5f, second = 0.25f;
    struct adam adam = usual();
    adam.step = 1000000;
    adam_update(&adam, 1, &gradient, &value, &first, &second);
    assert_true(fabsf(value + 1e-3f) < 1e-7f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_textbook_over_many_steps),
        cmocka_unit_test(weight_decay_is_that_of_the_textbook),
        cmocka_unit_test(without_a_gradient_values_decay_by_their_share),
        cmocka_unit_test(the_first_step_is_the_rate_whatever_the_gradient),
        cmocka_unit_test(no_gradient_moves_nothing),
        cmocka_unit_test(a_millionth_step_is_no_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
