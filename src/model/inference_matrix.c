#include "model/inference_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PANEL = PACKED_PANEL };
_Static_assert((int)PACKED_PANEL == (int)PACKED_LOW_PANEL,
               "panels of both precisions have the same rows");

/* A panel at a time, so that there is no second copy of the weights. */
static bool read_panels(const struct weights *weights, size_t weight,
                        struct inference_matrix *matrix, caption_error *error) {
    float *rows = memory_uninitialised(PANEL, matrix->inputs * sizeof(float), "weights", error);
    if (!rows) return false;
    bool read = true;
    for (size_t first = 0; read && first < matrix->outputs; first += PANEL) {
        const size_t rest = matrix->outputs - first, count = rest < PANEL ? rest : PANEL;
        read = weights_read_rows(weights, weight, first, count, rows, error);
        if (!read) break;
        if (matrix->precision == PRECISION_F32) {
            packed_rows(&matrix->floats, first, count, rows);
        } else {
            packed_low_rows(&matrix->low, first, count, rows);
        }
    }
    free(rows);
    return read;
}

bool inference_matrix_init(struct inference_matrix *matrix, enum precision precision,
                           const struct weights *weights, size_t weight, size_t bias,
                           struct arena *arena, caption_error *error) {
    const size_t *shape = weights->parameters->tensors[weight].shape;
    *matrix =
        (struct inference_matrix){.precision = precision, .outputs = shape[0], .inputs = shape[1]};
    const bool floats = precision == PRECISION_F32;
    const bool ready =
        floats ? packed_init(&matrix->floats, shape[0], shape[1], arena, error)
               : packed_low_init(&matrix->low, PACKED_LOW_BF16, shape[0], shape[1], arena, error);
    return ready && read_panels(weights, weight, matrix, error) &&
           weights_read(weights, bias, floats ? matrix->floats.bias : matrix->low.bias, error);
}

size_t inference_matrix_scratch(size_t inputs) {
    return inputs / 2 + inputs % 2 + PANEL;
}

/* Rounded, the rows lie close to each other, each a whole number of pairs. */
static void round_rows(size_t rows, size_t inputs, const float *input, size_t input_stride,
                       bfloat16 *rounded) {
    const size_t stride = inputs + inputs % 2;
    for (size_t r = 0; r < rows; r++, rounded += stride) {
        bfloat16_from_floats(input + r * input_stride, inputs, rounded);
        if (stride > inputs) rounded[inputs] = 0;
    }
}

/* The last panel, which the outputs do not fill, by way of a block of its full width. */
static void multiply_rest(const struct inference_matrix *matrix, size_t rows,
                          struct packed_low_product product, float *block) {
    const size_t whole = matrix->outputs / PANEL, columns = matrix->outputs % PANEL;
    const struct packed_low part = packed_low_part(&matrix->low, whole, 1);
    float *output = (float *)product.output + whole * PANEL;
    const size_t output_stride = product.output_stride;
    product.output = block;
    product.output_stride = PANEL;
    packed_low_multiply(&part, rows, &product);
    for (size_t r = 0; r < rows; r++) {
        memcpy(output + r * output_stride, block + r * PANEL, columns * sizeof *output);
    }
}

static void multiply_low(const struct inference_matrix *matrix, size_t rows, const float *input,
                         size_t input_stride, float *output, size_t output_stride, float *scratch) {
    float *block = scratch; /* (rows, PANEL) */
    bfloat16 *rounded = (bfloat16 *)(scratch + rows * PANEL);
    round_rows(rows, matrix->inputs, input, input_stride, rounded);
    const struct packed_low_product product = {.input = rounded,
                                               .input_stride = matrix->inputs + matrix->inputs % 2,
                                               .output_type = PACKED_LOW_FLOATS,
                                               .output = output,
                                               .output_stride = output_stride};
    const struct packed_low whole = packed_low_part(&matrix->low, 0, matrix->outputs / PANEL);
    packed_low_multiply(&whole, rows, &product);
    if (matrix->outputs % PANEL) multiply_rest(matrix, rows, product, block);
}

void inference_matrix_multiply(const struct inference_matrix *matrix, size_t rows,
                               const float *input, size_t input_stride, float *output,
                               size_t output_stride, float *scratch) {
    if (matrix->precision != PRECISION_F32) {
        multiply_low(matrix, rows, input, input_stride, output, output_stride, scratch);
        return;
    }
    packed_multiply(&matrix->floats, rows,
                    &(struct packed_product){.input = input,
                                             .input_stride = input_stride,
                                             .output = output,
                                             .output_stride = output_stride});
}
