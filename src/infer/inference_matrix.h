/* A model's matrix packed for inference, in float or bfloat16. Inputs and outputs are float. */
#ifndef CAPTION_INFER_INFERENCE_MATRIX_H
#define CAPTION_INFER_INFERENCE_MATRIX_H

#include "base/threads.h"
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

struct matrix_product {
    size_t rows;
    const float *input;      /* (rows, inputs) */
    size_t stride;           /* floats from row to row of the input */
    float *output;           /* (rows, outputs) */
    float *scratch;          /* (rows, inference_matrix_scratch(inputs)); unused in PRECISION_F32 */
    struct threads *threads; /* they share the outputs of a large product; NULL: the caller alone */
};

/* output = input weights' + bias. A row's result depends neither on the other rows nor on the
 * threads, to the last bit. */
void inference_matrix_multiply(const struct inference_matrix *matrix,
                               const struct matrix_product *product);

#endif
