#include "model/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/batch_norm.h"
#include "nn/blas.h"
#include "nn/convolution.h"
#include "nn/vector.h"

/* Additional workspace of batch norm. */
struct encoder_norm_workspace {
    real **inputs; /* [layer_count]: output of each convolution, which backward overwrites with its
                      gradient; owned, like the two below */
    real **means, **variances;     /* [layer_count]: of these inputs */
    real *no_bias, *unused_d_bias; /* of the convolutions, which have none */
};

/* Stochastic depth. */
struct encoder_depth {
    bool drops;     /* whether any branch may be skipped */
    real *scales;   /* (layer_count, photos): of the branch that a layer ends, 0 if skipped */
    real *d_branch; /* the gradient of a branch's end, scaled: that of the block's output is also
                       needed for its input */
};

struct encoder_workspace {
    size_t photos;
    enum encoder_use use;
    real **outputs;   /* [layer_count]: each layer's output */
    real **gradients; /* [layer_count]: its gradient */
    real *block;      /* what these point into */
    size_t bytes;     /* of the block */
    real *scratch;    /* of the direct convolutions */
    struct encoder_norm_workspace norm;
    struct encoder_depth depth;
    size_t alone;       /* the first layers, through which photos go one by one */
    const real *images; /* of the last forward */
    size_t count;       /* of the last forward */
};

/* Layers first .. end - 1, between which all residual blocks that begin there end, and the photos
 * that they are computed for. */
struct span {
    size_t first, end;
    size_t photo, count;
};

static size_t output_pixels(const struct encoder_layer *layer) {
    return layer->shape.out_size * layer->shape.out_size;
}

static size_t output_numbers(const struct encoder_layer *layer) {
    return output_pixels(layer) * layer->shape.out_channels;
}

/* Maps of that many numbers and more are computed photo by photo: so a map is still in the third
 * cache when the next layer reads it, and the gradients of all photos share their memory. Smaller
 * ones are computed together, since a product of few rows takes longer. */
enum { LARGE_MAP = 160 * 1024 };

/* How many of the first layers photos go through one by one: up to the end of a block behind which
 * no residual begins, which maps that are large come before. Batch norm needs all photos at once.
 */
static size_t layers_alone(const struct encoder *encoder) {
    size_t alone = 0;
    bool large = false;
    if (encoder->batch_norm) return 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        if (output_numbers(layer) >= LARGE_MAP) large = true;
        if (layer->shape.relu6 || i + 1 == encoder->layer_count) continue;
        if (layer[1].opens_residual || !large) continue;
        alone = i + 1;
        large = false;
    }
    return alone;
}

/* Memory plan of the encoder's activations and gradients. */

/* Shared buffers: a layer writes to one that holds neither its input nor the start of its residual
 * block. */
enum { TURNS = 3, NONE = TURNS };

