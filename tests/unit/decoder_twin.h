/* The decoder written a second time, as plainly as its equations: double precision, one sequence
 * and one step after the other, no products, no batches. What the tests compare the library with.
 */
#ifndef CAPTION_TESTS_DECODER_TWIN_H
#define CAPTION_TESTS_DECODER_TWIN_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/decoder.h"

static inline double twin_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

/* One step of the cell for one row: x (P) and h (P) are the two products; state (S) is [h | c]. */
static inline void twin_cell(const char *name, size_t hidden, const double *x, const double *h,
                             double *state) {
    for (size_t j = 0; j < hidden; j++) {
        if (strcmp(name, "rnn") == 0) {
            state[j] = tanh(x[j] + h[j]);
        } else if (strcmp(name, "gru") == 0) {
            double r = twin_sigmoid(x[j] + h[j]);
            double z = twin_sigmoid(x[hidden + j] + h[hidden + j]);
            double n = tanh(x[2 * hidden + j] + r * h[2 * hidden + j]);
            state[j] = (1 - z) * n + z * state[j];
        } else {
            double i = twin_sigmoid(x[j] + h[j]);
            double f = twin_sigmoid(x[hidden + j] + h[hidden + j]);
            double g = tanh(x[2 * hidden + j] + h[2 * hidden + j]);
            double o = twin_sigmoid(x[3 * hidden + j] + h[3 * hidden + j]);
            state[hidden + j] = f * state[hidden + j] + i * g;
            state[j] = o * tanh(state[hidden + j]);
        }
    }
}

/* out (rows) = weight (rows, columns) in + bias. */
static inline void twin_affine(size_t rows, size_t columns, const real *weight, const real *bias,
                               const double *in, double *out) {
    for (size_t r = 0; r < rows; r++) {
        out[r] = (double)bias[r];
        for (size_t c = 0; c < columns; c++) {
            out[r] += (double)weight[r * columns + c] * in[c];
        }
    }
}

/* Cross entropy of the logits with the target's smoothed distribution; smoothing 0 is the negative
 * log likelihood. */
static inline double twin_cross_entropy(size_t words, const double *logits, size_t target,
                                        double smoothing) {
    double sum = 0, mean = 0, maximum = logits[0];
    for (size_t v = 0; v < words; v++) maximum = fmax(maximum, logits[v]);
    for (size_t v = 0; v < words; v++) sum += exp(logits[v] - maximum);
    double normaliser = maximum + log(sum);
    for (size_t v = 0; v < words; v++) mean += (normaliser - logits[v]) / (double)words;
    return (1 - smoothing) * (normaliser - logits[target]) + smoothing * mean;
}

/* A sequence of `steps` steps from `state` (S), which is moved on. `added` names a vector that is
 * added to its words, or is DECODER_NOTHING. Returns the summed cross entropy of its targets. */
static inline double twin_sequence(const struct decoder *d, const struct parameters *p,
                                   const real *values, size_t steps, const int32_t *inputs,
                                   const int32_t *targets, const real *vectors, int32_t added,
                                   double smoothing, double *state) {
    double *row = calloc(d->embedding, sizeof *row), *x = calloc(d->products, sizeof *x);
    double *h = calloc(d->products, sizeof *h), *logits = calloc(d->words, sizeof *logits);
    if (!row || !x || !h || !logits) abort();
    double loss = 0;
    for (size_t t = 0; t < steps; t++) {
        const real *source = NULL;
        if (inputs[t] >= 0) {
            source = parameters_at_const(p, values, d->embed) + (size_t)inputs[t] * d->embedding;
        } else if (inputs[t] <= DECODER_VECTOR) {
            source = vectors + (size_t)(DECODER_VECTOR - inputs[t]) * d->embedding;
        }
        for (size_t e = 0; e < d->embedding; e++) {
            row[e] = source ? (double)source[e] : 0;
            if (inputs[t] < 0 || added == DECODER_NOTHING) continue;
            row[e] += (double)vectors[(size_t)(DECODER_VECTOR - added) * d->embedding + e];
        }
        twin_affine(d->products, d->embedding, parameters_at_const(p, values, d->weight_ih),
                    parameters_at_const(p, values, d->bias_ih), row, x);
        twin_affine(d->products, d->hidden, parameters_at_const(p, values, d->weight_hh),
                    parameters_at_const(p, values, d->bias_hh), state, h);
        twin_cell(d->cell->name, d->hidden, x, h, state);
        if (targets[t] < 0) continue;
        twin_affine(d->words, d->hidden, parameters_at_const(p, values, d->output_weight),
                    parameters_at_const(p, values, d->output_bias), state, logits);
        loss += twin_cross_entropy(d->words, logits, (size_t)targets[t], smoothing);
    }
    free(row), free(x), free(h), free(logits);
    return loss;
}

#endif
