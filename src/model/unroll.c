#include "model/unroll.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder.h"
#include "nn/blas.h"
#include "nn/softmax.h"
#include "nn/vector.h"

/* R = rows * steps entries at most; an entry is one step of one sequence. */
struct unroll {
    const struct decoder *decoder;
    size_t rows, steps, bytes;
    struct arena arena; /* of all that follows */
    real *initial;      /* (rows, S) states before the window */
    real *inputs;       /* (R, E) */
    real *gates;        /* (R, K) */
    real *states;       /* (R, S) after each step */
    real *previous;     /* (R, H) hidden state before each step */
    real *recurrent;    /* (rows, P) of the current step */
    real *outputs;      /* (R, H) hidden states that have a target */
    real *logits;       /* (R, V) then their gradient */
    real *d_outputs;    /* (R, H) */
    real *d_gates;      /* (R, P) by the input products */
    real *d_recurrent; /* (R, P) by the recurrent products; d_gates where the cell does not split */
    real *d_inputs;    /* (R, E) */
    real *d_state;     /* (rows, S) */
    uint8_t *input_mask;    /* (R, E) */
    uint8_t *output_mask;   /* (R, H) */
    size_t *target_entries; /* [R] the entries that have a target */
    int32_t *target_words;  /* [R] and their words */
    /* Of the last forward pass. */
    struct unroll_window window;
    size_t entries, targets;
    float input_dropout, output_dropout;
};

static void *plan(struct unroll *unroll, size_t count, size_t width, size_t size,
                  caption_error *error) {
    static const char what[] = "the unrolled network";
    size_t numbers, bytes;
    if (!size_multiply(count, width, &numbers) || !size_multiply(numbers, size, &bytes)) {
        error_memory(error, what);
        return NULL;
    }
    unroll->bytes += bytes;
    return arena_take(&unroll->arena, numbers, size, what, error);
}

struct unroll *unroll_new(const struct decoder *decoder, size_t rows, size_t steps,
                          caption_error *error) {
    if (!blas_load(error)) return NULL;
    struct unroll *u = memory_zeroed(1, sizeof *u, "the unrolled network", error);
    if (!u) return NULL;
    size_t entries;
    if (!size_multiply(rows, steps, &entries)) {
        error_memory(error, "the unrolled network");
        free(u);
        return NULL;
    }
    *u = (struct unroll){.decoder = decoder, .rows = rows, .steps = steps, .bytes = sizeof *u};
    size_t e = decoder->embedding, h = decoder->hidden, p = decoder->products, s = decoder->state;
    bool ok = (u->initial = plan(u, rows, s, sizeof(real), error)) &&
              (u->inputs = plan(u, entries, e, sizeof(real), error)) &&
              (u->gates = plan(u, entries, decoder->cell->saved * h, sizeof(real), error)) &&
              (u->states = plan(u, entries, s, sizeof(real), error)) &&
              (u->previous = plan(u, entries, h, sizeof(real), error)) &&
              (u->recurrent = plan(u, rows, p, sizeof(real), error)) &&
              (u->outputs = plan(u, entries, h, sizeof(real), error)) &&
              (u->logits = plan(u, entries, decoder->words, sizeof(real), error)) &&
              (u->d_outputs = plan(u, entries, h, sizeof(real), error)) &&
              (u->d_gates = plan(u, entries, p, sizeof(real), error)) &&
              (u->d_inputs = plan(u, entries, e, sizeof(real), error)) &&
              (u->d_state = plan(u, rows, s, sizeof(real), error)) &&
              (u->input_mask = plan(u, entries, e, 1, error)) &&
              (u->output_mask = plan(u, entries, h, 1, error)) &&
              (u->target_entries = plan(u, entries, 1, sizeof(size_t), error)) &&
              (u->target_words = plan(u, entries, 1, sizeof(int32_t), error));
    if (ok && decoder->cell->splits) {
        ok = (u->d_recurrent = plan(u, entries, p, sizeof(real), error));
    } else {
        u->d_recurrent = u->d_gates;
    }
    if (ok) return u;
    unroll_free(u);
    return NULL;
}

void unroll_free(struct unroll *u) {
    if (!u) return;
    arena_free(&u->arena);
    free(u);
}

size_t unroll_bytes(const struct unroll *unroll) {
    return unroll->bytes;
}

/* Word vectors are dropped element by element; external vectors are not. */
static void drop_inputs(struct unroll *u, struct random *random) {
    size_t e = u->decoder->embedding;
    for (size_t i = 0; i < u->entries; i++) {
        if (u->window.inputs[i] < 0) continue;
        dropout_draw(random, u->input_dropout, e, u->input_mask + i * e);
        dropout_apply(u->input_dropout, e, u->input_mask + i * e, u->inputs + i * e);
    }
}