/* Numbers in a layer's output for one micro-batch, rounded up to whole cache lines. */
static bool workspace_numbers(const struct encoder_layer *layer, size_t photos, size_t *numbers) {
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

/* Whether a workspace of that use discards layer i's output after the next layer: the expansion of
 * an inverted residual, by far most of its activations. Batch norm needs the convolutions' outputs
 * again, and saves them. */
static bool encoder_recomputes(const struct encoder *encoder, enum encoder_use use, size_t i) {
    return use == ENCODER_RECOMPUTATION && !encoder->batch_norm && i > 0 &&
           i + 1 < encoder->layer_count && encoder->layers[i].kind == ENCODER_POINTWISE &&
           encoder->layers[i + 1].kind == ENCODER_DEPTHWISE && encoder->layers[i].shape.relu6;
}

/* A separate place for every saved output, and one for all recomputed outputs. */
static bool place_kept(const struct encoder *encoder, size_t photos, enum encoder_use use,
                       size_t *offsets, size_t *numbers) {
    const size_t alone = layers_alone(encoder);
    size_t shared = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const bool recomputed = encoder_recomputes(encoder, use, i);
        size_t size;
        if (!workspace_numbers(&encoder->layers[i], recomputed && i < alone ? 1 : photos, &size))
            return false;
        if (recomputed) {
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

/* Assigns a shared buffer in the block to every layer, and grows *numbers by their size. The last
 * of the layers that photos go through one by one has a buffer of its own, in which the photos'
 * gradients wait. */
static bool place_turns(const struct encoder *encoder, size_t photos, const size_t *turns,
                        size_t *offsets, size_t *numbers) {
    const size_t alone = layers_alone(encoder);
    size_t sizes[TURNS] = {0}, starts[TURNS], waiting = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const bool waits = i + 1 == alone;
        size_t size;
        if (!workspace_numbers(&encoder->layers[i], waits || i >= alone ? photos : 1, &size))
            return false;
        size_t *most = waits ? &waiting : &sizes[turns[i]];
        *most = size_larger(*most, size);
    }
    for (size_t t = 0; t < TURNS; t++) {
        starts[t] = *numbers;
        if (!size_add(*numbers, sizes[t], numbers)) return false;
    }
    for (size_t i = 0; i < encoder->layer_count; i++) {
        offsets[i] = i + 1 == alone ? *numbers : starts[turns[i]];
    }
    return size_add(*numbers, waiting, numbers);
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
        if (!workspace_numbers(&encoder->layers[i], photos, &size)) return false;
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
    workspace->alone = layers_alone(encoder);
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

void encoder_draw_depth(const struct encoder *encoder, float rate, size_t count,
                        struct random *random, struct encoder_workspace *workspace) {
    struct encoder_depth *depth = &workspace->depth;
    depth->drops = rate > 0;
    if (!depth->drops) return;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        if (!encoder->layers[i].closes_residual) continue;
        const float left_out = rate * (float)(i + 1) / (float)encoder->layer_count;
        for (size_t n = 0; n < count; n++) {
            const bool stays = random_uniform(random) >= left_out;
            depth->scales[i * workspace->photos + n] = stays ? 1 / (1 - (real)left_out) : 0;
        }
    }
}

/* The scales of a layer's photos. */
static const real *scales_of(const struct encoder_workspace *workspace, size_t layer,
                             const struct span *span) {
    return workspace->depth.scales + layer * workspace->photos + span->photo;
}

/* The output of a residual block: output (., numbers a photo) = scale * output + input. */
static void close_residual(const real *scales, size_t count, size_t numbers, const real *input,
                           real *output) {
    for (size_t n = 0; n < count; n++) {
        vector_scale(numbers, scales[n], output + n * numbers);
        vector_add(numbers, input + n * numbers, output + n * numbers);
    }
}

/* The gradient of the branch that a layer ends, in `d_branch`; that of the block's output stays. */
static void branch_gradient(const real *scales, size_t count, size_t numbers, const real *d_output,
                            real *d_branch) {
    memcpy(d_branch, d_output, count * numbers * sizeof *d_branch);
    for (size_t n = 0; n < count; n++) {
        vector_scale(numbers, scales[n], d_branch + n * numbers);
    }
}

/* The batch norm after a layer, with the running statistics. */
static struct batch_norm running_norm(const struct encoder_layer *layer,
                                      const struct encoder_tensors *w) {
    return (struct batch_norm){.channels = layer->shape.out_channels,
                               .relu6 = layer->shape.relu6,
                               .scale = w->scale,
                               .shift = w->shift,
                               .mean = w->mean,
                               .variance = w->variance};
}

/* Multiplies the weights of one output channel, which comes first in memory (PARAMETERS_AS_IS) or
 * last (PARAMETERS_TAPS_FIRST). */
static void scale_channel(const struct parameter *weight, size_t channel, real factor,
                          real *values) {
    const size_t channels = weight->shape[0], inputs = weight->count / channels;
    const bool first = weight->layout == PARAMETERS_AS_IS;
    for (size_t i = 0; i < inputs; i++) {
        values[first ? channel * inputs + i : i * channels + channel] *= factor;
    }
}

void encoder_fold(const struct encoder *encoder, const struct parameters *parameters,
                  const real *values, const struct encoder *folded,
                  struct parameters *folded_parameters) {
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        const struct parameter *weight = &parameters->tensors[layer->weight];
        const struct encoder_tensors /* the first is only read */
            w = encoder_tensors_in(encoder, i, parameters, (real *)values),
            out = encoder_tensors_in(folded, i, folded_parameters, folded_parameters->values);
        memcpy(out.weight, w.weight, weight->count * sizeof(real));
        const struct batch_norm norm = running_norm(layer, &w);
        for (size_t c = 0; c < norm.channels; c++) {
            real factor;
            batch_norm_fold(&norm, c, &factor, &out.bias[c]);
            scale_channel(weight, c, factor, out.weight);
        }
    }
}

static void fill(size_t count, real value, real *values) {
    for (size_t i = 0; i < count; i++) values[i] = value;
}

void encoder_randomise(const struct encoder *encoder, struct parameters *parameters,
                       struct random *random) {
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        const size_t channels = layer->shape.out_channels;
        const size_t numbers = parameters->tensors[layer->weight].count;
        const bool rectified = i > 0 && encoder->layers[i - 1].shape.relu6;
        const size_t inputs = numbers / channels;
        const double deviation = sqrt((rectified ? 2.0 : 1.0) / (double)inputs);
        const struct encoder_tensors w =
            encoder_tensors_in(encoder, i, parameters, parameters->values);
        for (size_t j = 0; j < numbers; j++)
            w.weight[j] = (real)(deviation * (double)random_normal(random));
        if (!encoder->batch_norm) {
            fill(channels, 0, w.bias);
            continue;
        }
        fill(channels, 1, w.scale);
        fill(channels, 0, w.shift);
        fill(channels, 0, w.mean);
        fill(channels, 1, w.variance);
    }
}

