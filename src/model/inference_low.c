/* The encoder for inference in lower precision. Maps between blocks are float and are
 * rounded to bfloat16 where they are multiplied: what blocks add to them is not. The expanded
 * activations within a block are bfloat16, or bytes: they lie behind ReLU6, between 0 and 6,
 * so that bytes need no calibration. Stem, expansion and head multiply bfloat16 numbers; the
 * projections multiply what the expanded activations are. Sums are float (of bytes, whole) and the
 * depthwise convolutions compute in float. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/inference_weights.h"
#include "nn/depthwise_low.h"

/* A layer's product. */
struct matrix {
    struct packed_low packed;
    enum packed_low_type output;
    bool relu6;
};

/* A panel at a time, so that there is no second copy of the weights. */
static bool pack(struct packed_low *packed, enum inference_role role,
                 const struct encoder_layer *layer, const struct weights *weights,
                 caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    float *rows =
        memory_uninitialised(PACKED_LOW_PANEL, packed->inputs * sizeof(float), "weights", error);
    if (!rows) return false;
    bool read = true;
    for (size_t first = 0; read && first < outputs; first += PACKED_LOW_PANEL) {
        const size_t rest = outputs - first;
        const size_t count = rest < PACKED_LOW_PANEL ? rest : PACKED_LOW_PANEL;
        read = inference_weights_rows(role, layer, weights, first, count, rows, error);
        if (read) packed_low_rows(packed, first, count, rows);
    }
    free(rows);
    return read;
}

static void *matrix_new(enum packed_low_type expanded, enum inference_role role,
                        const struct encoder_layer *layer, const struct weights *weights,
                        struct arena *arena, caption_error *error) {
    const bool expands = role == INFERENCE_STEM || role == INFERENCE_EXPAND;
    const bool stem = role == INFERENCE_STEM || role == INFERENCE_STEM_MAP;
    const enum packed_low_type input = role == INFERENCE_PROJECT ? expanded : PACKED_LOW_BF16;
    const size_t inputs = stem ? INFERENCE_PATCH : layer->shape.in_channels;
    struct matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->output = expands ? expanded : PACKED_LOW_FLOATS;
    matrix->relu6 = layer->shape.relu6;
    const bool ok =
        packed_low_init(&matrix->packed, input, layer->shape.out_channels, inputs, arena, error) &&
        pack(&matrix->packed, role, layer, weights, error) &&
        weights_read(weights, layer->bias, matrix->packed.bias, error);
    return ok ? matrix : NULL;
}

static void *matrix_new_bf16(enum inference_role role, const struct encoder_layer *layer,
                             const struct weights *weights, struct arena *arena,
                             caption_error *error) {
    return matrix_new(PACKED_LOW_BF16, role, layer, weights, arena, error);
}

static void *matrix_new_int8(enum inference_role role, const struct encoder_layer *layer,
                             const struct weights *weights, struct arena *arena,
                             caption_error *error) {
    return matrix_new(PACKED_LOW_BYTES, role, layer, weights, arena, error);
}

/* Patches are floats, and are rounded some rows at a time. Their output is one line. */
static void multiply_patches(const struct packed_low *part, size_t rows,
                             struct packed_low_product product) {
    enum { SOME = 24 };
    static const size_t width =
        (INFERENCE_PATCH + INFERENCE_PANEL - 1) / INFERENCE_PANEL * INFERENCE_PANEL;
    bfloat16 rounded[SOME * (INFERENCE_PATCH + INFERENCE_PANEL)];
    const float *patches = product.input;
    char *output = product.output;
    static const size_t bytes[] = {
        [PACKED_LOW_BF16] = 2, [PACKED_LOW_BYTES] = 1, [PACKED_LOW_FLOATS] = 4};
    const size_t row_bytes = product.output_stride * bytes[product.output_type];
    product.input = rounded;
    product.input_stride = width;
    for (size_t first = 0; first < rows; first += SOME) {
        const size_t some = rows - first < SOME ? rows - first : SOME;
        bfloat16_from_floats(patches + first * width, some * width, rounded);
        product.output = output + first * row_bytes;
        packed_low_multiply(part, some, &product);
    }
}

static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    const struct matrix *m = matrix;
    const struct packed_low part = packed_low_part(&m->packed, panel, panels);
    const struct packed_low_product low = {.input = product->input,
                                           .input_stride = product->input_stride,
                                           .residual = product->residual,
                                           .relu6 = m->relu6,
                                           .output_type = m->output,
                                           .output = product->output,
                                           .output_stride = product->output_stride,
                                           .line = product->line,
                                           .line_stride = product->line_stride};
    if (role == INFERENCE_STEM || role == INFERENCE_STEM_MAP) {
        multiply_patches(&part, product->rows, low);
    } else {
        packed_low_multiply(&part, product->rows, &low);
    }
}

static void run_depthwise(enum packed_low_type type, const struct inference_depthwise *d,
                          size_t panel, size_t panels, const struct inference_strip *strip) {
    const size_t first = panel * INFERENCE_PANEL;
    depthwise_low(&(struct depthwise_low){.type = type,
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

static void depthwise_bf16(const void *depthwise, size_t panel, size_t panels,
                           const struct inference_strip *strip) {
    run_depthwise(PACKED_LOW_BF16, depthwise, panel, panels, strip);
}

static void depthwise_int8(const void *depthwise, size_t panel, size_t panels,
                           const struct inference_strip *strip) {
    run_depthwise(PACKED_LOW_BYTES, depthwise, panel, panels, strip);
}

static void to_bf16(const void *map, size_t count, void *out) {
    bfloat16_from_floats(map, count, out);
}

const struct inference_kernels inference_kernels_bf16 = {.map_bytes = sizeof(float),
                                                         .expanded_bytes = sizeof(bfloat16),
                                                         .matrix_new = matrix_new_bf16,
                                                         .multiply = multiply,
                                                         .depthwise_new = inference_depthwise_new,
                                                         .depthwise = depthwise_bf16,
                                                         .narrow = to_bf16,
                                                         .narrow_bytes = sizeof(bfloat16),
                                                         .widen = to_bf16};

/* No widen: the map between two blocks may be negative, which bytes cannot say. */
const struct inference_kernels inference_kernels_int8 = {.map_bytes = sizeof(float),
                                                         .expanded_bytes = 1,
                                                         .matrix_new = matrix_new_int8,
                                                         .multiply = multiply,
                                                         .depthwise_new = inference_depthwise_new,
                                                         .depthwise = depthwise_int8,
                                                         .narrow = to_bf16,
                                                         .narrow_bytes = sizeof(bfloat16)};
