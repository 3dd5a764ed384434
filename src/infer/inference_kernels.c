/* The kernels of the encoder for inference, of all precisions. */
#include "infer/inference_kernels.h"

#include <stdlib.h>
#include <string.h>

#include "infer/depthwise.h"
#include "infer/low_precision.h"
#include "infer/packed.h"

/* The stem's weights are stored by taps, (27, out); the rows of the matrix are their columns. */
static bool stem_rows(const struct encoder_layer *layer, const struct weights *weights,
                      size_t first, size_t count, float *rows, caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    float *lying = memory_uninitialised(INFERENCE_PATCH, outputs * sizeof(float), "weights", error);
    if (!lying) return false;
    const bool read = weights_read(weights, layer->weight, lying, error);
    for (size_t i = 0; read && i < count * INFERENCE_PATCH; i++) {
        rows[i] = lying[i % INFERENCE_PATCH * outputs + first + i / INFERENCE_PATCH];
    }
    free(lying);
    return read;
}

/* Numbers in a row of a layer's matrix. */
static size_t weights_inputs(enum inference_role role, const struct encoder_layer *layer) {
    return inference_is_stem(role) ? INFERENCE_PATCH : layer->shape.in_channels;
}

/* Passes the matrix of a stem (out, 3 * 3 * 3), ordered as its patches, or of a 1x1 convolution
 * (out, in) to pack(packed, first, count, rows), a panel at a time, to avoid a second copy of the
 * weights: rows first .. first + count - 1. */
static bool weights_pack(enum inference_role role, const struct encoder_layer *layer,
                         const struct weights *weights,
                         void (*pack)(void *packed, size_t first, size_t count, const float *rows),
                         void *packed, caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    const size_t inputs = weights_inputs(role, layer);
    float *rows = memory_uninitialised(INFERENCE_PANEL, inputs * sizeof *rows, "weights", error);
    bool read = rows != NULL;
    for (size_t first = 0; read && first < outputs; first += INFERENCE_PANEL) {
        const size_t count = size_smaller(outputs - first, INFERENCE_PANEL);
        read = inference_is_stem(role)
                   ? stem_rows(layer, weights, first, count, rows, error)
                   : weights_read_rows(weights, layer->weight, first, count, rows, error);
        if (read) pack(packed, first, count, rows);
    }
    free(rows);
    return read;
}

/* A depthwise convolution's weights, in float. */
struct inference_depthwise {
    struct convolution shape;
    size_t channels; /* padded */
    float *bias;     /* (channels) */
    float *weight;   /* (k, k, channels) */
    /* The same in low precision, or NULL (see depthwise.h): */
    struct depthwise_wide wide;
    int16_t *multiple, *factor;
};

static bool read_taps(const struct inference_depthwise *depthwise,
                      const struct encoder_layer *layer, const struct weights *weights,
                      caption_error *error) {
    const size_t channels = layer->shape.out_channels, taps = layer->shape.kernel;
    float *lying = memory_uninitialised(taps * taps, channels * sizeof(float), "weights", error);
    if (!lying) return false;
    const bool read = weights_read(weights, layer->weight, lying, error);
    for (size_t i = 0; read && i < taps * taps; i++) {
        memcpy(depthwise->weight + i * depthwise->channels, lying + i * channels,
               channels * sizeof(float));
    }
    free(lying);
    return read;
}

static void *depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                           struct arena *arena, caption_error *error) {
    const size_t taps = layer->shape.kernel * layer->shape.kernel;
    struct inference_depthwise *depthwise =
        arena_take(arena, 1, sizeof *depthwise, "weights", error);
    if (!depthwise) return NULL;
    *depthwise = (struct inference_depthwise){
        .shape = layer->shape, .channels = inference_padded(layer->shape.out_channels)};
    depthwise->bias =
        arena_take(arena, 1 + taps, depthwise->channels * sizeof(float), "weights", error);
    if (!depthwise->bias) return NULL;
    depthwise->weight = depthwise->bias + depthwise->channels;
    if (arena->is_filled) return depthwise;
    const bool ok = weights_read(weights, layer->bias, depthwise->bias, error) &&
                    read_taps(depthwise, layer, weights, error);
    return ok ? depthwise : NULL;
}

_Static_assert((int)PACKED_PANEL == (int)INFERENCE_PANEL &&
                   (int)LOW_PRECISION_PANEL == (int)INFERENCE_PANEL,
               "weights come in panels of one size");

