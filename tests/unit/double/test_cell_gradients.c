/* One step of each cell, in double precision: the gradient by the input products, the recurrent
 * products and the state before, against finite differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/random.h"
#include "decoder_fixture.h"
#include "finite_difference.h"
#include "nn/cell.h"

enum { ROWS = 3, HIDDEN = 5, WIDTH = ROWS * HIDDEN * 4 };

struct step {
    const struct cell *cell;
    real input[WIDTH];     /* (ROWS, P) */
    real recurrent[WIDTH]; /* (ROWS, P) */
    real before[WIDTH];    /* (ROWS, S) */
    real weights[WIDTH];   /* (ROWS, S): what is summed up */
};

/* The cell's own layout: rows of K, the first P of them the input products. */
static void spread(const struct step *step, real *gates) {
    size_t p = step->cell->products * HIDDEN, saved = step->cell->saved * HIDDEN;
    for (size_t row = 0; row < ROWS; row++) {
        memcpy(gates + row * saved, step->input + row * p, p * sizeof(real));
    }
}

static double weighted_sum(void *context) {
    struct step *step = context;
    real gates[WIDTH] = {0}, after[WIDTH];
    spread(step, gates);
    step->cell->forward(&(struct cell_step){.rows = ROWS,
                                            .hidden = HIDDEN,
                                            .gates = gates,
                                            .recurrent = step->recurrent,
                                            .before = step->before,
                                            .after = after});
    double sum = 0;
    for (size_t i = 0; i < ROWS * HIDDEN * step->cell->states; i++) {
        sum += (double)(after[i] * step->weights[i]);
    }
    return sum;
}

static void check(const struct cell *cell) {
    struct step step = {.cell = cell};
    struct random random = random_seeded(1, 0);
    fixture_fill(step.input, WIDTH, 2, &random);
    fixture_fill(step.recurrent, WIDTH, 2, &random);
    fixture_fill(step.before, WIDTH, 1, &random);
    fixture_fill(step.weights, WIDTH, 1, &random);

    real gates[WIDTH] = {0}, after[WIDTH], d_state[WIDTH], d_input[WIDTH], split[WIDTH];
    real *d_recurrent = cell->splits ? split : d_input;
    spread(&step, gates);
    cell->forward(&(struct cell_step){.rows = ROWS,
                                      .hidden = HIDDEN,
                                      .gates = gates,
                                      .recurrent = step.recurrent,
                                      .before = step.before,
                                      .after = after});
    memcpy(d_state, step.weights, sizeof d_state);
    cell->backward(
        &(struct cell_step){
            .rows = ROWS, .hidden = HIDDEN, .gates = gates, .before = step.before, .after = after},
        d_state, d_input, d_recurrent);

    size_t products = ROWS * HIDDEN * cell->products, states = ROWS * HIDDEN * cell->states;
    finite_difference_check("input", weighted_sum, &step, step.input, products, d_input);
    finite_difference_check("recurrent", weighted_sum, &step, step.recurrent, products,
                            d_recurrent);
    if (cell == &cell_rnn) { /* its past speaks through the recurrent product alone */
        for (size_t i = 0; i < states; i++) assert_true(d_state[i] == 0);
    } else {
        finite_difference_check("state", weighted_sum, &step, step.before, states, d_state);
    }
}

static void a_step_of_rnn_has_its_gradient(void **state) {
    (void)state;
    check(&cell_rnn);
}

static void a_step_of_gru_has_its_gradient(void **state) {
    (void)state;
    check(&cell_gru);
}

static void a_step_of_lstm_has_its_gradient(void **state) {
    (void)state;
    check(&cell_lstm);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_rnn_has_its_gradient),
        cmocka_unit_test(a_step_of_gru_has_its_gradient),
        cmocka_unit_test(a_step_of_lstm_has_its_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
