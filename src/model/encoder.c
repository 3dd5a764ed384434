#include "model/encoder.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "nn/depthwise.h"
#include "nn/pointwise.h"
#include "nn/pooling.h"
#include "nn/stem.h"

void encoder_randomise(const struct encoder *encoder, struct parameters *parameters,
                       struct random *random) {
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        const struct parameter *weight = &parameters->tensors[layer->weight];
        const size_t inputs = weight->count / layer->shape.out_channels;
        const bool rectified = i > 0 && encoder->layers[i - 1].shape.relu6;
        const double deviation = sqrt((rectified ? 2.0 : 1.0) / (double)inputs);
        real *values = parameters_at(parameters, parameters->values, layer->weight);
        for (size_t j = 0; j < weight->count; j++) {
            values[j] = (real)(deviation * (double)random_normal(random));
        }
        real *bias = parameters_at(parameters, parameters->values, layer->bias);
        memset(bias, 0, layer->shape.out_channels * sizeof(real));
    }
}

/* Buffers that take turns: a layer writes to one that holds neither its input nor the start of the
 * residual it lies within. */
enum { TURNS = 3, NONE = TURNS };

struct encoder_workspace {
    size_t photos;
    bool training;
    real **outputs;     /* [layer_count]: where each layer's output lies */
    real **gradients;   /* [layer_count]: where its gradient lies, in training */
    real *block;        /* what these point into */
    real *scratch;      /* of the direct convolutions */
    const real *images; /* of the last forward */
    size_t count;       /* of the last forward */
};

/* Numbers in a layer's output for one micro-batch, rounded up to whole cache lines. */
static bool output_numbers(const struct encoder_layer *layer, size_t photos, size_t *numbers) {
    const size_t pixels = layer->shape.out_size * layer->shape.out_size;
    if (!size_multiply(pixels * layer->shape.out_channels, photos, numbers)) return false;
    if (!size_add(*numbers, 15, numbers)) return false;
    *numbers -= *numbers % 16;
    return true;
}

static size_t free_turn(size_t busy, size_t held) {
    size_t turn = 0;
    while (turn == busy || turn == held) turn++;
    return turn;
}

/* Which of the buffers each layer's output takes in inference. */
static void plan_outputs(const struct encoder *encoder, size_t *turns) {
    size_t last = NONE, held = NONE;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        if (encoder->layers[i].opens_residual) held = last;
        turns[i] = free_turn(last, held);
        if (encoder->layers[i].closes_residual) held = NONE;
        last = turns[i];
    }
}

/* Which of the buffers the gradient of each layer's output takes. That of a residual block's output
 * is held until the block's first layer adds its own share and makes it that of the block's input.
 */
static void plan_gradients(const struct encoder *encoder, size_t *turns) {
    size_t turn = 0, held = NONE;
    for (size_t i = encoder->layer_count; i-- > 0;) {
        turns[i] = turn;
        if (encoder->layers[i].closes_residual) held = turn;
        if (encoder->layers[i].opens_residual) {
            turn = held;
            held = NONE;
        } else {
            turn = free_turn(turn, held);
        }
    }
}

/* Gives every layer a place in the block, and grows *numbers by what they need: places of their
 * own, or a turn of shared buffers. */
static bool place(const struct encoder *encoder, size_t photos, const size_t *turns,
                  size_t *offsets, size_t *numbers) {
    size_t sizes[TURNS] = {0}, starts[TURNS];
    for (size_t i = 0; i < encoder->layer_count; i++) {
        size_t size;
        if (!output_numbers(&encoder->layers[i], photos, &size)) return false;
        if (!turns) {
            offsets[i] = *numbers;
            if (!size_add(*numbers, size, numbers)) return false;
        } else if (size > sizes[turns[i]]) {
            sizes[turns[i]] = size;
        }
    }
    if (!turns) return true;
    for (size_t t = 0; t < TURNS; t++) {
        starts[t] = *numbers;
        if (!size_add(*numbers, sizes[t], numbers)) return false;
    }
    for (size_t i = 0; i < encoder->layer_count; i++) offsets[i] = starts[turns[i]];
    return true;
}

/* The direct convolutions' scratch: the most that any of them needs. */
static size_t scratch_numbers(const struct encoder *encoder, bool training) {
    size_t numbers = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        size_t needed = 0;
        if (layer->kind == ENCODER_STEM) needed = stem_scratch(&layer->shape);
        if (layer->kind == ENCODER_DEPTHWISE) needed = depthwise_scratch(&layer->shape, training);
        if (needed > numbers) numbers = needed;
    }
    return numbers;
}

/* Plans the block and allocates it. turns [layer_count] and offsets [2 * layer_count] are scratch.
 */
