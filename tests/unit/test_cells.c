/* Cells in single precision, one step: forward against the plain twin, backward against the finite
 * differences of the twin, at widths below, at and above a vector's. */
#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "nn/cell.h"

enum { ROWS = 3, MAX_HIDDEN = 33, WIDTH = ROWS * MAX_HIDDEN * 4 };

static const size_t widths[] = {1, 5, 16, MAX_HIDDEN};
static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};

struct step {
    const struct cell *cell;
    size_t hidden, p, s, saved;
    real input[WIDTH], recurrent[WIDTH], before[WIDTH], weights[WIDTH];
    real gates[WIDTH], after[WIDTH], d_state[WIDTH], d_input[WIDTH], d_split[WIDTH];
    real *d_recurrent;
};

/* A step of random numbers, forward and backward. */
static void run(struct step *step, const struct cell *cell, size_t hidden) {
    *step = (struct step){.cell = cell, .hidden = hidden};
    step->p = cell->products * hidden;
    step->s = cell->states * hidden;
    step->saved = cell->saved * hidden;
    step->d_recurrent = cell->splits ? step->d_split : step->d_input;
    struct random random = random_seeded(hidden, 0);
    fixture_fill(step->input, WIDTH, 3, &random);
    fixture_fill(step->recurrent, WIDTH, 3, &random);
    fixture_fill(step->before, WIDTH, 1, &random);
    fixture_fill(step->weights, WIDTH, 1, &random);
    for (size_t i = 0; i < ROWS; i++) {
        memcpy(step->gates + i * step->saved, step->input + i * step->p, step->p * sizeof(real));
    }
    cell->forward(&(struct cell_step){.rows = ROWS,
                                      .hidden = hidden,
                                      .gates = step->gates,
                                      .recurrent = step->recurrent,
                                      .before = step->before,
                                      .after = step->after});
    memcpy(step->d_state, step->weights, sizeof step->d_state);
    cell->backward(&(struct cell_step){.rows = ROWS,
                                       .hidden = hidden,
                                       .gates = step->gates,
                                       .before = step->before,
                                       .after = step->after},
                   step->d_state, step->d_input, step->d_recurrent);
}

/* One row of the step by the twin, with one number of x, h or the state moved by `by`. */
static void twin_row(const struct step *step, size_t row, int which, size_t place, double by,
                     double *state) {
    double x[4 * MAX_HIDDEN], h[4 * MAX_HIDDEN];
    for (size_t j = 0; j < step->p; j++) {
        x[j] = (double)step->input[row * step->p + j];
        h[j] = (double)step->recurrent[row * step->p + j];
    }
    for (size_t j = 0; j < step->s; j++) state[j] = (double)step->before[row * step->s + j];
    double *const moved[] = {x, h, state};
    moved[which][place] += by;
    twin_cell(step->cell->name, step->hidden, x, h, state);
}

static double twin_difference(const struct step *step, size_t row, int which, size_t place) {
    const double delta = 1e-5;
    double above[2 * MAX_HIDDEN], below[2 * MAX_HIDDEN], sum = 0;
    twin_row(step, row, which, place, delta, above);
    twin_row(step, row, which, place, -delta, below);
    for (size_t j = 0; j < step->s; j++) {
        sum += (double)step->weights[row * step->s + j] * (above[j] - below[j]) / (2 * delta);
    }
    return sum;
}

static void expect_close(const char *what, const struct step *step, double found, double expected) {
    if (fabs(found - expected) <= 2e-6) return;
    fail_msg("%s, hidden %zu, %s: expected %.9g, found %.9g", step->cell->name, step->hidden, what,
             expected, found);
}

static void a_step_forward_equals_the_plain_twin(void **state) {
    (void)state;
    static struct step step;
    for (size_t c = 0; c < 3; c++) {
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            run(&step, cells[c], widths[w]);
            for (size_t row = 0; row < ROWS; row++) {
                double after[2 * MAX_HIDDEN];
                twin_row(&step, row, 0, 0, 0, after);
                for (size_t j = 0; j < step.s; j++) {
                    expect_close("state", &step, (double)step.after[row * step.s + j], after[j]);
                }
            }
        }
    }
}

static void a_step_backward_is_the_slope_of_the_plain_twin(void **state) {
    (void)state;
    static struct step step;
    for (size_t c = 0; c < 3; c++) {
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            run(&step, cells[c], widths[w]);
            for (size_t row = 0; row < ROWS; row++) {
                for (size_t j = 0; j < step.p; j++) {
                    size_t place = row * step.p + j;
                    expect_close("d_input", &step, (double)step.d_input[place],
                                 twin_difference(&step, row, 0, j));
                    expect_close("d_recurrent", &step, (double)step.d_recurrent[place],
                                 twin_difference(&step, row, 1, j));
                }
                for (size_t j = 0; j < step.s; j++) {
                    /* The twin of rnn does not look at the state, only at its product. */
                    expect_close("d_state", &step, (double)step.d_state[row * step.s + j],
                                 twin_difference(&step, row, 2, j));
                }
            }
        }
    }
}

static void large_products_saturate_and_stay_finite(void **state) {
    (void)state;
    static struct step step;
    for (size_t c = 0; c < 3; c++) {
        run(&step, cells[c], 16);
        for (size_t i = 0; i < ROWS * step.saved; i++) step.gates[i] = i % 2 ? 1e30f : -1e30f;
        step.cell->forward(&(struct cell_step){.rows = ROWS,
                                               .hidden = 16,
                                               .gates = step.gates,
                                               .recurrent = step.recurrent,
                                               .before = step.before,
                                               .after = step.after});
        for (size_t i = 0; i < ROWS * step.s; i++) assert_true(fabsf(step.after[i]) <= 2);
        memcpy(step.d_state, step.weights, sizeof step.d_state);
        step.cell->backward(&(struct cell_step){.rows = ROWS,
                                                .hidden = 16,
                                                .gates = step.gates,
                                                .before = step.before,
                                                .after = step.after},
                            step.d_state, step.d_input, step.d_recurrent);
        for (size_t i = 0; i < ROWS * step.p; i++) assert_true(isfinite(step.d_input[i]));
    }
}

static void a_nan_is_not_hidden(void **state) {
    (void)state;
    static struct step step;
    for (size_t c = 0; c < 3; c++) {
        run(&step, cells[c], 16);
        step.recurrent[3] = NAN;
        step.cell->forward(&(struct cell_step){.rows = ROWS,
                                               .hidden = 16,
                                               .gates = step.gates,
                                               .recurrent = step.recurrent,
                                               .before = step.before,
                                               .after = step.after});
        assert_true(isnan(step.after[3]));
        assert_true(isfinite(step.after[4]));
    }
}

static void cells_are_found_by_name(void **state) {
    (void)state;
    assert_ptr_equal(cell_find("rnn"), &cell_rnn);
    assert_ptr_equal(cell_find("gru"), &cell_gru);
    assert_ptr_equal(cell_find("lstm"), &cell_lstm);
    assert_null(cell_find("LSTM"));
    assert_null(cell_find(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_forward_equals_the_plain_twin),
        cmocka_unit_test(a_step_backward_is_the_slope_of_the_plain_twin),
        cmocka_unit_test(large_products_saturate_and_stay_finite),
        cmocka_unit_test(a_nan_is_not_hidden),
        cmocka_unit_test(cells_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