/* Whether the layer ends a branch that stochastic depth may skip. */
static bool may_be_left_out(const struct encoder_layer *layer,
                            const struct encoder_workspace *workspace) {
    return layer->closes_residual && workspace->depth.drops;
}

/* The operands of a layer's convolution. */
struct layer_product {
    const struct convolution *shape; /* the layer's, with or without ReLU6 */
    size_t count;                    /* photos */
    const real *input, *weight, *bias;
    const real *residual; /* of a pointwise layer; NULL: none */
    real *output, *scratch;
};

static void convolve(const struct encoder_layer *layer, const struct layer_product *p) {
    switch (layer->kind) {
    case ENCODER_STEM:
        stem_forward(p->shape, p->count, p->input, p->weight, p->bias, p->output, p->scratch);
        break;
    case ENCODER_DEPTHWISE:
        depthwise_forward(p->shape, p->count, p->input, p->weight, p->bias, p->output, p->scratch);
        break;
    case ENCODER_POINTWISE:
        pointwise_forward(p->shape, p->count * output_pixels(layer), p->input, p->weight, p->bias,
                          p->residual, p->output);
        break;
    }
}

/* Where the first photo of a span has its part of a layer's output. What is recomputed has one
 * place for all. */
static real *output_at(const struct encoder *encoder, const struct encoder_workspace *workspace,
                       size_t i, const struct span *span) {
    if (encoder_recomputes(encoder, workspace->use, i)) return workspace->outputs[i];
    return workspace->outputs[i] + span->photo * output_numbers(&encoder->layers[i]);
}

/* The same of its gradient: photos that come one by one use one place, but for the last layer. */
static real *gradient_at(const struct encoder *encoder, const struct encoder_workspace *workspace,
                         size_t i, const struct span *span) {
    if (i + 1 != workspace->alone) return workspace->gradients[i];
    return workspace->gradients[i] + span->photo * output_numbers(&encoder->layers[i]);
}

/* The layer's input. */
static const real *input_at(const struct encoder *encoder,
                            const struct encoder_workspace *workspace, size_t i,
                            const struct span *span) {
    if (i > 0) return output_at(encoder, workspace, i - 1, span);
    return workspace->images + span->photo * encoder->size * encoder->size * STEM_COLOURS;
}

