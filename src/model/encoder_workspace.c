/* Memory plan of the encoder's activations and gradients. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/encoder_parts.h"
#include "nn/blas.h"
#include "nn/depthwise.h"
#include "nn/stem.h"

/* Shared buffers: a layer writes to one that holds neither its input nor the start of its residual
 * block. */
enum { TURNS = 3, NONE = TURNS };

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

/* Chooses the buffer for the gradient of each layer's output. The gradient of a residual block's
 * output stays until the block's first layer adds its share, which makes it the gradient of the
 * block's input. */
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

bool encoder_recomputes(const struct encoder *encoder, enum encoder_use use, size_t i) {
    return use == ENCODER_RECOMPUTATION && !encoder->batch_norm && i > 0 &&
           i + 1 < encoder->layer_count && encoder->layers[i].kind == ENCODER_POINTWISE &&
           encoder->layers[i + 1].kind == ENCODER_DEPTHWISE && encoder->layers[i].shape.relu6;
}

/* A separate place for every saved output, and one for all recomputed outputs. */
static bool place_kept(const struct encoder *encoder, size_t photos, enum encoder_use use,
                       size_t *offsets, size_t *numbers) {
    size_t shared = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        size_t size;
        if (!output_numbers(&encoder->layers[i], photos, &size)) return false;
        if (encoder_recomputes(encoder, use, i)) {
            if (size > shared) shared = size;
            continue;
        }
        offsets[i] = *numbers;
        if (!size_add(*numbers, size, numbers)) return false;
    }
    for (size_t i = 0; i < encoder->layer_count; i++) {
        if (encoder_recomputes(encoder, use, i)) offsets[i] = *numbers;
    }
    return size_add(*numbers, shared, numbers);
}

/* Assigns a shared buffer in the block to every layer, and grows *numbers by their size. */
static bool place_turns(const struct encoder *encoder, size_t photos, const size_t *turns,
                        size_t *offsets, size_t *numbers) {
    size_t sizes[TURNS] = {0}, starts[TURNS];
    for (size_t i = 0; i < encoder->layer_count; i++) {
        size_t size;
        if (!output_numbers(&encoder->layers[i], photos, &size)) return false;
        if (size > sizes[turns[i]]) sizes[turns[i]] = size;
    }
    for (size_t t = 0; t < TURNS; t++) {
        starts[t] = *numbers;
        if (!size_add(*numbers, sizes[t], numbers)) return false;
    }
    for (size_t i = 0; i < encoder->layer_count; i++) offsets[i] = starts[turns[i]];
    return true;
}

/* The direct convolutions' scratch: the most that any of them needs. */
static size_t scratch_numbers(const struct encoder *encoder) {
    size_t numbers = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        size_t needed = 0;
        if (layer->kind == ENCODER_STEM) needed = stem_scratch(&layer->shape);
        if (layer->kind == ENCODER_DEPTHWISE) needed = depthwise_scratch(&layer->shape);
        if (needed > numbers) numbers = needed;
    }
    return numbers;
}

/* Stochastic depth: a scale for each layer and photo, then the largest gradient that is scaled. */
static bool depth_numbers(const struct encoder *encoder, size_t photos, size_t *scales,
                          size_t *numbers) {
    size_t largest = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        size_t size;
        if (!encoder->layers[i].closes_residual) continue;
        if (!output_numbers(&encoder->layers[i], photos, &size)) return false;
        largest = size_larger(largest, size);
    }
    return size_multiply(encoder->layer_count, photos, scales) &&
           size_add(*scales, largest, numbers);
}

static size_t most_channels(const struct encoder *encoder) {
    size_t most = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const size_t channels = encoder->layers[i].shape.out_channels;
        if (channels > most) most = channels;
    }
    return most;
}

/* What batch norm needs besides its inputs: two biases, and two statistics a layer. The bounds of
 * an architecture keep it far from overflow. */
static size_t norm_numbers(const struct encoder *encoder) {
    if (!encoder->batch_norm) return 0;
    size_t numbers = 2 * most_channels(encoder);
    for (size_t i = 0; i < encoder->layer_count; i++) {
        numbers += 2 * encoder->layers[i].shape.out_channels;
    }
    return numbers;
}

