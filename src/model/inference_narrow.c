/* The encoder for inference in bfloat16 and in bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/inference_kernels.h"
#include "nn/depthwise_narrow.h"
#include "nn/narrow.h"
#include "nn/packed_narrow.h"

/* A layer's product. */
struct matrix {
    struct packed_narrow packed;
    size_t inputs;
    size_t range_at; /* in a row that was made ready; 0: the rows are activations */
    bool relu6;
};

static void matrix_free(void *matrix) {
    struct matrix *m = matrix;
    if (!m) return;
    packed_narrow_free(&m->packed);
    free(m);
}

static void pack_row(void *matrix, size_t row, const float *weights) {
    struct matrix *m = matrix;
    packed_narrow_row(&m->packed, row, m->inputs, weights, m->packed.bias[row]);
}

static void *matrix_new(enum precision precision, enum inference_role role,
                        const struct encoder_layer *layer, const struct weights *weights,
                        caption_error *error) {
    const bool to_activations = role == INFERENCE_STEM || role == INFERENCE_EXPAND;
    struct matrix *matrix = memory_zeroed(1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->inputs = inference_matrix_inputs(role, layer);
    matrix->relu6 = layer->shape.relu6;
    if (precision == PRECISION_INT8 && role != INFERENCE_PROJECT) {
        matrix->range_at = narrow_range_at(inference_padded(matrix->inputs));
    }
    if (packed_narrow_init(&matrix->packed, precision, to_activations,
                           inference_padded(layer->shape.out_channels), matrix->inputs, error) &&
        weights_read(weights, layer->bias, matrix->packed.bias, error) &&
        inference_read_matrix(role, layer, weights, pack_row, matrix, error)) {
        return matrix;
    }
    matrix_free(matrix);
    return NULL;
}

/* What a role's products differ in is in the matrix. */
static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    (void)role;
    const struct matrix *m = matrix;
    packed_narrow_multiply(&m->packed, panel, panels, product->rows,
                           &(struct packed_narrow_product){.input = product->input,
                                                           .input_stride = product->input_stride,
                                                           .range_at = m->range_at,
                                                           .residual = product->residual,
                                                           .relu6 = m->relu6,
                                                           .output = product->output,
                                                           .output_stride = product->output_stride,
                                                           .line = product->line,
                                                           .line_stride = product->line_stride});
}

struct depthwise {
    enum precision precision;
    struct convolution shape;
    struct inference_taps taps;
};

static void depthwise_free(void *depthwise) {
    struct depthwise *d = depthwise;
    if (!d) return;
    inference_taps_free(&d->taps);
    free(d);
}

static void *depthwise_new(enum precision precision, const struct encoder_layer *layer,
                           const struct weights *weights, caption_error *error) {
    struct depthwise *depthwise = memory_zeroed(1, sizeof *depthwise, "weights", error);
    if (!depthwise) return NULL;
    depthwise->precision = precision;
    depthwise->shape = layer->shape;
    if (!inference_taps_init(&depthwise->taps, layer, weights, error)) {
        free(depthwise);
        return NULL;
    }
    /* Bytes are convolved as they are, in steps. */
    for (size_t c = 0; precision == PRECISION_INT8 && c < depthwise->taps.channels; c++) {
        depthwise->taps.bias[c] *= NARROW_STEPS_OF_ONE;
    }
    return depthwise;
}

static void depthwise(const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip) {
    const struct depthwise *d = depthwise;
    const size_t first = panel * INFERENCE_PANEL;
    depthwise_narrow(&(struct depthwise_narrow){.precision = d->precision,
                                                .kernel = d->shape.kernel,
                                                .stride = d->shape.stride,
                                                .rows = strip->rows,
                                                .columns = d->shape.out_size,
                                                .channels = panels * INFERENCE_PANEL,
                                                .input = strip->input,
                                                .lines = strip->lines,
                                                .line_stride = strip->line_stride,
                                                .input_stride = strip->input_stride,
                                                .weight = d->taps.weight + first,
                                                .weight_stride = d->taps.channels,
                                                .bias = d->taps.bias + first,
                                                .output = strip->output,
                                                .output_stride = strip->output_stride});
}

/* The functions of a table that have to know its precision. */
#define PRECISION_FUNCTIONS(name, precision)                                                       \
    static size_t name##_ready_bytes(size_t channels) {                                            \
        return narrow_row_bytes(precision, channels);                                              \
    }                                                                                              \
    static void name##_make_ready(const float *line, size_t pixels, size_t channels,               \
                                  void *ready) {                                                   \
        narrow_line(precision, line, pixels, channels, ready);                                     \
    }                                                                                              \
    static void *name##_matrix_new(enum inference_role role, const struct encoder_layer *layer,    \
                                   const struct weights *weights, caption_error *error) {          \
        return matrix_new(precision, role, layer, weights, error);                                 \
    }                                                                                              \
    static void *name##_depthwise_new(const struct encoder_layer *layer,                           \
                                      const struct weights *weights, caption_error *error) {       \
        return depthwise_new(precision, layer, weights, error);                                    \
    }

PRECISION_FUNCTIONS(bf16, PRECISION_BF16)
PRECISION_FUNCTIONS(int8, PRECISION_INT8)

const struct inference_kernels inference_kernels_bf16 = {.expanded_bytes = sizeof(uint16_t),
                                                         .ready_bytes = bf16_ready_bytes,
                                                         .make_ready = bf16_make_ready,
                                                         .matrix_new = bf16_matrix_new,
                                                         .matrix_free = matrix_free,
                                                         .multiply = multiply,
                                                         .depthwise_new = bf16_depthwise_new,
                                                         .depthwise_free = depthwise_free,
                                                         .depthwise = depthwise};

const struct inference_kernels inference_kernels_int8 = {.expanded_bytes = sizeof(uint8_t),
                                                         .ready_bytes = int8_ready_bytes,
                                                         .make_ready = int8_make_ready,
                                                         .matrix_new = int8_matrix_new,
                                                         .matrix_free = matrix_free,
                                                         .multiply = multiply,
                                                         .depthwise_new = int8_depthwise_new,
                                                         .depthwise_free = depthwise_free,
                                                         .depthwise = depthwise};
