#include "train/tbptt.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct tbptt {
    struct arena arena; /* of the arrays */
    struct unroll *unroll;
    size_t steps;     /* of a window at most */
    size_t state;     /* S */
    size_t *active;   /* [steps] */
    int32_t *inputs;  /* [rows * steps] */
    int32_t *added;   /* [rows * steps] */
    int32_t *targets; /* [rows * steps] */
    real *weights;    /* [rows * steps] */
    real *states;     /* (rows, S) */
};

struct tbptt *tbptt_new(const struct decoder *decoder, size_t rows, size_t steps,
                        caption_error *error) {
    static const char what[] = "the windows of truncated back-propagation";
    struct tbptt *tbptt = memory_zeroed(1, sizeof *tbptt, what, error);
    if (!tbptt) return NULL;
    tbptt->steps = steps;
    tbptt->state = decoder->state;
    tbptt->unroll = unroll_new(decoder, rows, steps, error); /* checks the products */
    bool ok =
        tbptt->unroll &&
        (tbptt->active = arena_take(&tbptt->arena, steps, sizeof *tbptt->active, what, error)) &&
        (tbptt->inputs =
             arena_take(&tbptt->arena, rows * steps, sizeof *tbptt->inputs, what, error)) &&
        (tbptt->added =
             arena_take(&tbptt->arena, rows * steps, sizeof *tbptt->added, what, error)) &&
        (tbptt->targets =
             arena_take(&tbptt->arena, rows * steps, sizeof *tbptt->targets, what, error)) &&
        (tbptt->weights = arena_take(&tbptt->arena, rows * steps, sizeof(real), what, error)) &&
        (tbptt->states =
             arena_take(&tbptt->arena, rows * decoder->state, sizeof(real), what, error));
    if (ok) return tbptt;
    tbptt_free(tbptt);
    return NULL;
}

void tbptt_free(struct tbptt *tbptt) {
    if (!tbptt) return;
    unroll_free(tbptt->unroll);
    arena_free(&tbptt->arena);
    free(tbptt);
}

/* Longest first; equal ones in the order of their memory, so that the order is always the same. */
static int compare_steps(const void *left, const void *right) {
    const struct tbptt_sequence *a = left, *b = right;
    if (a->steps != b->steps) return a->steps < b->steps ? 1 : -1;
    return (a->inputs > b->inputs) - (a->inputs < b->inputs);
}

/* Lays steps [first, first + tbptt->steps) of the sequences side by side. */
static struct unroll_window cut_window(struct tbptt *tbptt, const struct tbptt_sequence *sequences,
                                       size_t count, size_t first) {
    size_t entries = 0, t = 0;
    for (; t < tbptt->steps; t++) {
        size_t row = 0;
        for (; row < count && sequences[row].steps > first + t; row++, entries++) {
            const int32_t input = sequences[row].inputs[first + t];
            tbptt->inputs[entries] = input;
            tbptt->added[entries] = input >= 0 ? sequences[row].inputs[0] : DECODER_NOTHING;
            tbptt->targets[entries] = sequences[row].targets[first + t];
            tbptt->weights[entries] = sequences[row].weight;
        }
        if (row == 0) break;
        tbptt->active[t] = row;
    }
    return (struct unroll_window){
        .steps = t, .active = tbptt->active, .inputs = tbptt->inputs, .targets = tbptt->targets};
}

/* Forward and backward through a window. */
static double run_window(struct tbptt *tbptt, const struct tbptt_pass *pass,
                         struct unroll_window window, real *states, size_t *targets) {
    if (pass->weighted) window.weights = tbptt->weights;
    if (pass->repeat_first) window.added = tbptt->added;
    window.vectors = pass->vectors;
    window.vector_count = pass->vector_count;
    double loss = unroll_forward(tbptt->unroll, pass->parameters, &window, states,
                                 &pass->regularisation, targets);
    if (pass->gradients) {
        unroll_backward(tbptt->unroll, pass->parameters, pass->scale, NULL, pass->d_vectors,
                        pass->gradients);
    }
    return loss;
}

double tbptt_run(struct tbptt *tbptt, const struct tbptt_pass *pass,
                 struct tbptt_sequence *sequences, size_t count, size_t *targets) {
    if (count == 0) return 0;
    qsort(sequences, count, sizeof *sequences, compare_steps);
    memset(tbptt->states, 0, count * tbptt->state * sizeof *tbptt->states);
    double loss = 0;
    for (size_t first = 0; first < sequences[0].steps; first += tbptt->steps) {
        loss += run_window(tbptt, pass, cut_window(tbptt, sequences, count, first), tbptt->states,
                           targets);
    }
    return loss;
}

double tbptt_carry(struct tbptt *tbptt, const struct tbptt_pass *pass,
                   const struct tbptt_sequence *sequences, size_t count, real *states,
                   size_t *targets) {
    return run_window(tbptt, pass, cut_window(tbptt, sequences, count, 0), states, targets);
}
