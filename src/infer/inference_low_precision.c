/* The encoder for inference in bfloat16 and int8. */
#include "infer/depthwise_low_precision.h"
#include "infer/inference_kernels.h"
#include "infer/low_precision.h"
#include "infer/packed_low_precision.h"

_Static_assert((int)LOW_PRECISION_PANEL == (int)INFERENCE_PANEL,
               "weights come in panels of one size");

/* A layer's product. */
struct low_precision_matrix {
    struct packed_low_precision packed;
    size_t inputs;
    size_t range_at; /* in a prepared row; 0: the rows are activations */
    bool relu6;
};

static void pack_rows(void *packed, size_t first, size_t count, const float *rows) {
    struct low_precision_matrix *matrix = packed;
    packed_low_precision_rows(&matrix->packed, first, count, matrix->inputs, rows);
}

static void *matrix_new(enum precision precision, enum inference_role role,
                        const struct encoder_layer *layer, const struct weights *weights,
                        struct arena *arena, caption_error *error) {
    const bool to_activations = role == INFERENCE_STEM || role == INFERENCE_EXPAND;
    struct low_precision_matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->inputs = inference_weights_inputs(role, layer);
    matrix->relu6 = layer->shape.relu6;
    if (precision == PRECISION_INT8 && role != INFERENCE_PROJECT) {
        matrix->range_at = int8_range_at(inference_padded(matrix->inputs));
    }
    const size_t outputs = inference_padded(layer->shape.out_channels);
    const bool ok = packed_low_precision_init(&matrix->packed, precision, to_activations, outputs,
                                              matrix->inputs, arena, error) &&
                    weights_read(weights, layer->bias, matrix->packed.bias, error) &&
                    inference_weights_pack(role, layer, weights, pack_rows, matrix, error);
    return ok ? matrix : NULL;
}

/* The differences between the roles are in the matrix. */
static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    (void)role;
    const struct low_precision_matrix *m = matrix;
    packed_low_precision_multiply(
        &m->packed, panel, panels, product->rows,
        &(struct packed_low_precision_product){.input = product->input,
                                               .input_stride = product->input_stride,
                                               .range_at = m->range_at,
                                               .residual = product->residual,
                                               .relu6 = m->relu6,
                                               .output = product->output,
                                               .output_stride = product->output_stride,
                                               .line = product->line,
                                               .line_stride = product->line_stride});
}

/* int8 numbers are convolved in units of steps. */
static void *int8_depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                                struct arena *arena, caption_error *error) {
    struct inference_depthwise *depthwise = inference_depthwise_new(layer, weights, arena, error);
    if (!depthwise) return NULL;
    const float steps = 1 / int8_step(low_precision_bytes(PRECISION_INT8));
    for (size_t c = 0; c < depthwise->channels; c++) depthwise->bias[c] *= steps;
    return depthwise;
}

static void depthwise(enum precision precision, const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip) {
    const struct inference_depthwise *d = depthwise;
    const size_t first = panel * INFERENCE_PANEL;
    depthwise_low_precision(
        &(struct depthwise_low_precision){.precision = precision,
                                          .bytes = low_precision_bytes(precision),
                                          .kernel = d->shape.kernel,
                                          .stride = d->shape.stride,
                                          .rows = strip->rows,
                                          .columns = d->shape.out_size,
                                          .channels = panels * INFERENCE_PANEL,
                                          .input = strip->input,
                                          .lines = strip->lines,
                                          .line_stride = strip->line_stride,
                                          .input_stride = strip->input_stride,
                                          .weight = d->weight + first,
                                          .weight_stride = d->channels,
                                          .bias = d->bias + first,
                                          .output = strip->output,
                                          .output_stride = strip->output_stride});
}

/* The functions of a table that depend on its precision. */
#define PRECISION_FUNCTIONS(name, precision)                                                       \
    static size_t name##_prepared_bytes(size_t channels) {                                         \
        return low_precision_row_bytes(precision, channels);                                       \
    }                                                                                              \
    static void name##_prepare(const float *line, size_t pixels, size_t channels,                  \
                               void *prepared) {                                                   \
        low_precision_line(precision, line, pixels, channels, prepared);                           \
    }                                                                                              \
    static void *name##_matrix_new(enum inference_role role, const struct encoder_layer *layer,    \
                                   const struct weights *weights, struct arena *arena,             \
                                   caption_error *error) {                                         \
        return matrix_new(precision, role, layer, weights, arena, error);                          \
    }                                                                                              \
    static void name##_depthwise(const void *taps, size_t panel, size_t panels,                    \
                                 const struct inference_strip *strip) {                            \
        depthwise(precision, taps, panel, panels, strip);                                          \
    }

PRECISION_FUNCTIONS(bf16, PRECISION_BF16)
PRECISION_FUNCTIONS(int8, PRECISION_INT8)

/* Rounding errors of the first blocks affect all later ones, so these blocks stay in float (see
 * src/SPEED.md). */
const struct inference_kernels inference_kernels_bf16 = {.expanded_bytes = sizeof(uint16_t),
                                                         .float_blocks = 2,
                                                         .prepared_bytes = bf16_prepared_bytes,
                                                         .prepare = bf16_prepare,
                                                         .matrix_new = bf16_matrix_new,
                                                         .multiply = multiply,
                                                         .depthwise_new = inference_depthwise_new,
                                                         .depthwise = bf16_depthwise};

#define INT8_KERNELS(bytes)                                                                        \
    {                                                                                              \
        .expanded_bytes = (bytes), .prepared_bytes = int8_prepared_bytes, .prepare = int8_prepare, \
        .matrix_new = int8_matrix_new, .multiply = multiply, .depthwise_new = int8_depthwise_new,  \
        .depthwise = int8_depthwise                                                                \
    }
const struct inference_kernels inference_kernels_int8[] = {INT8_KERNELS(1), INT8_KERNELS(2)};
