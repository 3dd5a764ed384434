#include "nn/cell.h"
#include "nn/math.h"

/* i, f, o = sigmoid, g = tanh of the sums of both products; c' = f c + i g, h' = o tanh(c').
 * A state row is [h | c]. */

SIMD_KERNEL(static, void, lstm_forward_row,
            (size_t hidden, real *restrict gates, const real *restrict recurrent,
             const real *restrict before, real *restrict after),
            (hidden, gates, recurrent, before, after)) {
    for (size_t j = 0; j < hidden; j++) {
        real i = math_sigmoid(gates[j] + recurrent[j]);
        real f = math_sigmoid(gates[hidden + j] + recurrent[hidden + j]);
        real g = math_tanh(gates[2 * hidden + j] + recurrent[2 * hidden + j]);
        real o = math_sigmoid(gates[3 * hidden + j] + recurrent[3 * hidden + j]);
        real c = f * before[hidden + j] + i * g;
        gates[j] = i;
        gates[hidden + j] = f;
        gates[2 * hidden + j] = g;
        gates[3 * hidden + j] = o;
        after[j] = o * math_tanh(c);
        after[hidden + j] = c;
    }
}

static void lstm_forward(const struct cell_step *s) {
    const size_t hidden = s->hidden;
    for (size_t i = 0; i < s->rows; i++) {
        lstm_forward_row(hidden, s->gates + i * 4 * hidden, s->recurrent + i * 4 * hidden,
                         s->before + i * 2 * hidden, s->after + i * 2 * hidden);
    }
}

SIMD_KERNEL(static, void, lstm_backward_row,
            (size_t hidden, const real *restrict gates, const real *restrict before,
             const real *restrict after, real *restrict d_state, real *restrict d_input),
            (hidden, gates, before, after, d_state, d_input)) {
    for (size_t j = 0; j < hidden; j++) {
        real i = gates[j], f = gates[hidden + j], g = gates[2 * hidden + j],
             o = gates[3 * hidden + j];
        real t = math_tanh(after[hidden + j]);
        real d_h = d_state[j];
        real d_c = d_state[hidden + j] + d_h * o * (1 - t * t);
        d_input[j] = d_c * g * i * (1 - i);
        d_input[hidden + j] = d_c * before[hidden + j] * f * (1 - f);
        d_input[2 * hidden + j] = d_c * i * (1 - g * g);
        d_input[3 * hidden + j] = d_h * t * o * (1 - o);
        d_state[j] = 0;
        d_state[hidden + j] = d_c * f;
    }
}

static void lstm_backward(const struct cell_step *s, real *d_state, real *d_input,
                          real *d_recurrent) {
    (void)d_recurrent; /* the same as d_input */
    const size_t hidden = s->hidden;
    for (size_t i = 0; i < s->rows; i++) {
        lstm_backward_row(hidden, s->gates + i * 4 * hidden, s->before + i * 2 * hidden,
                          s->after + i * 2 * hidden, d_state + i * 2 * hidden,
                          d_input + i * 4 * hidden);
    }
}

const struct cell cell_lstm = {.name = "lstm",
                               .products = 4,
                               .saved = 4,
                               .states = 2,
                               .forward = lstm_forward,
                               .backward = lstm_backward};
