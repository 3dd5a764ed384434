/* A layer's weights in the order in which inference packs them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/inference_kernels.h"

/* Rows that are read together. */
enum { ROWS = 16 };

size_t inference_matrix_inputs(enum inference_role role, const struct encoder_layer *layer) {
    return inference_is_stem(role) ? INFERENCE_PATCH : layer->shape.in_channels;
}

/* The stem's weights lie as its taps, (27, out), of which a matrix has the columns as rows. */
static bool read_stem(const struct encoder_layer *layer, const struct weights *weights,
                      inference_take_row *take, void *context, caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    float *lying = memory_uninitialised(INFERENCE_PATCH, outputs * sizeof(float), "weights", error);
    if (!lying) return false;
    const bool read = weights_read(weights, layer->weight, lying, error);
    for (size_t row = 0; read && row < outputs; row++) {
        float taps[INFERENCE_PATCH];
        for (size_t i = 0; i < INFERENCE_PATCH; i++) taps[i] = lying[i * outputs + row];
        take(context, row, taps);
    }
    free(lying);
    return read;
}

/* A few rows at a time, so that there is no second copy of the weights. */
static bool read_pointwise(const struct encoder_layer *layer, const struct weights *weights,
                           inference_take_row *take, void *context, caption_error *error) {
    const size_t outputs = layer->shape.out_channels, inputs = layer->shape.in_channels;
    float *rows = memory_uninitialised(ROWS, inputs * sizeof(float), "weights", error);
    if (!rows) return false;
    bool read = true;
    for (size_t first = 0; read && first < outputs; first += ROWS) {
        const size_t rest = outputs - first, count = rest < ROWS ? rest : ROWS;
        read = weights_read_rows(weights, layer->weight, first, count, rows, error);
        for (size_t i = 0; read && i < count; i++) take(context, first + i, rows + i * inputs);
    }
    free(rows);
    return read;
}

bool inference_read_matrix(enum inference_role role, const struct encoder_layer *layer,
                           const struct weights *weights, inference_take_row *take, void *context,
                           caption_error *error) {
    return (inference_is_stem(role) ? read_stem : read_pointwise)(layer, weights, take, context,
                                                                  error);
}

static bool read_taps(const struct inference_taps *taps, const struct encoder_layer *layer,
                      const struct weights *weights, caption_error *error) {
    const size_t channels = layer->shape.out_channels;
    const size_t count = layer->shape.kernel * layer->shape.kernel;
    float *lying = memory_uninitialised(count, channels * sizeof(float), "weights", error);
    if (!lying) return false;
    const bool read = weights_read(weights, layer->weight, lying, error);
    for (size_t i = 0; read && i < count; i++) {
        memcpy(taps->weight + i * taps->channels, lying + i * channels, channels * sizeof(float));
    }
    free(lying);
    return read;
}

bool inference_taps_init(struct inference_taps *taps, const struct encoder_layer *layer,
                         const struct weights *weights, caption_error *error) {
    const size_t count = layer->shape.kernel * layer->shape.kernel;
    *taps = (struct inference_taps){.channels = inference_padded(layer->shape.out_channels)};
    taps->bias = memory_zeroed(1 + count, taps->channels * sizeof(float), "weights", error);
    if (!taps->bias) return false;
    taps->weight = taps->bias + taps->channels;
    if (weights_read(weights, layer->bias, taps->bias, error) &&
        read_taps(taps, layer, weights, error)) {
        return true;
    }
    inference_taps_free(taps);
    return false;
}

void inference_taps_free(struct inference_taps *taps) {
    free(taps->bias);
    *taps = (struct inference_taps){0};
}
