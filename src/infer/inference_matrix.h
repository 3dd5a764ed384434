/* A model's matrix packed for inference, in float or bfloat16. Inputs and outputs are float. */
#ifndef CAPTION_INFER_INFERENCE_MATRIX_H
#define CAPTION_INFER_INFERENCE_MATRIX_H

#include "infer/packed.h"
#include "infer/packed_low_precision.h"
#include "model/weights.h"

struct inference_matrix {
    enum precision precision;
    size_t outputs, inputs;
    struct packed floats;               /* PRECISION_F32 */
    struct packed_low_precision halves; /* PRECISION_BF16 */
};

/* Indices of a linear layer's tensors. */
struct inference_tensors {
    size_t weight; /* (outputs, inputs) */
    size_t bias;   /* (outputs,), or INFERENCE_NO_BIAS */
};

#define INFERENCE_NO_BIAS SIZE_MAX

/* Packs the tensors into the arena. False when a number is not finite or memory is short. */
bool inference_matrix_init(struct inference_matrix *matrix, enum precision precision,
                           const struct weights *weights, struct inference_tensors tensors,
                           struct arena *arena, caption_error *error);

/* Floats of scratch that a product needs for each row of `inputs` numbers, except in
 * PRECISION_F32. */
size_t inference_matrix_scratch(size_t inputs);

/* output (rows, outputs) = input (rows, inputs) weights' + bias; the input's rows are `stride`
 * floats apart. A row's result does not depend on the other rows, to the last bit. */
void inference_matrix_multiply(const struct inference_matrix *matrix, size_t rows,
                               const float *input, size_t stride, float *output, float *scratch);

#endif
