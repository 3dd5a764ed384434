#include "model/encoder.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/encoder_parts.h"
#include "nn/depthwise.h"
#include "nn/pointwise.h"
#include "nn/pooling.h"
#include "nn/stem.h"

static void fill(const struct parameters *parameters, size_t index, real value) {
    real *values = parameters_at(parameters, parameters->values, index);
    for (size_t i = 0; i < parameters->tensors[index].count; i++) values[i] = value;
}

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
        if (!encoder->batch_norm) {
            fill(parameters, layer->bias, 0);
            continue;
        }
        fill(parameters, layer->norm.scale, 1);
        fill(parameters, layer->norm.shift, 0);
        fill(parameters, layer->norm.mean, 0);
        fill(parameters, layer->norm.variance, 1);
    }
}

/* Buffers that take turns: a layer writes to one that holds neither its input nor the start of the
 * residual it lies within. */
enum { TURNS = 3, NONE = TURNS };

/* What batch norm needs besides. */
struct norm_space {
    real **inputs;                 /* [layer_count], in training: what each convolution gave, until
                                      backward puts its gradient there; owned, with the two below */
    real **means, **variances;     /* [layer_count], in training: of these inputs */
    real *no_bias, *unused_d_bias; /* of the convolutions, which have none */
};

struct encoder_workspace {
    size_t photos;
    bool training;
    real **outputs;   /* [layer_count]: where each layer's output lies */
    real **gradients; /* [layer_count]: where its gradient lies, in training */
    real *block;      /* what these point into */
    real *scratch;    /* of the direct convolutions */
    struct norm_space norm;
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

static size_t most_channels(const struct encoder *encoder) {
    size_t most = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const size_t channels = encoder->layers[i].shape.out_channels;
        if (channels > most) most = channels;
    }
    return most;
}

/* What batch norm needs besides its inputs: two biases, and in training two statistics a layer. The
 * bounds of an architecture keep it far from overflow. */
static size_t norm_numbers(const struct encoder *encoder, bool training) {
    if (!encoder->batch_norm) return 0;
    size_t numbers = 2 * most_channels(encoder);
    for (size_t i = 0; training && i < encoder->layer_count; i++) {
        numbers += 2 * encoder->layers[i].shape.out_channels;
    }
    return numbers;
}