/* Runs all time steps of the cell. `states` receives each row's last state. */
static void run_cell(struct unroll *u, const struct decoder_tensors *w, real *states) {
    const struct decoder *d = u->decoder;
    size_t s = d->state, h = d->hidden, saved = d->cell->saved * h;
    const real *before = u->initial;
    for (size_t t = 0, first = 0; t < u->window.steps; t++) {
        size_t n = u->window.active[t];
        real *after = u->states + first * s;
        for (size_t i = 0; i < n; i++) {
            memcpy(u->previous + (first + i) * h, before + i * s, h * sizeof(real));
        }
        decoder_advance(d, w,
                        &(struct cell_step){.rows = n,
                                            .hidden = h,
                                            .gates = u->gates + first * saved,
                                            .recurrent = u->recurrent,
                                            .before = before,
                                            .after = after});
        memcpy(states, after, n * s * sizeof(real)); /* finished rows keep their state */
        before = after;
        first += n;
    }
}

/* Gathers the hidden states of the steps that have a target. */
static void gather_outputs(struct unroll *u) {
    size_t h = u->decoder->hidden, s = u->decoder->state;
    u->targets = 0;
    for (size_t i = 0; i < u->entries; i++) {
        if (u->window.targets[i] < 0) continue;
        u->target_entries[u->targets] = i;
        u->target_words[u->targets] = u->window.targets[i];
        memcpy(u->outputs + u->targets * h, u->states + i * s, h * sizeof(real));
        u->targets++;
    }
}

double unroll_forward(struct unroll *u, const struct parameters *parameters,
                      const struct unroll_window *window, real *states,
                      const struct unroll_regularisation *regularisation, size_t *targets) {
    const struct decoder_tensors w = decoder_tensors_in(u->decoder, parameters, parameters->values);
    struct random *random = regularisation->random;
    const struct decoder *d = u->decoder;
    u->window = *window;
    u->entries = 0;
    for (size_t t = 0; t < window->steps; t++) u->entries += window->active[t];
    u->input_dropout = random ? regularisation->input_dropout : 0;
    u->output_dropout = random ? regularisation->output_dropout : 0;

    memcpy(u->initial, states, window->active[0] * d->state * sizeof(real));
    decoder_gather(d, &w, u->entries, window->inputs, window->vectors, u->inputs);
    if (u->input_dropout > 0) drop_inputs(u, random);
    if (window->added) {
        decoder_add_vectors(d, u->entries, window->added, window->vectors, u->inputs);
    }
    decoder_input_products(d, &w, u->entries, u->inputs, u->gates);
    run_cell(u, &w, states);

    gather_outputs(u);
    if (u->output_dropout > 0) {
        dropout_draw(random, u->output_dropout, u->targets * d->hidden, u->output_mask);
        dropout_apply(u->output_dropout, u->targets * d->hidden, u->output_mask, u->outputs);
    }
    decoder_logits(d, &w, u->targets, u->outputs, d->hidden, u->logits);
    *targets += u->targets;
    return softmax_cross_entropy(u->targets, d->words, u->logits, u->target_words,
                                 (real)regularisation->label_smoothing);
}

/* The gradient of the logits by the weighted loss. */
static void weigh_targets(struct unroll *u) {
    const size_t v = u->decoder->words;
    for (size_t i = 0; u->window.weights && i < u->targets; i++) {
        vector_scale(v, u->window.weights[u->target_entries[i]], u->logits + i * v);
    }
}

/* Backward from the softmax to d_outputs and the output layer's gradient. */
static void output_backward(struct unroll *u, const struct decoder_tensors *w, real scale,
                            const struct decoder_tensors *g) {
    const struct decoder *d = u->decoder;
    size_t v = d->words, h = d->hidden, n = u->targets;
    weigh_targets(u);
    vector_add_rows(n, v, scale, u->logits, g->output_bias);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, v, h, n, scale, u->logits, v, u->outputs, h, 1,
              g->output_weight, h);
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, n, h, v, scale, u->logits, v, w->output_weight, h, 0,
              u->d_outputs, h);
    if (u->output_dropout > 0) {
        dropout_apply(u->output_dropout, n * h, u->output_mask, u->d_outputs);
    }
}

/* Adds the gradient of the targets to d_state (n, S) of the step that starts at entry `first`;
 * *next counts down through the targets. */
