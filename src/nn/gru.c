#include "nn/cell.h"
#include "nn/math.h"

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