/* Layer i without batch norm. */
static void forward_plain(const struct encoder *encoder, const struct encoder_tensors *w, size_t i,
                          const struct span *span, const real *residual,
                          struct encoder_workspace *workspace) {
    const struct encoder_layer *layer = &encoder->layers[i];
    convolve(layer, &(struct layer_product){.shape = &layer->shape,
                                            .count = span->count,
                                            .input = input_at(encoder, workspace, i, span),
                                            .weight = w->weight,
                                            .bias = w->bias,
                                            .residual = residual,
                                            .output = output_at(encoder, workspace, i, span),
                                            .scratch = workspace->scratch});
}

/* The convolution before batch norm: without bias and ReLU6. */
static struct convolution bare_shape(const struct encoder_layer *layer) {
    struct convolution shape = layer->shape;
    shape.relu6 = false;
    return shape;
}

/* A layer's batch norm with the statistics of the batch. */
static struct batch_norm batch_statistics_norm(const struct encoder_layer *layer,
                                               const struct encoder_tensors *w,
                                               const struct encoder_norm_workspace *norms,
                                               size_t i) {
    struct batch_norm norm = running_norm(layer, w);
    norm.mean = norms->means[i];
    norm.variance = norms->variances[i];
    return norm;
}

/* Layer i with batch norm, whose span is all photos. */
static void forward_normalised(const struct encoder *encoder, const struct encoder_tensors *w,
                               size_t i, const struct span *span, const real *residual,
                               struct encoder_workspace *workspace) {
    const struct encoder_layer *layer = &encoder->layers[i];
    const size_t pixels = span->count * output_pixels(layer);
    const struct convolution shape = bare_shape(layer);
    real *convolved = workspace->norm.inputs[i];
    convolve(layer, &(struct layer_product){.shape = &shape,
                                            .count = span->count,
                                            .input = input_at(encoder, workspace, i, span),
                                            .weight = w->weight,
                                            .bias = workspace->norm.no_bias,
                                            .output = convolved,
                                            .scratch = workspace->scratch});
    batch_norm_statistics(pixels, shape.out_channels, convolved, workspace->norm.means[i],
                          workspace->norm.variances[i]);
    const struct batch_norm norm = batch_statistics_norm(layer, w, &workspace->norm, i);
    batch_norm_forward(&norm, pixels, convolved, residual, workspace->outputs[i]);
}

static void forward_layers(const struct encoder *encoder, const struct parameters *parameters,
                           const struct span *span, struct encoder_workspace *workspace) {
    const real *residual = NULL;
    for (size_t i = span->first; i < span->end; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        if (layer->opens_residual) residual = input_at(encoder, workspace, i, span);
        const bool scaled = may_be_left_out(layer, workspace);
        const real *added = layer->closes_residual && !scaled ? residual : NULL;
        const struct encoder_tensors w =
            encoder_tensors_in(encoder, i, parameters, parameters->values);
        (encoder->batch_norm ? forward_normalised : forward_plain)(encoder, &w, i, span, added,
                                                                   workspace);
        if (scaled) {
            close_residual(scales_of(workspace, i, span), span->count, output_numbers(layer),
                           residual, output_at(encoder, workspace, i, span));
        }
    }
}

void encoder_forward(const struct encoder *encoder, const struct parameters *parameters,
                     const real *images, size_t count, struct encoder_workspace *workspace,
                     real *features) {
    const size_t alone = workspace->alone, last = encoder->layer_count - 1;
    workspace->images = images;
    workspace->count = count;
    if (count == 0) return; /* no photos have no statistics */
    for (size_t n = 0; n < count && alone > 0; n++) {
        forward_layers(encoder, parameters, &(struct span){0, alone, n, 1}, workspace);
    }
    forward_layers(encoder, parameters, &(struct span){alone, encoder->layer_count, 0, count},
                   workspace);
    pooling_forward(count, output_pixels(&encoder->layers[last]), encoder->features,
                    workspace->outputs[last], features);
}

/* Adds the values that the running statistics average. The variance is the unbiased estimate,
 * divided by the sample size less one. */
static void add_statistics(const struct batch_norm *norm, size_t count, size_t pixels, real *mean,
                           real *variance) {
    const real unbiased = pixels > 1 ? (real)pixels / (real)(pixels - 1) : 1;
    for (size_t c = 0; c < norm->channels; c++) {
        mean[c] += (real)count * norm->mean[c];
        variance[c] += (real)count * unbiased * norm->variance[c];
    }
}

