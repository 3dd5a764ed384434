/* The one unroll: a batch of sequences through the recurrent network, forward and backward, a
 * window of at most t_p time steps at a time (truncated back-propagation through time, Williams and
 * Peng, 1990). It is independent of captions: a sequence is a list of steps, each with or without
 * an input (a word, a vector or their sum) and with or without a target word. One to many, many to
 * many and many to one are three uses of it. The state is carried from window to window, the
 * gradient is not; memory depends on the window, not on the length of the sequences. */
#ifndef CAPTION_MODEL_UNROLL_H
#define CAPTION_MODEL_UNROLL_H

#include "base/random.h"
#include "model/decoder.h"

/* Some steps of up to `rows` sequences side by side. Sequences are ordered so that longer ones come
 * first: active[t] never grows. Row i of step t is entry active[0] + ... + active[t-1] + i. */
struct unroll_window {
    size_t steps;
    const size_t *active;   /* [steps], each >= 1 */
    const int32_t *inputs;  /* [entries], as in decoder_step */
    const int32_t *added;   /* [entries], as in decoder_step; NULL: none */
    const int32_t *targets; /* [entries]: a word's number or DECODER_NOTHING */
    const real *weights;    /* [entries]: of each target in the loss; NULL: all 1 */
    const real *vectors;    /* (vector_count, E): selected by DECODER_VECTOR - i */
    size_t vector_count;
};

/* Dropout (Srivastava et al., 2014) of word vectors and of the hidden state before the output;
 * external vectors are not dropped. */
struct unroll_regularisation {
    float input_dropout, output_dropout;
    struct random *random; /* of dropout; NULL: no dropout */
    float label_smoothing; /* Szegedy et al., 2016 */
};

struct unroll;

/* Plans the memory for windows of at most `steps` steps and `rows` rows. NULL with `error` set. */
struct unroll *unroll_new(const struct decoder *decoder, size_t rows, size_t steps,
                          caption_error *error);
void unroll_free(struct unroll *unroll);

/* Bytes that unroll_new(decoder, rows, steps) holds. */
size_t unroll_bytes(const struct unroll *unroll);

/* Forward through a window. states (rows, S): in, the states before the window (zeros at the start
 * of a sequence); out, each row's state after its last step. Returns the summed negative log
 * likelihood of the targets and adds their number to *targets. Saves what unroll_backward needs;
 * the window's arrays must stay valid until then. */
double unroll_forward(struct unroll *unroll, const struct parameters *parameters,
                      const struct unroll_window *window, real *states,
                      const struct unroll_regularisation *regularisation, size_t *targets);

/* Backward through the window of the last unroll_forward. The loss is `scale` times the sum over
 * targets of the (smoothed, weighted) cross entropy, plus a loss whose derivative by each row's
 * state after its last step is d_states (rows, S; may be NULL). Adds to `gradients` and, unless
 * NULL, to d_vectors (vector_count, E). */
void unroll_backward(struct unroll *unroll, const struct parameters *parameters, real scale,
                     const real *d_states, real *d_vectors, real *gradients);

/* Truncated back-propagation through time over a batch of sequences of unequal length: cuts them
 * into windows, and runs the unroll forward and backward through one after the other, carrying the
 * state. */

/* One sequence: each step with or without an input, with or without a target. Nothing is owned. */
struct tbptt_sequence {
    const int32_t *inputs;  /* [steps], as in decoder_step */
    const int32_t *targets; /* [steps]: a word's number or DECODER_NOTHING */
    size_t steps;
    real weight; /* of its targets in the loss, where the pass is weighted */
};

struct tbptt;

/* For at most `rows` sequences side by side and windows of `steps` steps (t_p). */
struct tbptt *tbptt_new(const struct decoder *decoder, size_t rows, size_t steps,
                        caption_error *error);
void tbptt_free(struct tbptt *tbptt);

/* The inputs and outputs of a batch. */
struct tbptt_pass {
    const struct parameters *parameters;
    const real *vectors; /* (vector_count, E), see DECODER_VECTOR */
    size_t vector_count;
    struct unroll_regularisation regularisation;
    bool weighted;     /* the sequences have weights */
    bool repeat_first; /* each begins with an image vector, which is added to all its words */
    /* Backward: */
    real scale;      /* of the loss */
    real *d_vectors; /* (vector_count, E), added to; or NULL */
    real *gradients; /* added to; NULL: forward only */
};

/* Runs a batch. `sequences` are sorted by falling number of steps first (the array is reordered).
 * Returns the summed negative log likelihood; adds the number of targets to *targets. */
double tbptt_run(struct tbptt *tbptt, const struct tbptt_pass *pass,
                 struct tbptt_sequence *sequences, size_t count, size_t *targets);

/* Runs one window of endless streams: all sequences have the same number of steps, at most t_p.
 * They continue from `states` (count, S), which are replaced by the states after the window. */
double tbptt_carry(struct tbptt *tbptt, const struct tbptt_pass *pass,
                   const struct tbptt_sequence *sequences, size_t count, real *states,
                   size_t *targets);

#endif
