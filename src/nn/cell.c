#include "nn/cell.h"

#include <string.h>

#include "nn/math.h"

const struct cell *cell_find(const char *name) {
    static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        if (strcmp(name, cells[i]->name) == 0) return cells[i];
    }
    return NULL;
}

/* The past enters only through the recurrent product. */
SIMD_KERNEL(static, void, rnn_forward, (const struct cell_step *s), (s)) {
    real *gates = s->gates, *after = s->after;
    const real *recurrent = s->recurrent;
    for (size_t i = 0; i < s->rows * s->hidden; i++) {
        gates[i] = after[i] = math_tanh(gates[i] + recurrent[i]);
    }
}

SIMD_KERNEL(static, void, rnn_backward,
            (const struct cell_step *s, real *d_state, real *d_input, real *d_recurrent),
            (s, d_state, d_input, d_recurrent)) {
    (void)d_recurrent; /* the same as d_input */
    const real *gates = s->gates;
    for (size_t i = 0; i < s->rows * s->hidden; i++) {
        d_input[i] = d_state[i] * (1 - gates[i] * gates[i]);
        d_state[i] = 0;
    }
}

const struct cell cell_rnn = {.name = "rnn",
                              .products = 1,
                              .saved = 1,
                              .states = 1,
                              .forward = rnn_forward,
                              .backward = rnn_backward};

/* r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z), n = tanh(x_n + r h_n), h' = (1 - z) n + z h.
 * Saved for backward: r, z, n and h_n. */

SIMD_KERNEL(static, void, gru_forward_row,
            (size_t hidden, real *restrict gates, const real *restrict recurrent,
             const real *restrict before, real *restrict after),
            (hidden, gates, recurrent, before, after)) {
    real *reset = gates, *update = gates + hidden, *candidate = gates + 2 * hidden,
         *product = gates + 3 * hidden;
    for (size_t j = 0; j < hidden; j++) {
        real h_n = recurrent[2 * hidden + j];
        real r = math_sigmoid(reset[j] + recurrent[j]);
        real z = math_sigmoid(update[j] + recurrent[hidden + j]);
        real n = math_tanh(candidate[j] + r * h_n);
        reset[j] = r;
        update[j] = z;
        candidate[j] = n;
        product[j] = h_n;
        after[j] = n + z * (before[j] - n);
    }
}

static void gru_forward(const struct cell_step *s) {
    const size_t hidden = s->hidden;
    for (size_t i = 0; i < s->rows; i++) {
        gru_forward_row(hidden, s->gates + i * 4 * hidden, s->recurrent + i * 3 * hidden,
                        s->before + i * hidden, s->after + i * hidden);
    }
}

SIMD_KERNEL(static, void, gru_backward_row,
            (size_t hidden, const real *restrict gates, const real *restrict before,
             real *restrict d_state, real *restrict d_input, real *restrict d_recurrent),
            (hidden, gates, before, d_state, d_input, d_recurrent)) {
    const real *reset = gates, *update = gates + hidden, *candidate = gates + 2 * hidden,
               *product = gates + 3 * hidden;
    for (size_t j = 0; j < hidden; j++) {
        real r = reset[j], z = update[j], n = candidate[j], d = d_state[j];
        real d_n = d * (1 - z) * (1 - n * n);
        real d_z = d * (before[j] - n) * z * (1 - z);
        real d_r = d_n * product[j] * r * (1 - r);
        d_input[j] = d_recurrent[j] = d_r;
        d_input[hidden + j] = d_recurrent[hidden + j] = d_z;
        d_input[2 * hidden + j] = d_n;
        d_recurrent[2 * hidden + j] = d_n * r;
        d_state[j] = d * z;
    }
}

static void gru_backward(const struct cell_step *s, real *d_state, real *d_input,
                         real *d_recurrent) {
    const size_t hidden = s->hidden;
    for (size_t i = 0; i < s->rows; i++) {
        gru_backward_row(hidden, s->gates + i * 4 * hidden, s->before + i * hidden,
                         d_state + i * hidden, d_input + i * 3 * hidden,
                         d_recurrent + i * 3 * hidden);
    }
}

const struct cell cell_gru = {.name = "gru",
                              .products = 3,
                              .saved = 4,
                              .states = 1,
                              .splits = true,
                              .forward = gru_forward,
                              .backward = gru_backward};

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
