/* Recurrent cells, one time step for n rows: forward and backward. rnn (Elman, 1990, tanh), gru
 * (Cho et al., 2014; the reset gate after the product, as in cuDNN, so that all gates come from one
 * product), lstm (Hochreiter and Schmidhuber, 1997; Gers et al., 2000). Gate order and equations
 * are those of PyTorch.
 *
 * The caller makes the two products: x W_ih' + b_ih for all time steps at once and h W_hh' + b_hh
 * for this step. A cell is the arithmetic between them.
 */
#ifndef CAPTION_NN_CELL_H
#define CAPTION_NN_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/simd.h"

/* The rows of a step. */
struct cell_step {
    size_t rows, hidden; /* n, H */
    real *gates;         /* (n, K): forward: in, the input products in the first P columns; out, the
                            numbers saved for backward */
    real *recurrent;     /* (n, P): the recurrent products; forward only */
    const real *before;  /* (n, S): state rows */
    real *after;         /* (n, S): written forward */
};

struct cell {
    const char *name; /* "rnn", "gru", "lstm" */
    size_t products;  /* P / H: width of the products in hidden sizes: 1, 3, 4 */
    size_t saved;     /* K / H: numbers saved for backward: 1, 4, 4 */
    size_t states;    /* S / H: h alone 1, h and c 2. A state row is [h | c] */
    bool splits;      /* the gradients of the two products differ (gru) */

    void (*forward)(const struct cell_step *step);

    /* d_state (n, S): in, the gradient of `after`; out, that of `before` without the part through
     * the recurrent product, d_recurrent W_hh, which the caller adds. d_input (n, P): gradient of
     * the input products. d_recurrent (n, P): gradient of the recurrent ones, the same pointer as
     * d_input unless the cell splits. */
    void (*backward)(const struct cell_step *step, real *d_state, real *d_input, real *d_recurrent);
};

extern const struct cell cell_rnn, cell_gru, cell_lstm;

/* The cell of that name, or NULL. */
const struct cell *cell_find(const char *name);

#endif
