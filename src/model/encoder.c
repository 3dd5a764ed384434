#include "model/encoder.h"

#include <math.h>
#include <string.h>

#include "model/encoder_parts.h"
#include "nn/depthwise.h"
#include "nn/pointwise.h"
#include "nn/pooling.h"
#include "nn/stem.h"
#include "nn/vector.h"

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
static const real *scales_of(const struct encoder_workspace *workspace, size_t layer) {
    return workspace->depth.scales + layer * workspace->photos;
}

/* The output of a residual block: output (., numbers a photo) = scale * output + input. */
static void close_residual(const struct encoder_workspace *workspace, size_t layer, size_t numbers,
                           const real *input, real *output) {
    const real *scales = scales_of(workspace, layer);
    for (size_t n = 0; n < workspace->count; n++) {
        vector_scale(numbers, scales[n], output + n * numbers);
        vector_add(numbers, input + n * numbers, output + n * numbers);
    }
}

/* The gradient of the branch that the layer ends; that of the block's output stays. */
static real *branch_gradient(const struct encoder_workspace *workspace, size_t layer,
                             size_t numbers) {
    const real *scales = scales_of(workspace, layer);
    real *d_branch = workspace->depth.d_branch;
    memcpy(d_branch, workspace->gradients[layer], workspace->count * numbers * sizeof *d_branch);
    for (size_t n = 0; n < workspace->count; n++) {
        vector_scale(numbers, scales[n], d_branch + n * numbers);
    }
    return d_branch;
}

/* The batch norm after a layer, with the running statistics. */
static struct batch_norm running_norm(const struct encoder_layer *layer,
                                      const struct parameters *parameters, const real *values) {
    return (struct batch_norm){.channels = layer->shape.out_channels,
                               .relu6 = layer->shape.relu6,
                               .scale = parameters_at_const(parameters, values, layer->norm.scale),
                               .shift = parameters_at_const(parameters, values, layer->norm.shift),
                               .mean = parameters_at_const(parameters, values, layer->norm.mean),
                               .variance =
                                   parameters_at_const(parameters, values, layer->norm.variance)};
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

static void fold_layer(const struct encoder_layer *layer, const struct parameters *parameters,
                       const real *values, real *weight, real *bias) {
    const struct batch_norm norm = running_norm(layer, parameters, values);
    for (size_t c = 0; c < norm.channels; c++) {
        real factor;
        batch_norm_fold(&norm, c, &factor, &bias[c]);
        scale_channel(&parameters->tensors[layer->weight], c, factor, weight);
    }
}

void encoder_fold(const struct encoder *encoder, const struct parameters *parameters,
                  const real *values, const struct encoder *folded,
                  struct parameters *folded_parameters) {
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i], *out = &folded->layers[i];
        real *weight = parameters_at(folded_parameters, folded_parameters->values, out->weight);
        real *bias = parameters_at(folded_parameters, folded_parameters->values, out->bias);
        memcpy(weight, parameters_at_const(parameters, values, layer->weight),
               parameters->tensors[layer->weight].count * sizeof(real));
        fold_layer(layer, parameters, values, weight, bias);
    }
}

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

static size_t output_pixels(const struct encoder_layer *layer) {
    return layer->shape.out_size * layer->shape.out_size;
}

