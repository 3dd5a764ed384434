#include "nn/cell.h"
#include "nn/math.h"

SIMD_KERNEL(static, void, rnn_forward,
            (size_t n, size_t hidden, real *gates, const real *recurrent, const real *before,
             real *after),
            (n, hidden, gates, recurrent, before, after)) {
    (void)before; /* the past enters only through the recurrent product */
    for (size_t i = 0; i < n * hidden; i++) {
        gates[i] = after[i] = math_tanh(gates[i] + recurrent[i]);
    }
}

SIMD_KERNEL(static, void, rnn_backward,
            (size_t n, size_t hidden, const real *gates, const real *before, const real *after,
             real *d_state, real *d_input, real *d_recurrent),
            (n, hidden, gates, before, after, d_state, d_input, d_recurrent)) {
    (void)before, (void)after, (void)d_recurrent; /* the same as d_input */
    for (size_t i = 0; i < n * hidden; i++) {
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
