/* The encoder for inference in float. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/inference_kernels.h"
#include "nn/depthwise_strip.h"
#include "nn/packed.h"

/* A layer's product. */
struct matrix {
    struct packed packed;
    bool relu6;
};

static void matrix_free(void *matrix) {
    struct matrix *m = matrix;
    if (!m) return;
    packed_free(&m->packed);
    free(m);
}

static void pack_row(void *matrix, size_t row, const float *weights) {
    struct packed *packed = &((struct matrix *)matrix)->packed;
    const size_t k = packed->inputs, first = row / PACKED_PANEL * PACKED_PANEL;
    float *at = packed->panels + first * k + row % PACKED_PANEL;
    for (size_t j = 0; j < k; j++) at[j * PACKED_PANEL] = weights[j];
}

/* With as many outputs as fill the last panel: those beyond the layer's are zeros. */
static void *matrix_new(enum inference_role role, const struct encoder_layer *layer,
                        const struct weights *weights, caption_error *error) {
    const size_t inputs = inference_matrix_inputs(role, layer);
    struct matrix *matrix = memory_zeroed(1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->relu6 = layer->shape.relu6;
    if (packed_init(&matrix->packed, inference_padded(layer->shape.out_channels), inputs, error) &&
        inference_read_matrix(role, layer, weights, pack_row, matrix, error) &&
        weights_read(weights, layer->bias, matrix->packed.bias, error)) {
        return matrix;
    }
    matrix_free(matrix);
    return NULL;
}

/* All activations are floats, so the role makes no difference. */
static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    (void)role;
    const struct matrix *m = matrix;
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

struct depthwise {
    struct convolution shape;
    struct inference_taps taps;
};

static void depthwise_free(void *depthwise) {
    struct depthwise *d = depthwise;
    if (!d) return;
    inference_taps_free(&d->taps);
    free(d);
}

static void *depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                           caption_error *error) {
    struct depthwise *depthwise = memory_zeroed(1, sizeof *depthwise, "weights", error);
    if (!depthwise) return NULL;
    depthwise->shape = layer->shape;
    if (inference_taps_init(&depthwise->taps, layer, weights, error)) return depthwise;
    free(depthwise);
    return NULL;
}

static void depthwise(const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip) {
    const struct depthwise *d = depthwise;
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
                                              .weight = d->taps.weight + first,
                                              .weight_stride = d->taps.channels,
                                              .bias = d->taps.bias + first,
                                              .relu6 = d->shape.relu6,
                                              .output = strip->output,
                                              .output_stride = strip->output_stride});
}

static size_t ready_bytes(size_t channels) {
    return channels * sizeof(float);
}

const struct inference_kernels inference_kernels_f32 = {.expanded_bytes = sizeof(float),
                                                        .ready_bytes = ready_bytes,
                                                        .matrix_new = matrix_new,
                                                        .matrix_free = matrix_free,
                                                        .multiply = multiply,
                                                        .depthwise_new = depthwise_new,
                                                        .depthwise_free = depthwise_free,
                                                        .depthwise = depthwise};
