/* Truncated back-propagation through time over a batch of sequences of unequal length: cuts them
 * into windows, and runs the unroll forward and backward through one after the other, carrying the
 * state. */
#ifndef CAPTION_TRAIN_TBPTT_H
#define CAPTION_TRAIN_TBPTT_H

#include "model/unroll.h"

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