/* Cuts norm_numbers() numbers at `block`. */
static void cut_norm(const struct encoder *encoder, real *block,
                     struct encoder_norm_workspace *norm) {
    const size_t most = most_channels(encoder);
    norm->no_bias = block;
    norm->unused_d_bias = block + most;
    memset(block, 0, 2 * most * sizeof(real));
    block += 2 * most;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const size_t channels = encoder->layers[i].shape.out_channels;
        norm->means[i] = block;
        norm->variances[i] = block + channels;
        block += 2 * channels;
    }
}

/* Plans the block and allocates it. turns [layer_count] and offsets [3 * layer_count] are scratch.
 */
static bool plan(const struct encoder *encoder, struct encoder_workspace *workspace, size_t *turns,
                 size_t *offsets, caption_error *error) {
    const size_t layers = encoder->layer_count, photos = workspace->photos;
    size_t numbers = 0;
    plan_gradients(encoder, turns);
    bool fits = place_kept(encoder, photos, workspace->use, offsets, &numbers) &&
                place_turns(encoder, photos, turns, offsets + layers, &numbers) &&
                (!encoder->batch_norm ||
                 place_kept(encoder, photos, workspace->use, offsets + 2 * layers, &numbers));
    const size_t norm = numbers;
    fits = fits && size_add(numbers, norm_numbers(encoder), &numbers);
    size_t scales = 0, depth = 0;
    fits = fits && depth_numbers(encoder, photos, &scales, &depth);
    const size_t scales_begin = numbers;
    fits = fits && size_add(numbers, depth, &numbers);
    const size_t scratch = numbers;
    if (!fits || !size_add(numbers, scratch_numbers(encoder), &numbers)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "encoder: a micro-batch of %zu is too large",
                         photos);
    }
    workspace->block = memory_uninitialised(numbers, sizeof(real), "encoder activations", error);
    if (!workspace->block) return false;
    workspace->bytes = numbers * sizeof(real);
    workspace->depth.scales = workspace->block + scales_begin;
    workspace->depth.d_branch = workspace->depth.scales + scales;
    workspace->scratch = workspace->block + scratch;
    for (size_t i = 0; i < layers; i++) {
        workspace->outputs[i] = workspace->block + offsets[i];
        workspace->gradients[i] = workspace->block + offsets[layers + i];
        if (!encoder->batch_norm) continue;
        workspace->norm.inputs[i] = workspace->block + offsets[2 * layers + i];
    }
    if (encoder->batch_norm) cut_norm(encoder, workspace->block + norm, &workspace->norm);
    return true;
}

struct encoder_workspace *encoder_workspace_new(const struct encoder *encoder, size_t photos,
                                                enum encoder_use use, caption_error *error) {
    if (!blas_load(error)) return NULL;
    const size_t layers = encoder->layer_count;
    struct encoder_workspace *workspace =
        memory_zeroed(1, sizeof *workspace, "encoder workspace", error);
    if (!workspace) return NULL;
    workspace->photos = photos;
    workspace->use = use;
    workspace->outputs = memory_zeroed(layers, sizeof(real *), "encoder workspace", error);
    workspace->gradients = memory_zeroed(layers, sizeof(real *), "encoder workspace", error);
    workspace->norm.inputs = memory_zeroed(layers, 3 * sizeof(real *), "encoder workspace", error);
    size_t *turns = memory_zeroed(layers, 4 * sizeof *turns, "encoder workspace", error);
    bool planned = workspace->outputs && workspace->gradients && workspace->norm.inputs && turns;
    if (planned) {
        workspace->norm.means = workspace->norm.inputs + layers;
        workspace->norm.variances = workspace->norm.inputs + 2 * layers;
        planned = plan(encoder, workspace, turns, turns + layers, error);
    }
    free(turns);
    if (planned) return workspace;
    encoder_workspace_free(workspace);
    return NULL;
}

void encoder_workspace_free(struct encoder_workspace *workspace) {
    if (!workspace) return;
    free(workspace->outputs);
    free(workspace->gradients);
    free(workspace->norm.inputs);
    free(workspace->block);
    free(workspace);
}

size_t encoder_workspace_bytes(const struct encoder_workspace *workspace) {
    return workspace->bytes;
}