/* A strip of activations, whose numbers the precision determines. */
static void convolve(enum depthwise_numbers numbers, const void *weights, size_t panel,
                     size_t panels, const struct inference_strip *strip) {
    const struct inference_depthwise *d = weights;
    const size_t first = panel * INFERENCE_PANEL;
    const bool wide = d->wide.most != NULL;
    depthwise(&(struct depthwise){
        .numbers = numbers,
        .kernel = d->shape.kernel,
        .stride = d->shape.stride,
        .rows = strip->rows,
        .columns = d->shape.out_size,
        .channels = panels * INFERENCE_PANEL,
        .input = strip->input,
        .lines = strip->lines,
        .line_stride = strip->line_stride,
        .input_stride = strip->input_stride,
        .weight = wide ? (const void *)(d->wide.weight + first) : d->weight + first,
        .weight_stride = d->channels,
        .bias = wide ? (const void *)(d->wide.bias + first) : d->bias + first,
        .most = wide ? d->wide.most + first : NULL,
        .multiple = d->multiple ? d->multiple + first : NULL,
        .factor = d->factor ? d->factor + first : NULL,
        .relu6 = d->shape.relu6,
        .output = strip->output,
        .output_stride = strip->output_stride});
}

/* A layer's product in float. */
struct float_matrix {
    struct packed packed;
    bool relu6;
};

static void float_pack_rows(void *packed, size_t first, size_t count, const float *rows) {
    packed_rows(packed, first, count, rows);
}

/* Outputs are padded to whole panels; those beyond the layer's are zeros. */
static void *float_matrix_new(enum inference_role role, const struct encoder_layer *layer,
                              const void *depthwise, const struct weights *weights,
                              struct arena *arena, caption_error *error) {
    (void)depthwise;
    const size_t inputs = weights_inputs(role, layer);
    struct float_matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    matrix->relu6 = layer->shape.relu6;
    const size_t outputs = inference_padded(layer->shape.out_channels);
    if (!packed_init(&matrix->packed, outputs, inputs, arena, error)) return NULL;
    if (arena->is_filled) return matrix;
    const bool ok = weights_pack(role, layer, weights, float_pack_rows, &matrix->packed, error) &&
                    weights_read(weights, layer->bias, matrix->packed.bias, error);
    return ok ? matrix : NULL;
}

/* All activations are floats, so the role makes no difference. */
static void float_multiply(enum inference_role role, const void *matrix, size_t panel,
                           size_t panels, const struct inference_product *product) {
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

static void float_depthwise(const void *weights, size_t panel, size_t panels,
                            const struct inference_strip *strip) {
    convolve(DEPTHWISE_FLOATS, weights, panel, panels, strip);
}

static size_t float_prepared_bytes(size_t channels) {
    return channels * sizeof(float);
}

const struct inference_kernels inference_kernels_f32 = {.expanded_bytes = sizeof(float),
                                                        .convolved_bytes = sizeof(float),
                                                        .prepared_bytes = float_prepared_bytes,
                                                        .matrix_new = float_matrix_new,
                                                        .multiply = float_multiply,
                                                        .depthwise_new = depthwise_new,
                                                        .depthwise = float_depthwise};

/* The same in low precision. */
struct low_precision_matrix {
    struct packed_low_precision packed;
    size_t inputs;
    size_t range_at; /* in a prepared row; 0: the rows are activations */
    bool relu6;
};

static void low_pack_rows(void *packed, size_t first, size_t count, const float *rows) {
    struct low_precision_matrix *matrix = packed;
    packed_low_precision_rows(&matrix->packed, first, count, matrix->inputs, rows);
}

static struct low_precision_matrix *low_matrix_new(enum precision precision,
                                                   enum inference_role role,
                                                   const struct encoder_layer *layer,
                                                   struct arena *arena, caption_error *error) {
    const bool to_activations = role == INFERENCE_STEM || role == INFERENCE_EXPAND;
    struct low_precision_matrix *matrix = arena_take(arena, 1, sizeof *matrix, "weights", error);
    if (!matrix) return NULL;
    *matrix = (struct low_precision_matrix){.inputs = weights_inputs(role, layer),
                                            .relu6 = layer->shape.relu6};
    if (precision != PRECISION_BF16 && role != INFERENCE_PROJECT)
        matrix->range_at = low_precision_range_at(precision, inference_padded(matrix->inputs));
    const size_t outputs = inference_padded(layer->shape.out_channels);
    if (!packed_low_precision_init(&matrix->packed, precision, to_activations, outputs,
                                   matrix->inputs, arena, error))
        return NULL;
    matrix->packed.used = layer->shape.out_channels;
    return matrix;
}

static bool low_pack(struct low_precision_matrix *matrix, enum inference_role role,
                     const struct encoder_layer *layer, const struct weights *weights,
                     caption_error *error) {
    return weights_read(weights, layer->bias, matrix->packed.bias, error) &&
           weights_pack(role, layer, weights, low_pack_rows, matrix, error);
}

/* The differences between the roles are in the matrix. */
static void low_multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                         const struct inference_product *product) {
    (void)role;
    const struct low_precision_matrix *m = matrix;
    packed_low_precision_multiply(
        &m->packed, panel, panels, product->rows,
        &(struct packed_low_precision_product){.input = product->input,
                                               .input_stride = product->input_stride,
                                               .range_at = m->range_at,
                                               .range_rows = product->prepared,
                                               .residual = product->residual,
                                               .relu6 = m->relu6,
                                               .output = product->output,
                                               .output_stride = product->output_stride,
                                               .line = product->line,
                                               .line_stride = product->line_stride});
}

