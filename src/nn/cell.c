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