static bool plan(const struct encoder *encoder, struct encoder_workspace *workspace, size_t *turns,
                 size_t *offsets, caption_error *error) {
    const size_t layers = encoder->layer_count, photos = workspace->photos;
    size_t numbers = 0;
    bool fits;
    if (workspace->training) {
        plan_gradients(encoder, turns);
        fits = place(encoder, photos, NULL, offsets, &numbers) &&
               place(encoder, photos, turns, offsets + layers, &numbers);
    } else {
        plan_outputs(encoder, turns);
        fits = place(encoder, photos, turns, offsets, &numbers);
    }
    const size_t scratch = numbers;
    if (!fits || !size_add(numbers, scratch_numbers(encoder, workspace->training), &numbers)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "encoder: a micro-batch of %zu is too large",
                         photos);
    }
    workspace->block = memory_uninitialised(numbers, sizeof(real), "encoder activations", error);
    if (!workspace->block) return false;
    workspace->scratch = workspace->block + scratch;
    for (size_t i = 0; i < layers; i++) {
        workspace->outputs[i] = workspace->block + offsets[i];
        if (workspace->training) workspace->gradients[i] = workspace->block + offsets[layers + i];
    }
    return true;
}

struct encoder_workspace *encoder_workspace_new(const struct encoder *encoder, size_t photos,
                                                bool training, caption_error *error) {
    const size_t layers = encoder->layer_count;
    struct encoder_workspace *workspace =
        memory_zeroed(1, sizeof *workspace, "encoder workspace", error);
    if (!workspace) return NULL;
    workspace->photos = photos;
    workspace->training = training;
    workspace->outputs = memory_zeroed(layers, sizeof(real *), "encoder workspace", error);
    workspace->gradients = memory_zeroed(layers, sizeof(real *), "encoder workspace", error);
    size_t *turns = memory_zeroed(layers, 3 * sizeof *turns, "encoder workspace", error);
    const bool planned = workspace->outputs && workspace->gradients && turns &&
                         plan(encoder, workspace, turns, turns + layers, error);
    free(turns);
    if (planned) return workspace;
    encoder_workspace_free(workspace);
    return NULL;
}

void encoder_workspace_free(struct encoder_workspace *workspace) {
    if (!workspace) return;
    free(workspace->outputs);
    free(workspace->gradients);
    free(workspace->block);
    free(workspace);
}

static size_t output_pixels(const struct encoder_layer *layer) {
    return layer->shape.out_size * layer->shape.out_size;
}

void encoder_forward(const struct encoder *encoder, const struct parameters *parameters,
                     const real *values, const real *images, size_t count,
                     struct encoder_workspace *workspace, real *features) {
    const real *input = images, *residual = NULL;
    workspace->images = images;
    workspace->count = count;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        const real *weight = parameters_at_const(parameters, values, layer->weight);
        const real *bias = parameters_at_const(parameters, values, layer->bias);
        real *output = workspace->outputs[i];
        if (layer->opens_residual) residual = input;
        switch (layer->kind) {
        case ENCODER_STEM:
            stem_forward(&layer->shape, count, input, weight, bias, output, workspace->scratch);
            break;
        case ENCODER_DEPTHWISE:
            depthwise_forward(&layer->shape, count, input, weight, bias, output,
                              workspace->scratch);
            break;
        case ENCODER_POINTWISE:
            pointwise_forward(&layer->shape, count * output_pixels(layer), input, weight, bias,
                              layer->closes_residual ? residual : NULL, output);
            break;
        }
        input = output;
    }
    pooling_forward(count, output_pixels(&encoder->layers[encoder->layer_count - 1]),
                    encoder->features, input, features);
}

/* Layer i > 0: the gradient of its output becomes that of its input. */
static void backward_layer(const struct encoder *encoder, const struct parameters *parameters,
                           const real *values, size_t i, struct encoder_workspace *workspace,
                           real *gradients) {
    const struct encoder_layer *layer = &encoder->layers[i];
    const real *weight = parameters_at_const(parameters, values, layer->weight);
    real *d_weight = parameters_at(parameters, gradients, layer->weight);
    real *d_bias = parameters_at(parameters, gradients, layer->bias);
    const real *input = workspace->outputs[i - 1], *output = workspace->outputs[i];
    real *d_output = workspace->gradients[i], *d_input = workspace->gradients[i - 1];
    if (layer->kind == ENCODER_DEPTHWISE) {
        depthwise_backward(&layer->shape, workspace->count, input, weight, output, d_output,
                           d_input, layer->opens_residual, d_weight, d_bias, workspace->scratch);
    } else {
        pointwise_backward(&layer->shape, workspace->count * output_pixels(layer), input, weight,
                           output, d_output, d_input, layer->opens_residual, d_weight, d_bias);
    }
}

void encoder_backward(const struct encoder *encoder, const struct parameters *parameters,
                      const real *values, const real *d_features,
                      struct encoder_workspace *workspace, real *gradients) {
    const size_t last = encoder->layer_count - 1;
    pooling_backward(workspace->count, output_pixels(&encoder->layers[last]), encoder->features,
                     d_features, workspace->gradients[last]);
    for (size_t i = last; i > 0; i--) {
        backward_layer(encoder, parameters, values, i, workspace, gradients);
    }
    const struct encoder_layer *stem = &encoder->layers[0];
    stem_backward(&stem->shape, workspace->count, workspace->images, workspace->outputs[0],
                  workspace->gradients[0], parameters_at(parameters, gradients, stem->weight),
                  parameters_at(parameters, gradients, stem->bias), workspace->scratch);
}
