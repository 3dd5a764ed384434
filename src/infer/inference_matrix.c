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

/* A product that threads share: each takes some of the panels. */
struct shared_product {
    const struct inference_matrix *matrix;
    const struct matrix_product *product;
    size_t parts;
};

static void multiply_floats(const struct shared_product *shared, size_t first, size_t panels) {
    const struct matrix_product *product = shared->product;
    const struct packed part = packed_part(&shared->matrix->floats, first, panels);
    packed_multiply(&part, product->rows,
                    &(struct packed_product){.input = product->input,
                                             .input_stride = product->stride,
                                             .output = product->output + first * PANEL,
                                             .output_stride = shared->matrix->outputs});
}

/* The scratch holds a block for the last panel and the rounded rows. */
static uint16_t *rounded_rows(const struct matrix_product *product) {
    return (uint16_t *)(product->scratch + product->rows * PANEL);
}

static void multiply_low_precision(const struct shared_product *shared, size_t first,
                                   size_t panels) {
    const struct inference_matrix *matrix = shared->matrix;
    const struct matrix_product *product = shared->product;
    struct packed_low_precision_product low = {
        .input = rounded_rows(product),
        .input_stride = (matrix->inputs + matrix->inputs % 2) * sizeof(uint16_t),
        .output = product->output,
        .output_stride = matrix->outputs};
    const size_t whole = matrix->outputs / PANEL;
    const size_t end = size_smaller(first + panels, whole);
    if (first + panels > whole) multiply_rest(matrix, product->rows, low, product->scratch);
    if (end <= first) return;
    low.output = product->output + first * PANEL;
    packed_low_precision_multiply(&matrix->halves, first, end - first, product->rows, &low);
}

static void multiply_part(void *context, size_t part, size_t worker) {
    (void)worker;
    const struct shared_product *shared = context;
    const size_t panels = (shared->matrix->outputs + PANEL - 1) / PANEL;
    const size_t first = panels * part / shared->parts, end = panels * (part + 1) / shared->parts;
    if (end == first) return;
    if (shared->matrix->precision == PRECISION_F32)
        multiply_floats(shared, first, end - first);
    else
        multiply_low_precision(shared, first, end - first);
}

/* Multiplications below which waking the others takes longer than it saves. */
enum { WORTH_SHARING = 1 << 18 };

void inference_matrix_multiply(const struct inference_matrix *matrix,
                               const struct matrix_product *product) {
    struct shared_product shared = {.matrix = matrix, .product = product, .parts = 1};
    if (matrix->precision != PRECISION_F32)
        round_rows(product->rows, matrix->inputs, product->input, product->stride,
                   rounded_rows(product));
    if (product->rows * matrix->inputs >= WORTH_SHARING / matrix->outputs)
        shared.parts = threads_count(product->threads);
    if (shared.parts == 1)
        multiply_part(&shared, 0, 0);
    else
        threads_for(product->threads, shared.parts, multiply_part, &shared);
}