/* Adds the weights of 16 bits. */
static void *low_depthwise_new(enum precision precision, const struct encoder_layer *layer,
                               const struct weights *weights, struct arena *arena,
                               caption_error *error) {
    struct inference_depthwise *depthwise = depthwise_new(layer, weights, arena, error);
    if (!depthwise) return NULL;
    const bool bytes = precision == PRECISION_INT8;
    const size_t channels = depthwise->channels;
    const size_t taps = depthwise->shape.kernel * depthwise->shape.kernel;
    struct depthwise_wide *wide = &depthwise->wide;
    wide->most =
        arena_take(arena, (bytes ? 4 : 2) + taps, channels * sizeof(int16_t), "weights", error);
    if (!wide->most) return NULL;
    wide->bias = wide->most + channels;
    wide->weight = wide->bias + channels;
    depthwise->multiple = bytes ? wide->weight + taps * channels : NULL;
    depthwise->factor = bytes ? depthwise->multiple + channels : NULL;
    if (arena->is_filled) return depthwise;
    depthwise_widen(taps, channels, depthwise->weight, depthwise->bias, wide);
    for (size_t c = 0; bytes && c < channels; c++)
        depthwise_to_bytes(wide->most[c], &depthwise->multiple[c], &depthwise->factor[c]);
    return depthwise;
}

static void low_depthwise(enum precision precision, const void *weights, size_t panel,
                          size_t panels, const struct inference_strip *strip) {
    static const enum depthwise_numbers numbers[] = {[PRECISION_BF16] = DEPTHWISE_BF16,
                                                     [PRECISION_INT16] = DEPTHWISE_WIDE,
                                                     [PRECISION_INT8] = DEPTHWISE_BYTES};
    convolve(numbers[precision], weights, panel, panels, strip);
}

/* A table and its functions that depend on the precision: `number` is the type of a convolved
 * number, `blocks` of the first stay in float. */
#define PRECISION_KERNELS(name, precision, number, blocks)                                         \
    static size_t name##_prepared_bytes(size_t channels) {                                         \
        return low_precision_row_bytes(precision, channels);                                       \
    }                                                                                              \
    static void name##_prepare(const float *line, size_t pixels, size_t channels,                  \
                               void *prepared) {                                                   \
        low_precision_line(precision, line, pixels, channels, prepared);                           \
    }                                                                                              \
    static void *name##_matrix_new(enum inference_role role, const struct encoder_layer *layer,    \
                                   const void *depthwise, const struct weights *weights,           \
                                   struct arena *arena, caption_error *error) {                    \
        struct low_precision_matrix *matrix =                                                      \
            low_matrix_new(precision, role, layer, arena, error);                                  \
        if (!matrix) return NULL;                                                                  \
        const struct inference_depthwise *before = depthwise;                                      \
        matrix->packed.columns = before && !before->factor ? before->wide.most : NULL;             \
        if (arena->is_filled) return matrix;                                                       \
        return low_pack(matrix, role, layer, weights, error) ? matrix : NULL;                      \
    }                                                                                              \
    static void *name##_depthwise_new(const struct encoder_layer *layer,                           \
                                      const struct weights *weights, struct arena *arena,          \
                                      caption_error *error) {                                      \
        return low_depthwise_new(precision, layer, weights, arena, error);                         \
    }                                                                                              \
    static void name##_depthwise(const void *taps, size_t panel, size_t panels,                    \
                                 const struct inference_strip *strip) {                            \
        low_depthwise(precision, taps, panel, panels, strip);                                      \
    }                                                                                              \
    const struct inference_kernels inference_kernels_##name = {                                    \
        .expanded_bytes = sizeof(uint16_t),                                                        \
        .convolved_bytes = sizeof(number),                                                         \
        .float_blocks = (blocks),                                                                  \
        .prepared_bytes = name##_prepared_bytes,                                                   \
        .prepare = name##_prepare,                                                                 \
        .matrix_new = name##_matrix_new,                                                           \
        .multiply = low_multiply,                                                                  \
        .depthwise_new = name##_depthwise_new,                                                     \
        .depthwise = name##_depthwise};

/* Rounding errors of the first block affect all later ones (see src/SPEED.md). */
PRECISION_KERNELS(bf16, PRECISION_BF16, uint16_t, 1)
PRECISION_KERNELS(int16, PRECISION_INT16, uint16_t, 0)
PRECISION_KERNELS(int8, PRECISION_INT8, uint8_t, 0)