static void add_target_gradients(struct unroll *u, size_t first, size_t *next) {
    size_t h = u->decoder->hidden, s = u->decoder->state;
    while (*next > 0 && u->target_entries[*next - 1] >= first) {
        (*next)--;
        vector_add(h, u->d_outputs + *next * h,
                   u->d_state + (u->target_entries[*next] - first) * s);
    }
}

/* Backward through time: d_gates and d_recurrent of every step. */
static void cell_backward(struct unroll *u, const struct decoder_tensors *w, const real *d_states) {
    const struct decoder *d = u->decoder;
    const struct unroll_window *window = &u->window;
    size_t s = d->state, h = d->hidden, p = d->products, saved = d->cell->saved * h;
    const real *weight_hh = w->weight_hh;
    size_t next = u->targets, going_on = 0, first = u->entries;
    for (size_t t = window->steps; t-- > 0;) {
        size_t n = window->active[t];
        first -= n;
        /* Rows whose last step this is get no gradient from later steps. */
        size_t ending = (n - going_on) * s;
        if (d_states) {
            memcpy(u->d_state + going_on * s, d_states + going_on * s, ending * sizeof(real));
        } else {
            memset(u->d_state + going_on * s, 0, ending * sizeof(real));
        }
        add_target_gradients(u, first, &next);
        const struct cell_step step = {
            .rows = n,
            .hidden = h,
            .gates = u->gates + first * saved,
            .before = t > 0 ? u->states + (first - window->active[t - 1]) * s : u->initial,
            .after = u->states + first * s};
        d->cell->backward(&step, u->d_state, u->d_gates + first * p, u->d_recurrent + first * p);
        if (t > 0) {
            blas_gemm(BLAS_PLAIN, BLAS_PLAIN, n, h, p, 1, u->d_recurrent + first * p, p, weight_hh,
                      h, 1, u->d_state, s);
        }
        going_on = n;
    }
}

/* Gradients of the cell's weights, all steps in one product each. */
static void weights_backward(struct unroll *u, const struct decoder_tensors *g) {
    const struct decoder *d = u->decoder;
    size_t n = u->entries, e = d->embedding, h = d->hidden, p = d->products;
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, p, e, n, 1, u->d_gates, p, u->inputs, e, 1, g->weight_ih,
              e);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, p, h, n, 1, u->d_recurrent, p, u->previous, h, 1,
              g->weight_hh, h);
    vector_add_rows(n, p, 1, u->d_gates, g->bias_ih);
    vector_add_rows(n, p, 1, u->d_recurrent, g->bias_hh);
}

/* Adds to the external vector that an entry selects, if any. */
static void add_vector_gradient(const struct unroll *u, int32_t entry, const real *row,
                                real *d_vectors) {
    if (entry == DECODER_NOTHING || !d_vectors) return;
    const size_t e = u->decoder->embedding;
    vector_add(e, row, d_vectors + (size_t)(DECODER_VECTOR - entry) * e);
}

/* Backward to the word vectors and the external vectors. */
static void inputs_backward(struct unroll *u, const struct decoder_tensors *w, real *d_vectors,
                            const struct decoder_tensors *g) {
    const struct decoder *d = u->decoder;
    size_t e = d->embedding;
    if (d->words == 0 && !d_vectors) return; /* a reader of constant vectors */
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, u->entries, e, d->products, 1, u->d_gates, d->products,
              w->weight_ih, e, 0, u->d_inputs, e);
    real *embedding = g->embed;
    for (size_t i = 0; i < u->entries; i++) {
        int32_t input = u->window.inputs[i];
        real *row = u->d_inputs + i * e;
        if (u->window.added) add_vector_gradient(u, u->window.added[i], row, d_vectors);
        if (input >= 0) {
            if (u->input_dropout > 0) {
                dropout_apply(u->input_dropout, e, u->input_mask + i * e, row);
            }
            vector_add(e, row, embedding + (size_t)input * e);
        } else {
            add_vector_gradient(u, input, row, d_vectors);
        }
    }
}

void unroll_backward(struct unroll *u, const struct parameters *parameters, real scale,
                     const real *d_states, real *d_vectors, real *gradients) {
    const struct decoder_tensors w = decoder_tensors_in(u->decoder, parameters, parameters->values);
    const struct decoder_tensors g = decoder_tensors_in(u->decoder, parameters, gradients);
    output_backward(u, &w, scale, &g);
    cell_backward(u, &w, d_states);
    weights_backward(u, &g);
    inputs_backward(u, &w, d_vectors, &g);
}

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
