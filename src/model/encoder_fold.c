#include <string.h>

#include "model/encoder_parts.h"

struct batch_norm encoder_running_norm(const struct encoder_layer *layer,
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
    const struct batch_norm norm = encoder_running_norm(layer, parameters, values);
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