static size_t output_numbers(const struct encoder_layer *layer) {
    return output_pixels(layer) * layer->shape.out_channels;
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

/* Layer i without batch norm. */
static void forward_plain(const struct encoder_layer *layer, const struct parameters *parameters,
                          size_t i, const real *input, const real *residual,
                          struct encoder_workspace *workspace) {
    convolve(layer, &(struct layer_product){.shape = &layer->shape,
                                            .count = workspace->count,
                                            .input = input,
                                            .weight = parameters_values(parameters, layer->weight),
                                            .bias = parameters_values(parameters, layer->bias),
                                            .residual = residual,
                                            .output = workspace->outputs[i],
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
                                               const struct parameters *parameters,
                                               const struct encoder_norm_workspace *norms,
                                               size_t i) {
    struct batch_norm norm = running_norm(layer, parameters, parameters->values);
    norm.mean = norms->means[i];
    norm.variance = norms->variances[i];
    return norm;
}

static void forward_normalised(const struct encoder_layer *layer,
                               const struct parameters *parameters, size_t i, const real *input,
                               const real *residual, struct encoder_workspace *workspace) {
    const size_t pixels = workspace->count * output_pixels(layer);
    const struct convolution shape = bare_shape(layer);
    real *convolved = workspace->norm.inputs[i];
    convolve(layer, &(struct layer_product){.shape = &shape,
                                            .count = workspace->count,
                                            .input = input,
                                            .weight = parameters_values(parameters, layer->weight),
                                            .bias = workspace->norm.no_bias,
                                            .output = convolved,
                                            .scratch = workspace->scratch});
    batch_norm_statistics(pixels, shape.out_channels, convolved, workspace->norm.means[i],
                          workspace->norm.variances[i]);
    const struct batch_norm norm = batch_statistics_norm(layer, parameters, &workspace->norm, i);
    batch_norm_forward(&norm, pixels, convolved, residual, workspace->outputs[i]);
}

void encoder_forward(const struct encoder *encoder, const struct parameters *parameters,
                     const real *images, size_t count, struct encoder_workspace *workspace,
                     real *features) {
    const real *input = images, *residual = NULL;
    workspace->images = images;
    workspace->count = count;
    if (count == 0) return; /* no photos have no statistics */
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        if (layer->opens_residual) residual = input;
        const bool scaled = may_be_left_out(layer, workspace);
        const real *added = layer->closes_residual && !scaled ? residual : NULL;
        (encoder->batch_norm ? forward_normalised : forward_plain)(layer, parameters, i, input,
                                                                   added, workspace);
        if (scaled) {
            close_residual(workspace, i, output_numbers(layer), residual, workspace->outputs[i]);
        }
        input = workspace->outputs[i];
    }
    pooling_forward(count, output_pixels(&encoder->layers[encoder->layer_count - 1]),
                    encoder->features, input, features);
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
static real *backward_norm(const struct encoder_layer *layer, const struct parameters *parameters,
                           size_t i, struct encoder_workspace *workspace, real *d_output,
                           real *gradients) {
    const size_t pixels = workspace->count * output_pixels(layer);
    const struct batch_norm norm = batch_statistics_norm(layer, parameters, &workspace->norm, i);
    real *convolved = workspace->norm.inputs[i];
    batch_norm_backward(&norm, pixels, convolved, workspace->outputs[i], d_output, convolved,
                        parameters_at(parameters, gradients, layer->norm.scale),
                        parameters_at(parameters, gradients, layer->norm.shift));
    add_statistics(&norm, workspace->count, pixels,
                   parameters_at(parameters, gradients, layer->norm.mean),
                   parameters_at(parameters, gradients, layer->norm.variance));
    return convolved;
}

/* The gradient of layer i's output becomes that of its input; the photos, which are the stem's
 * input, have none. */
static void backward_layer(const struct encoder *encoder, const struct parameters *parameters,
                           size_t i, struct encoder_workspace *workspace, real *gradients) {
    const struct encoder_layer *layer = &encoder->layers[i];
    const real *weight = parameters_values(parameters, layer->weight);
    real *d_weight = parameters_at(parameters, gradients, layer->weight);
    const real *output = workspace->outputs[i];
    struct convolution shape = layer->shape;
    real *d_output = workspace->gradients[i], *d_bias;
    if (may_be_left_out(layer, workspace)) {
        d_output = branch_gradient(workspace, i, output_numbers(layer));
    }
    if (encoder->batch_norm) {
        d_output = backward_norm(layer, parameters, i, workspace, d_output, gradients);
        d_bias = workspace->norm.unused_d_bias;
        shape = bare_shape(layer);
    } else {
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
                      const real *d_features, struct encoder_workspace *workspace,
                      real *gradients) {
    const size_t last = encoder->layer_count - 1;
    if (workspace->count == 0) return;
    pooling_backward(workspace->count, output_pixels(&encoder->layers[last]), encoder->features,
                     d_features, workspace->gradients[last]);
    for (size_t i = encoder->layer_count; i-- > 0;) {
        if (i > 0 && encoder_recomputes(encoder, workspace->use, i - 1)) {
            forward_plain(&encoder->layers[i - 1], parameters, i - 1, workspace->outputs[i - 2],
                          NULL, workspace);
        }
        backward_layer(encoder, parameters, i, workspace, gradients);
    }
}