/* Cuts norm_numbers() numbers at `block`. */
static void cut_norm(const struct encoder *encoder, bool training, real *block,
                     struct norm_space *norm) {
    const size_t most = most_channels(encoder);
    norm->no_bias = block;
    norm->unused_d_bias = block + most;
    memset(block, 0, 2 * most * sizeof(real));
    block += 2 * most;
    for (size_t i = 0; training && i < encoder->layer_count; i++) {
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
    bool fits;
    if (workspace->training) {
        plan_gradients(encoder, turns);
        fits =
            place(encoder, photos, NULL, offsets, &numbers) &&
            place(encoder, photos, turns, offsets + layers, &numbers) &&
            (!encoder->batch_norm || place(encoder, photos, NULL, offsets + 2 * layers, &numbers));
    } else {
        plan_outputs(encoder, turns);
        fits = place(encoder, photos, turns, offsets, &numbers);
    }
    const size_t norm = numbers;
    fits = fits && size_add(numbers, norm_numbers(encoder, workspace->training), &numbers);
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
        if (!workspace->training) continue;
        workspace->gradients[i] = workspace->block + offsets[layers + i];
        if (!encoder->batch_norm) continue;
        workspace->norm.inputs[i] = workspace->block + offsets[2 * layers + i];
    }
    if (encoder->batch_norm) {
        cut_norm(encoder, workspace->training, workspace->block + norm, &workspace->norm);
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

static size_t output_pixels(const struct encoder_layer *layer) {
    return layer->shape.out_size * layer->shape.out_size;
}

/* The layer's convolution, by the kind of it; `shape` is the layer's, or that without ReLU6. */
static void convolve(const struct encoder_layer *layer, const struct convolution *shape,
                     size_t count, const real *input, const real *weight, const real *bias,
                     const real *residual, real *output, real *scratch) {
    switch (layer->kind) {
    case ENCODER_STEM:
        stem_forward(shape, count, input, weight, bias, output, scratch);
        break;
    case ENCODER_DEPTHWISE:
        depthwise_forward(shape, count, input, weight, bias, output, scratch);
        break;
    case ENCODER_POINTWISE:
        pointwise_forward(shape, count * output_pixels(layer), input, weight, bias, residual,
                          output);
        break;
    }
}

/* The convolution as batch norm has it: neither bias nor ReLU6. */
static struct convolution bare_shape(const struct encoder_layer *layer) {
    struct convolution shape = layer->shape;
    shape.relu6 = false;
    return shape;
}

/* A layer's batch norm with the statistics of the photos that are being learned from. */
static struct batch_norm batch_statistics_norm(const struct encoder_layer *layer,
                                               const struct parameters *parameters,
                                               const real *values, const struct norm_space *space,
                                               size_t i) {
    struct batch_norm norm = encoder_running_norm(layer, parameters, values);
    norm.mean = space->means[i];
    norm.variance = space->variances[i];
    return norm;
}

static void forward_normalised(const struct encoder_layer *layer,
                               const struct parameters *parameters, const real *values, size_t i,
                               const real *input, const real *residual,
                               struct encoder_workspace *workspace) {
    const size_t pixels = workspace->count * output_pixels(layer);
    const struct convolution shape = bare_shape(layer);
    const real *weight = parameters_at_const(parameters, values, layer->weight);
    real *output = workspace->outputs[i];
    real *convolved = workspace->training ? workspace->norm.inputs[i] : output;
    convolve(layer, &shape, workspace->count, input, weight, workspace->norm.no_bias, NULL,
             convolved, workspace->scratch);
    if (!workspace->training) {
        const struct batch_norm norm = encoder_running_norm(layer, parameters, values);
        batch_norm_forward(&norm, pixels, convolved, residual, output);
        return;
    }
    batch_norm_statistics(pixels, shape.out_channels, convolved, workspace->norm.means[i],
                          workspace->norm.variances[i]);
    const struct batch_norm norm =
        batch_statistics_norm(layer, parameters, values, &workspace->norm, i);
    batch_norm_forward(&norm, pixels, convolved, residual, output);
}

void encoder_forward(const struct encoder *encoder, const struct parameters *parameters,
                     const real *values, const real *images, size_t count,
                     struct encoder_workspace *workspace, real *features) {
    const real *input = images, *residual = NULL;
    workspace->images = images;
    workspace->count = count;
    if (count == 0) return; /* no photos have no statistics */
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        if (layer->opens_residual) residual = input;
        const real *added = layer->closes_residual ? residual : NULL;
        if (encoder->batch_norm) {
            forward_normalised(layer, parameters, values, i, input, added, workspace);
        } else {
            convolve(layer, &layer->shape, count, input,
                     parameters_at_const(parameters, values, layer->weight),
                     parameters_at_const(parameters, values, layer->bias), added,
                     workspace->outputs[i], workspace->scratch);
        }
        input = workspace->outputs[i];
    }
    pooling_forward(count, output_pixels(&encoder->layers[encoder->layer_count - 1]),
                    encoder->features, input, features);
}

/* Adds what the running statistics are to be the average of: as for every estimate of a variance
 * from a sample, one less than its size is divided by. */
static void add_statistics(const struct batch_norm *norm, size_t count, size_t pixels, real *mean,
                           real *variance) {
    const real unbiased = pixels > 1 ? (real)pixels / (real)(pixels - 1) : 1;
    for (size_t c = 0; c < norm->channels; c++) {
        mean[c] += (real)count * norm->mean[c];
        variance[c] += (real)count * unbiased * norm->variance[c];
    }
}

/* The gradient of the layer's output becomes that of its convolution, which is returned. */
static real *backward_norm(const struct encoder_layer *layer, const struct parameters *parameters,
                           const real *values, size_t i, struct encoder_workspace *workspace,
                           real *gradients) {
    const size_t pixels = workspace->count * output_pixels(layer);
    const struct batch_norm norm =
        batch_statistics_norm(layer, parameters, values, &workspace->norm, i);
    real *convolved = workspace->norm.inputs[i];
    batch_norm_backward(&norm, pixels, convolved, workspace->outputs[i], workspace->gradients[i],
                        convolved, parameters_at(parameters, gradients, layer->norm.scale),
                        parameters_at(parameters, gradients, layer->norm.shift));
    add_statistics(&norm, workspace->count, pixels,
                   parameters_at(parameters, gradients, layer->norm.mean),
                   parameters_at(parameters, gradients, layer->norm.variance));
    return convolved;
}

/* The gradient of layer i's output becomes that of its input; the photos, which are the stem's,
 * take none. */
static void backward_layer(const struct encoder *encoder, const struct parameters *parameters,
                           const real *values, size_t i, struct encoder_workspace *workspace,
                           real *gradients) {
    const struct encoder_layer *layer = &encoder->layers[i];
    const real *weight = parameters_at_const(parameters, values, layer->weight);
    real *d_weight = parameters_at(parameters, gradients, layer->weight);
    const real *output = workspace->outputs[i];
    struct convolution shape = layer->shape;
    real *d_output, *d_bias;
    if (encoder->batch_norm) {
        d_output = backward_norm(layer, parameters, values, i, workspace, gradients);
        d_bias = workspace->norm.unused_d_bias;
        shape = bare_shape(layer);
    } else {
        d_output = workspace->gradients[i];
        d_bias = parameters_at(parameters, gradients, layer->bias);
    }
    switch (layer->kind) {
    case ENCODER_STEM:
        stem_backward(&shape, workspace->count, workspace->images, output, d_output, d_weight,
                      d_bias, workspace->scratch);
        break;
    case ENCODER_DEPTHWISE:
        depthwise_backward(&shape, workspace->count, workspace->outputs[i - 1], weight, output,
                           d_output, workspace->gradients[i - 1], layer->opens_residual, d_weight,
                           d_bias, workspace->scratch);
        break;
    case ENCODER_POINTWISE:
        pointwise_backward(&shape, workspace->count * output_pixels(layer),
                           workspace->outputs[i - 1], weight, output, d_output,
                           workspace->gradients[i - 1], layer->opens_residual, d_weight, d_bias);
        break;
    }
}

void encoder_backward(const struct encoder *encoder, const struct parameters *parameters,
                      const real *values, const real *d_features,
                      struct encoder_workspace *workspace, real *gradients) {
    const size_t last = encoder->layer_count - 1;
    if (workspace->count == 0) return;
    pooling_backward(workspace->count, output_pixels(&encoder->layers[last]), encoder->features,
                     d_features, workspace->gradients[last]);
    for (size_t i = encoder->layer_count; i-- > 0;) {
        backward_layer(encoder, parameters, values, i, workspace, gradients);
    }
}
