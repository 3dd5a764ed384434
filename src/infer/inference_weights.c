#include "infer/inference_kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

size_t inference_weights_inputs(enum inference_role role, const struct encoder_layer *layer) {
    return inference_is_stem(role) ? INFERENCE_PATCH : layer->shape.in_channels;
}

bool inference_weights_pack(enum inference_role role, const struct encoder_layer *layer,
                            const struct weights *weights,
                            void (*pack)(void *packed, size_t first, size_t count,
                                         const float *rows),
                            void *packed, caption_error *error) {
    const size_t outputs = layer->shape.out_channels;
    const size_t inputs = inference_weights_inputs(role, layer);
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

void *inference_depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                              struct arena *arena, caption_error *error) {
    const size_t taps = layer->shape.kernel * layer->shape.kernel;
    struct inference_depthwise *depthwise =
        arena_take(arena, 1, sizeof *depthwise, "weights", error);
    if (!depthwise) return NULL;
    depthwise->shape = layer->shape;
    depthwise->channels = inference_padded(layer->shape.out_channels);
    depthwise->bias =
        arena_take(arena, 1 + taps, depthwise->channels * sizeof(float), "weights", error);
    if (!depthwise->bias) return NULL;
    depthwise->weight = depthwise->bias + depthwise->channels;
    const bool ok = weights_read(weights, layer->bias, depthwise->bias, error) &&
                    read_taps(depthwise, layer, weights, error);
    return ok ? depthwise : NULL;
}