/* The gradient of the layer's output becomes that of its convolution, which is returned. */
static real *backward_norm(const struct encoder_layer *layer, const struct encoder_tensors *w,
                           const struct encoder_tensors *g, size_t i,
                           struct encoder_workspace *workspace, real *d_output) {
    const size_t pixels = workspace->count * output_pixels(layer);
    const struct batch_norm norm = batch_statistics_norm(layer, w, &workspace->norm, i);
    real *convolved = workspace->norm.inputs[i];
    batch_norm_backward(&norm, pixels, convolved, workspace->outputs[i], d_output, convolved,
                        g->scale, g->shift);
    add_statistics(&norm, workspace->count, pixels, g->mean, g->variance);
    return convolved;
}

/* The gradient of layer i's output becomes that of its input; the photos, which are the stem's
 * input, have none. */
static void backward_layer(const struct encoder *encoder, const struct parameters *parameters,
                           size_t i, const struct span *span, struct encoder_workspace *workspace,
                           real *gradients) {
    const struct encoder_layer *layer = &encoder->layers[i];
    const struct encoder_tensors w = encoder_tensors_in(encoder, i, parameters, parameters->values),
                                 g = encoder_tensors_in(encoder, i, parameters, gradients);
    const real *input = input_at(encoder, workspace, i, span),
               *output = output_at(encoder, workspace, i, span);
    real *d_input = i > 0 ? gradient_at(encoder, workspace, i - 1, span) : NULL;
    struct convolution shape = layer->shape;
    real *d_output = gradient_at(encoder, workspace, i, span), *d_bias = g.bias;
    if (may_be_left_out(layer, workspace)) {
        branch_gradient(scales_of(workspace, i, span), span->count, output_numbers(layer), d_output,
                        workspace->depth.d_branch);
        d_output = workspace->depth.d_branch;
    }
    if (encoder->batch_norm) {
        d_output = backward_norm(layer, &w, &g, i, workspace, d_output);
        d_bias = workspace->norm.unused_d_bias;
        shape = bare_shape(layer);
    }
    switch (layer->kind) {
    case ENCODER_STEM:
        stem_backward(&shape, span->count, input, output, d_output, g.weight, d_bias,
                      workspace->scratch);
        break;
    case ENCODER_DEPTHWISE:
        depthwise_backward(&shape, span->count, input, w.weight, output, d_output, d_input,
                           layer->opens_residual, g.weight, d_bias, workspace->scratch);
        break;
    case ENCODER_POINTWISE:
        pointwise_backward(&shape, span->count * output_pixels(layer), input, w.weight, output,
                           d_output, d_input, layer->opens_residual, g.weight, d_bias);
        break;
    }
}

static void backward_layers(const struct encoder *encoder, const struct parameters *parameters,
                            const struct span *span, struct encoder_workspace *workspace,
                            real *gradients) {
    for (size_t i = span->end; i-- > span->first;) {
        if (i > 0 && encoder_recomputes(encoder, workspace->use, i - 1)) {
            const struct encoder_tensors w =
                encoder_tensors_in(encoder, i - 1, parameters, parameters->values);
            forward_plain(encoder, &w, i - 1, span, NULL, workspace);
        }
        backward_layer(encoder, parameters, i, span, workspace, gradients);
    }
}

void encoder_backward(const struct encoder *encoder, const struct parameters *parameters,
                      const real *d_features, struct encoder_workspace *workspace,
                      real *gradients) {
    const size_t last = encoder->layer_count - 1, alone = workspace->alone;
    const size_t count = workspace->count;
    if (count == 0) return;
    pooling_backward(count, output_pixels(&encoder->layers[last]), encoder->features, d_features,
                     workspace->gradients[last]);
    backward_layers(encoder, parameters, &(struct span){alone, encoder->layer_count, 0, count},
                    workspace, gradients);
    for (size_t n = 0; n < count && alone > 0; n++) {
        backward_layers(encoder, parameters, &(struct span){0, alone, n, 1}, workspace, gradients);
    }
}
