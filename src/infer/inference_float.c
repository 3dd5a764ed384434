/* The encoder for inference in float. */
#include "infer/depthwise_strip.h"
#include "infer/inference_kernels.h"
#include "infer/packed.h"

_Static_assert((int)PACKED_PANEL == (int)INFERENCE_PANEL, "weights come in panels of one size");

/* A layer's product. */
struct float_matrix {
    struct packed packed;
    bool relu6;
};

static void pack_rows(void *packed, size_t first, size_t count, const float *rows) {
    packed_rows(packed, first, count, rows);
}

/* Outputs are padded to whole panels; those beyond the layer's are zeros. */
static void *matrix_new(enum inference_role role, const struct encoder_layer *layer,
                        const struct weights *weights, struct arena *arena, caption_error *error) {
    const size_t inputs = inference_weights_inputs(role, layer);
    struct float_matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->relu6 = layer->shape.relu6;
    const size_t outputs = inference_padded(layer->shape.out_channels);
    const bool ok =
        packed_init(&matrix->packed, outputs, inputs, arena, error) &&
        inference_weights_pack(role, layer, weights, pack_rows, &matrix->packed, error) &&
        weights_read(weights, layer->bias, matrix->packed.bias, error);
    return ok ? matrix : NULL;
}

/* All activations are floats, so the role makes no difference. */
static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    (void)role;
    const struct float_matrix *m = matrix;
    const struct packed part = packed_part(&m->packed, panel, panels);
    packed_multiply(&part, product->rows,
                    &(struct packed_product){.input = product->input,
                                             .input_stride = product->input_stride / sizeof(float),
                                             .residual = product->residual,
                                             .residual_stride = product->output_stride,
                                             .relu6 = m->relu6,
                                             .output = product->output,
                                             .output_stride = product->output_stride,
                                             .line = product->line,
                                             .line_stride = product->line_stride});
}

static void depthwise(const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip) {
    const struct inference_depthwise *d = depthwise;
    const size_t first = panel * INFERENCE_PANEL;
    depthwise_strip(&(struct depthwise_strip){.kernel = d->shape.kernel,
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
                                              .relu6 = d->shape.relu6,
                                              .output = strip->output,
                                              .output_stride = strip->output_stride});
}

static size_t prepared_bytes(size_t channels) {
    return channels * sizeof(float);
}

const struct inference_kernels inference_kernels_f32 = {.expanded_bytes = sizeof(float),
                                                        .prepared_bytes = prepared_bytes,
                                                        .matrix_new = matrix_new,
                                                        .multiply = multiply,
                                                        .depthwise_new = inference_depthwise_new,
                                                        .depthwise = depthwise};
