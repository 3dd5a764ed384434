#include "infer/inference_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"
#include "infer/low_precision.h"

enum { PANEL = PACKED_PANEL };
_Static_assert((int)PACKED_PANEL == (int)LOW_PRECISION_PANEL,
               "panels of both kinds have the same rows");

static bool init(struct inference_matrix *matrix, enum safetensors_type type, struct arena *arena,
                 caption_error *error) {
    if (matrix->precision == PRECISION_F32) {
        __typeof__(packed_init) *floats_init =
            type == SAFETENSORS_F16 ? packed_init_halves : packed_init;
        return floats_init(&matrix->floats, matrix->outputs, matrix->inputs, arena, error);
    }
    size_t outputs;
    if (!size_add(matrix->outputs, PANEL - 1, &outputs)) return error_memory(error, "weights");
    outputs -= outputs % PANEL;
    return packed_low_precision_init(&matrix->halves, PRECISION_BF16, false, outputs,
                                     matrix->inputs, arena, error);
}

static void pack_rows(struct inference_matrix *matrix, size_t first, size_t count,
                      const float *rows, const float *bias) {
    if (matrix->precision == PRECISION_F32) {
        packed_rows(&matrix->floats, first, count, rows);
        memcpy(matrix->floats.bias + first, bias + first, count * sizeof *bias);
        return;
    }
    memcpy(matrix->halves.bias + first, bias + first, count * sizeof *bias);
    packed_low_precision_rows(&matrix->halves, first, count, matrix->inputs, rows);
}

bool inference_matrix_init(struct inference_matrix *matrix, enum precision precision,
                           const struct weights *weights, struct inference_tensors tensors,
                           struct arena *arena, caption_error *error) {
    const size_t *shape = weights->parameters->tensors[tensors.weight].shape;
    *matrix =
        (struct inference_matrix){.precision = precision, .outputs = shape[0], .inputs = shape[1]};
    if (!init(matrix, weights_type(weights, tensors.weight), arena, error)) return false;
    /* A panel at a time, so that there is no second copy of the weights. */
    float *rows = memory_uninitialised(PANEL, matrix->inputs * sizeof *rows, "weights", error);
    float *bias = memory_uninitialised(matrix->outputs, sizeof *bias, "weights", error);
    bool read = rows && bias;
    if (read && tensors.bias == INFERENCE_NO_BIAS) {
        memset(bias, 0, matrix->outputs * sizeof *bias);
    } else if (read) {
        read = weights_read(weights, tensors.bias, bias, error);
    }
    for (size_t first = 0; read && first < matrix->outputs; first += PANEL) {
        const size_t count = size_smaller(matrix->outputs - first, PANEL);
        read = weights_read_rows(weights, tensors.weight, first, count, rows, error);
        if (read) pack_rows(matrix, first, count, rows, bias);
    }
    free(rows);
    free(bias);
    return read;
}

size_t inference_matrix_scratch(size_t inputs) {
    return inputs / 2 + inputs % 2 + PANEL;
}

/* Rounded rows are contiguous, each a whole number of pairs. */
SIMD_KERNEL(static, void, round_rows,
            (size_t rows, size_t inputs, const float *restrict input, size_t input_stride,
             uint16_t *restrict rounded),
            (rows, inputs, input, input_stride, rounded)) {
    const size_t stride = inputs + inputs % 2;
    for (size_t r = 0; r < rows; r++, rounded += stride) {
        for (size_t j = 0; j < inputs; j++) rounded[j] = float_to_bf16(input[r * input_stride + j]);
        if (stride > inputs) rounded[inputs] = 0;
    }
}

/* The last panel, which the outputs do not fill, through a buffer of its full width. */
static void multiply_rest(const struct inference_matrix *matrix, size_t rows,
                          struct packed_low_precision_product product, float *block) {
    const size_t whole = matrix->outputs / PANEL, columns = matrix->outputs % PANEL;
    float *output = (float *)product.output + whole * PANEL;
    const size_t output_stride = product.output_stride;
    product.output = block;
    product.output_stride = PANEL;
    packed_low_precision_multiply(&matrix->halves, whole, 1, rows, &product);
    for (size_t r = 0; r < rows; r++) {
        memcpy(output + r * output_stride, block + r * PANEL, columns * sizeof *output);
    }
}

static void multiply_low_precision(const struct inference_matrix *matrix, size_t rows,
                                   const float *input, size_t stride, float *output,
                                   float *scratch) {
    float *block = scratch; /* (rows, PANEL) */
    uint16_t *rounded = (uint16_t *)(scratch + rows * PANEL);
    round_rows(rows, matrix->inputs, input, stride, rounded);
    const struct packed_low_precision_product product = {
        .input = rounded,
        .input_stride = (matrix->inputs + matrix->inputs % 2) * sizeof *rounded,
        .output = output,
        .output_stride = matrix->outputs};
    packed_low_precision_multiply(&matrix->halves, 0, matrix->outputs / PANEL, rows, &product);
    if (matrix->outputs % PANEL) multiply_rest(matrix, rows, product, block);
}

void inference_matrix_multiply(const struct inference_matrix *matrix, size_t rows,
                               const float *input, size_t stride, float *output, float *scratch) {
    if (matrix->precision != PRECISION_F32) {
        multiply_low_precision(matrix, rows, input, stride, output, scratch);
        return;
    }
    packed_multiply(&matrix->floats, rows,
                    &(struct packed_product){.input = input,
                                             .input_stride = stride,
                                             .output = output,
                                             .output_stride = matrix->outputs});
}
