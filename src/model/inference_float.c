/* The encoder for inference in float. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/inference_weights.h"
#include "nn/depthwise_strip.h"
#include "nn/packed.h"

/* A layer's product. */
struct matrix {
    struct packed packed;
    bool relu6;
};

/* A panel at a time, so that there is no second copy of the weights. */
static bool pack(struct packed *packed, enum inference_role role, const struct encoder_layer *layer,
                 const struct weights *weights, caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    float *rows =
        memory_uninitialised(PACKED_PANEL, packed->inputs * sizeof(float), "weights", error);
    if (!rows) return false;
    bool read = true;
    for (size_t first = 0; read && first < outputs; first += PACKED_PANEL) {
        const size_t rest = outputs - first, count = rest < PACKED_PANEL ? rest : PACKED_PANEL;
        read = inference_weights_rows(role, layer, weights, first, count, rows, error);
        if (read) packed_rows(packed, first, count, rows);
    }
    free(rows);
    return read;
}

/* With as many outputs as fill the last panel: those beyond the layer's are zeros. */
static void *matrix_new(enum inference_role role, const struct encoder_layer *layer,
                        const struct weights *weights, struct arena *arena, caption_error *error) {
    const bool stem = role == INFERENCE_STEM || role == INFERENCE_STEM_MAP;
    const size_t inputs = stem ? INFERENCE_PATCH : layer->shape.in_channels;
    struct matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->relu6 = layer->shape.relu6;
    const size_t outputs = inference_padded(layer->shape.out_channels);
    const bool ok = packed_init(&matrix->packed, outputs, inputs, arena, error) &&
                    pack(&matrix->packed, role, layer, weights, error) &&
                    weights_read(weights, layer->bias, matrix->packed.bias, error);
    return ok ? matrix : NULL;
}

/* All activations are floats, so the role makes no difference. */
static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    (void)role;
    const struct matrix *m = matrix;
    const struct packed part = packed_part(&m->packed, panel, panels);
    packed_multiply(&part, product->rows,
                    &(struct packed_product){.input = product->input,
                                             .input_stride = product->input_stride,
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

static void widen(const void *map, size_t count, void *expanded) {
    memcpy(expanded, map, count * sizeof(float));
}

const struct inference_kernels inference_kernels_f32 = {.map_bytes = sizeof(float),
                                                        .expanded_bytes = sizeof(float),
                                                        .matrix_new = matrix_new,
                                                        .multiply = multiply,
                                                        .depthwise_new = inference_depthwise_new,
                                                        .depthwise = depthwise,
                                                        .widen = widen};
