#include "model/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"
#include "nn/blas.h"
#include "nn/math.h"
#include "nn/vector.h"

/* Features after ReLU6 are never negative, so most of a unit vector is the mean over photos. The
 * residual without the mean has about this share of its length. */
static const double LEFT_OF_UNIT = 0.25;

/* The deviation of the numbers of a new style's vector; those of words have about 1. */
static const float STYLE_DEVIATION = 0.5F;

/* Probabilities are clamped to this, so that the logarithm is finite. */
static const double SMALLEST_PROBABILITY = 1e-12;

/* The initial logit of a tag: most photos do not show most tags. */
static const real RARE_TAG = -4;

bool decoder_add_matrix(struct parameters *parameters, const char *name, size_t rows,
                        size_t columns, size_t *index, caption_error *error) {
    const struct new_parameter matrix = {
        .name = name, .shape = {rows, columns}, .dimensions = 2, .group = PARAMETERS_DECODER};
    return parameters_add(parameters, &matrix, index, error);
}

bool decoder_add_vector(struct parameters *parameters, const char *name, size_t count,
                        enum parameters_group group, size_t *index, caption_error *error) {
    const struct new_parameter vector = {
        .name = name, .shape = {count}, .dimensions = 1, .group = group};
    return parameters_add(parameters, &vector, index, error);
}

/* The word head. */
static bool add_tags(struct decoder *d, struct parameters *parameters, caption_error *error) {
    if (d->tags == 0) return true;
    return decoder_add_matrix(parameters, "decoder.tags.weight", d->tags, d->features,
                              &d->tag_weight, error) &&
           decoder_add_vector(parameters, "decoder.tags.bias", d->tags, PARAMETERS_DECODER,
                              &d->tag_bias, error) &&
           decoder_add_matrix(parameters, "decoder.tags.input", d->embedding, d->tags,
                              &d->tag_input, error);
}

/* The styles. */
static bool add_styles(struct decoder *d, struct parameters *parameters, caption_error *error) {
    return d->styles == 0 || decoder_add_matrix(parameters, "decoder.styles.weight", d->styles,
                                                d->embedding, &d->style_weight, error);
}

/* The products' width and the state's. */
static bool set_widths(struct decoder *d, caption_error *error) {
    if (size_multiply(d->cell->products, d->hidden, &d->products) &&
        size_multiply(d->cell->states, d->hidden, &d->state))
        return true;
    return error_set(error, CAPTION_ERROR_LIMIT, "decoder: hidden size %zu is too large",
                     d->hidden);
}

bool decoder_init_reader(struct decoder *reader, const struct cell *cell, size_t embedding,
                         size_t hidden, struct parameters *parameters, caption_error *error) {
    *reader = (struct decoder){.cell = cell, .embedding = embedding, .hidden = hidden};
    struct decoder *r = reader;
    return set_widths(r, error) &&
           decoder_add_matrix(parameters, "search.cell.weight_ih", r->products, embedding,
                              &r->weight_ih, error) &&
           decoder_add_matrix(parameters, "search.cell.weight_hh", r->products, hidden,
                              &r->weight_hh, error) &&
           decoder_add_vector(parameters, "search.cell.bias_ih", r->products, PARAMETERS_DECODER,
                              &r->bias_ih, error) &&
           decoder_add_vector(parameters, "search.cell.bias_hh", r->products, PARAMETERS_DECODER,
                              &r->bias_hh, error);
}

bool decoder_init(struct decoder *decoder, const struct cell *cell,
                  const struct decoder_sizes *sizes, struct parameters *parameters,
                  caption_error *error) {
    const size_t words = sizes->words, embedding = sizes->embedding, hidden = sizes->hidden,
                 features = sizes->features;
    *decoder = (struct decoder){.cell = cell,
                                .words = words,
                                .embedding = embedding,
                                .hidden = hidden,
                                .features = features,
                                .tags = sizes->tags,
                                .styles = sizes->styles};
    if (!set_widths(decoder, error)) return false;
    struct decoder *d = decoder;
    size_t p = d->products;
    return decoder_add_vector(parameters, "decoder.image.shift", features, PARAMETERS_CONSTANT,
                              &d->image_shift, error) &&
           decoder_add_vector(parameters, "decoder.image.scale", features, PARAMETERS_CONSTANT,
                              &d->image_scale, error) &&
           decoder_add_matrix(parameters, "decoder.image.weight", embedding, features,
                              &d->image_weight, error) &&
           decoder_add_vector(parameters, "decoder.image.bias", embedding, PARAMETERS_DECODER,
                              &d->image_bias, error) &&
           decoder_add_matrix(parameters, "decoder.embedding.weight", words, embedding, &d->embed,
                              error) &&
           decoder_add_matrix(parameters, "decoder.cell.weight_ih", p, embedding, &d->weight_ih,
                              error) &&
           decoder_add_matrix(parameters, "decoder.cell.weight_hh", p, hidden, &d->weight_hh,
                              error) &&
           decoder_add_vector(parameters, "decoder.cell.bias_ih", p, PARAMETERS_DECODER,
                              &d->bias_ih, error) &&
           decoder_add_vector(parameters, "decoder.cell.bias_hh", p, PARAMETERS_DECODER,
                              &d->bias_hh, error) &&
           decoder_add_matrix(parameters, "decoder.output.weight", words, hidden, &d->output_weight,
                              error) &&
           decoder_add_vector(parameters, "decoder.output.bias", words, PARAMETERS_DECODER,
                              &d->output_bias, error) &&
           add_tags(d, parameters, error) && add_styles(d, parameters, error);
}

struct decoder_tensors decoder_tensors_in(const struct decoder *d,
                                          const struct parameters *parameters, real *block) {
    struct decoder_tensors t = {
        .weight_ih = parameters_at(parameters, block, d->weight_ih),
        .weight_hh = parameters_at(parameters, block, d->weight_hh),
        .bias_ih = parameters_at(parameters, block, d->bias_ih),
        .bias_hh = parameters_at(parameters, block, d->bias_hh),
    };
    if (d->words == 0) return t; /* a reader */
    t.image_shift = parameters_at(parameters, block, d->image_shift);
    t.image_scale = parameters_at(parameters, block, d->image_scale);
    t.image_weight = parameters_at(parameters, block, d->image_weight);
    t.image_bias = parameters_at(parameters, block, d->image_bias);
    t.embed = parameters_at(parameters, block, d->embed);
    t.output_weight = parameters_at(parameters, block, d->output_weight);
    t.output_bias = parameters_at(parameters, block, d->output_bias);
    if (d->tags > 0) {
        t.tag_weight = parameters_at(parameters, block, d->tag_weight);
        t.tag_bias = parameters_at(parameters, block, d->tag_bias);
        t.tag_input = parameters_at(parameters, block, d->tag_input);
    }
    if (d->styles > 0) t.style_weight = parameters_at(parameters, block, d->style_weight);
    return t;
}

static const char image_first[] = "first", image_every[] = "every";

bool decoder_knows_image_input(const char *name) {
    return strcmp(name, image_first) == 0 || strcmp(name, image_every) == 0;
}

bool decoder_set_image_input(struct decoder *decoder, const char *name) {
    decoder->image_every = strcmp(name, image_every) == 0;
    return decoder_knows_image_input(name);
}

const char *decoder_image_input(const struct decoder *decoder) {
    return decoder->image_every ? image_every : image_first;
}

static void fill_uniform(struct parameters *parameters, size_t index, float limit,
                         struct random *random) {
    real *values = parameters_at(parameters, parameters->values, index);
    for (size_t i = 0; i < parameters->tensors[index].count; i++) {
        values[i] = (real)((2 * random_uniform(random) - 1) * limit);
    }
}

void decoder_fill_normal(struct parameters *parameters, size_t index, float deviation,
                         struct random *random) {
    real *values = parameters_at(parameters, parameters->values, index);
    for (size_t i = 0; i < parameters->tensors[index].count; i++) {
        values[i] = (real)(random_normal(random) * deviation);
    }
}

void decoder_fill_constant(struct parameters *parameters, size_t index, real value) {
    real *values = parameters_at(parameters, parameters->values, index);
    for (size_t i = 0; i < parameters->tensors[index].count; i++) values[i] = value;
}

void decoder_follow_shift(const struct decoder *decoder, struct parameters *parameters) {
    parameters->tensors[decoder->image_shift].group = PARAMETERS_STATISTIC;
}

static bool follows_shift(const struct decoder *decoder, const struct parameters *parameters) {
    return parameters->tensors[decoder->image_shift].group == PARAMETERS_STATISTIC;
}

void decoder_randomise_tags(const struct decoder *decoder, struct parameters *parameters,
                            struct random *random) {
    if (decoder->tags == 0) return;
    decoder_fill_normal(parameters, decoder->tag_weight, 0.1F / sqrtf((float)decoder->features),
                        random);
    decoder_fill_constant(parameters, decoder->tag_bias, RARE_TAG);
    decoder_fill_constant(parameters, decoder->tag_input, 0);
}

void decoder_randomise_styles(const struct decoder *decoder, size_t first,
                              struct parameters *parameters, struct random *random) {
    if (decoder->styles == 0) return;
    real *values = parameters_at(parameters, parameters->values, decoder->style_weight);
    for (size_t i = first * decoder->embedding; i < decoder->styles * decoder->embedding; i++) {
        values[i] = (real)(random_normal(random) * STYLE_DEVIATION);
    }
}

void decoder_randomise_cell(const struct decoder *decoder, struct parameters *parameters,
                            struct random *random) {
    const float limit = 1 / sqrtf((float)decoder->hidden);
    fill_uniform(parameters, decoder->weight_ih, limit, random);
    fill_uniform(parameters, decoder->weight_hh, limit, random);
    decoder_fill_constant(parameters, decoder->bias_ih, 0);
    decoder_fill_constant(parameters, decoder->bias_hh, 0);
    if (decoder->cell != &cell_lstm) return;
    /* An open forget gate at the start (Gers et al., 2000). */
    real *bias = parameters_at(parameters, parameters->values, decoder->bias_ih);
    for (size_t j = 0; j < decoder->hidden; j++) bias[decoder->hidden + j] = 1;
}

void decoder_randomise(const struct decoder *decoder, struct parameters *parameters,
                       struct random *random) {
    decoder_randomise_cell(decoder, parameters, random);
    fill_uniform(parameters, decoder->output_weight, 1 / sqrtf((float)decoder->hidden), random);
    decoder_fill_normal(parameters, decoder->embed, 1.0f, random);
    /* Unit variance in, unit variance out: x_1 then looks like a word to the cell. */
    decoder_fill_normal(parameters, decoder->image_weight, 1 / sqrtf((float)decoder->features),
                        random);
    decoder_fill_constant(parameters, decoder->image_shift, 0);
    const double left = follows_shift(decoder, parameters) ? LEFT_OF_UNIT : 1;
    decoder_fill_constant(parameters, decoder->image_scale,
                          (real)(sqrt((double)decoder->features) / left));
    decoder_fill_constant(parameters, decoder->image_bias, 0);
    decoder_fill_constant(parameters, decoder->output_bias, 0);
    decoder_randomise_tags(decoder, parameters, random);
    decoder_randomise_styles(decoder, 0, parameters, random);
}

void decoder_scale_logits(const struct decoder *decoder, struct parameters *parameters,
                          float temperature) {
    const size_t layer[] = {decoder->output_weight, decoder->output_bias};
    for (size_t i = 0; i < 2; i++) {
        vector_scale(parameters->tensors[layer[i]].count, 1 / (real)temperature,
                     parameters_at(parameters, parameters->values, layer[i]));
    }
}

void decoder_scale_features(const struct decoder *decoder, const real *shift, const real *scale,
                            const real *features, size_t count, real *scaled) {
    const size_t f = decoder->features;
    for (size_t i = 0; i < count; i++) {
        const real *v = features + i * f;
        real inverse = (real)(1 / sqrt(vector_square_sum(f, v) + DECODER_TINY_LENGTH));
        for (size_t j = 0; j < f; j++) scaled[i * f + j] = (v[j] * inverse - shift[j]) * scale[j];
    }
}

SIMD_KERNEL(extern, void, decoder_tag_probabilities,
            (size_t count, const real *logits, real *probabilities),
            (count, logits, probabilities)) {
    for (size_t i = 0; i < count; i++) probabilities[i] = math_sigmoid(logits[i]);
}

/* p, and its contribution to x_1. */
static void tags_forward(const struct decoder *d, const struct decoder_tensors *w,
                         const struct decoder_images *images) {
    const size_t n = images->count, f = d->features, e = d->embedding, k = d->tags;
    if (k == 0) return;
    vector_set_rows(n, k, w->tag_bias, images->tags, k);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, k, f, 1, images->scaled, f, w->tag_weight, f, 1,
              images->tags, k);
    decoder_tag_probabilities(n * k, images->tags, images->tags);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, e, k, 1, images->tags, k, w->tag_input, k, 1,
              images->vectors, e);
}

static bool has_style(const struct decoder_images *images, size_t i) {
    return images->styles && images->styles[i] != STYLE_NONE;
}

static void styles_forward(const struct decoder *d, const struct decoder_tensors *w,
                           const struct decoder_images *images) {
    if (d->styles == 0) return;
    const size_t e = d->embedding;
    const real *rows = w->style_weight;
    for (size_t i = 0; i < images->count; i++) {
        if (!has_style(images, i)) continue;
        vector_add(e, rows + images->styles[i] * e, images->vectors + i * e);
    }
}

static void styles_backward(const struct decoder *d, const struct decoder_images *images,
                            const struct decoder_tensors *g) {
    if (d->styles == 0) return;
    const size_t e = d->embedding;
    real *rows = g->style_weight;
    for (size_t i = 0; i < images->count; i++) {
        if (!has_style(images, i)) continue;
        vector_add(e, images->d_vectors + i * e, rows + images->styles[i] * e);
    }
}

void decoder_image_forward(const struct decoder *decoder, const struct parameters *parameters,
                           const struct decoder_images *images) {
    const struct decoder_tensors w = decoder_tensors_in(decoder, parameters, parameters->values);
    const size_t n = images->count, f = decoder->features, e = decoder->embedding;
    decoder_scale_features(decoder, w.image_shift, w.image_scale, images->features, n,
                           images->scaled);
    vector_set_rows(n, e, w.image_bias, images->vectors, e);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, e, f, 1, images->scaled, f, w.image_weight, f, 1,
              images->vectors, e);
    tags_forward(decoder, &w, images);
    styles_forward(decoder, &w, images);
}

/* Adds the gradient through x_1 to d_tags, and the gradient of the head's tensors. */
static void tags_backward(const struct decoder *d, const struct decoder_tensors *w,
                          const struct decoder_images *images, const struct decoder_tensors *g) {
    const size_t n = images->count, f = d->features, e = d->embedding, k = d->tags;
    const real *d_vectors = images->d_vectors;
    real *d_tags = images->d_tags;
    if (k == 0) return;
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, e, k, n, 1, d_vectors, e, images->tags, k, 1,
              g->tag_input, k);
    real *d_p = images->tag_scratch;
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, n, k, e, 1, d_vectors, e, w->tag_input, k, 0, d_p, k);
    const real *p = images->tags;
    for (size_t i = 0; i < n * k; i++) d_tags[i] += d_p[i] * p[i] * (1 - p[i]);
    vector_add_rows(n, k, 1, d_tags, g->tag_bias);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, k, f, n, 1, d_tags, k, images->scaled, f, 1,
              g->tag_weight, f);
}

double decoder_tag_loss(size_t count, const real *probabilities, const uint8_t *labels,
                        real absence, real scale, real *d_logits) {
    double loss = 0;
    for (size_t i = 0; i < count; i++) {
        const real weight = labels[i] ? 1 : absence;
        const double right = labels[i] ? (double)probabilities[i] : 1 - (double)probabilities[i];
        loss -= (double)weight * log(fmax(right, SMALLEST_PROBABILITY));
        d_logits[i] = scale * weight * (probabilities[i] - (real)labels[i]);
    }
    return loss;
}

void decoder_image_backward(const struct decoder *decoder, const struct parameters *parameters,
                            const struct decoder_images *images, real *gradients) {
    const struct decoder_tensors w = decoder_tensors_in(decoder, parameters, parameters->values);
    const struct decoder_tensors g = decoder_tensors_in(decoder, parameters, gradients);
    const size_t count = images->count, f = decoder->features, e = decoder->embedding;
    const real *features = images->features, *d_vectors = images->d_vectors;
    vector_add_rows(count, e, 1, d_vectors, g.image_bias);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, e, f, count, 1, d_vectors, e, images->scaled, f, 1,
              g.image_weight, f);
    tags_backward(decoder, &w, images, &g);
    styles_backward(decoder, images, &g);
    if (!images->d_features) return;

    real *d_scaled = images->scaled; /* no longer needed */
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, count, f, e, 1, d_vectors, e, w.image_weight, f, 0, d_scaled,
              f);
    if (decoder->tags > 0) {
        blas_gemm(BLAS_PLAIN, BLAS_PLAIN, count, f, decoder->tags, 1, images->d_tags, decoder->tags,
                  w.tag_weight, f, 1, d_scaled, f);
    }
    const real *scale = w.image_scale;
    real *units = follows_shift(decoder, parameters) ? g.image_shift : NULL;
    for (size_t i = 0; i < count; i++) {
        /* u = v / |v|: dv = (du - u (u . du)) / |v| */
        const real *v = features + i * f;
        real *d = d_scaled + i * f, *out = images->d_features + i * f;
        double inverse = 1 / sqrt(vector_square_sum(f, v) + DECODER_TINY_LENGTH), along = 0;
        for (size_t j = 0; j < f; j++) {
            d[j] *= scale[j];
            along += (double)d[j] * (double)v[j] * inverse;
        }
        for (size_t j = 0; j < f; j++) {
            out[j] = (real)(((double)d[j] - (double)v[j] * inverse * along) * inverse);
        }
        for (size_t j = 0; units && j < f; j++) units[j] += (real)((double)v[j] * inverse);
    }
}

struct decoder_scratch {
    struct arena arena; /* of the arrays */
    real *inputs;       /* (rows, E) */
    real *gates;        /* (rows, K) */
    real *recurrent;    /* (rows, P) */
    real *after;        /* (rows, S) */
};

struct decoder_scratch *decoder_scratch_new(const struct decoder *decoder, size_t rows,
                                            caption_error *error) {
    if (!blas_load(error)) return NULL;
    static const char what[] = "the decoder's scratch";
    struct decoder_scratch *scratch = memory_zeroed(1, sizeof *scratch, what, error);
    if (!scratch) return NULL;
    size_t saved = decoder->cell->saved * decoder->hidden, bytes;
    if (!size_multiply(rows, sizeof(real), &bytes)) {
        error_memory(error, what);
        decoder_scratch_free(scratch);
        return NULL;
    }
    scratch->inputs = arena_take(&scratch->arena, decoder->embedding, bytes, what, error);
    scratch->gates = arena_take(&scratch->arena, saved, bytes, what, error);
    scratch->recurrent = arena_take(&scratch->arena, decoder->products, bytes, what, error);
    scratch->after = arena_take(&scratch->arena, decoder->state, bytes, what, error);
    if (scratch->inputs && scratch->gates && scratch->recurrent && scratch->after) return scratch;
    decoder_scratch_free(scratch);
    return NULL;
}

void decoder_scratch_free(struct decoder_scratch *scratch) {
    if (!scratch) return;
    arena_free(&scratch->arena);
    free(scratch);
}

void decoder_gather(const struct decoder *decoder, const struct decoder_tensors *w, size_t n,
                    const int32_t *inputs, const real *vectors, real *rows) {
    size_t e = decoder->embedding;
    const real *embedding = w->embed;
    for (size_t i = 0; i < n; i++) {
        real *row = rows + i * e;
        if (inputs[i] >= 0) {
            memcpy(row, embedding + (size_t)inputs[i] * e, e * sizeof *row);
        } else if (inputs[i] == DECODER_NOTHING) {
            memset(row, 0, e * sizeof *row);
        } else {
            memcpy(row, vectors + (size_t)(DECODER_VECTOR - inputs[i]) * e, e * sizeof *row);
        }
    }
}

void decoder_add_vectors(const struct decoder *decoder, size_t n, const int32_t *added,
                         const real *vectors, real *rows) {
    const size_t e = decoder->embedding;
    for (size_t i = 0; i < n; i++) {
        if (added[i] == DECODER_NOTHING) continue;
        vector_add(e, vectors + (size_t)(DECODER_VECTOR - added[i]) * e, rows + i * e);
    }
}

void decoder_input_products(const struct decoder *decoder, const struct decoder_tensors *w,
                            size_t n, const real *rows, real *gates) {
    size_t saved = decoder->cell->saved * decoder->hidden;
    vector_set_rows(n, decoder->products, w->bias_ih, gates, saved);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, decoder->products, decoder->embedding, 1, rows,
              decoder->embedding, w->weight_ih, decoder->embedding, 1, gates, saved);
}

void decoder_advance(const struct decoder *decoder, const struct decoder_tensors *w,
                     const struct cell_step *step) {
    const size_t n = step->rows, p = decoder->products, h = decoder->hidden;
    vector_set_rows(n, p, w->bias_hh, step->recurrent, p);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, p, h, 1, step->before, decoder->state, w->weight_hh,
              h, 1, step->recurrent, p);
    decoder->cell->forward(step);
}

void decoder_logits(const struct decoder *decoder, const struct decoder_tensors *w, size_t n,
                    const real *hidden, size_t leading, real *logits) {
    vector_set_rows(n, decoder->words, w->output_bias, logits, decoder->words);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, n, decoder->words, decoder->hidden, 1, hidden, leading,
              w->output_weight, decoder->hidden, 1, logits, decoder->words);
}

void decoder_step(const struct decoder *decoder, const struct parameters *parameters,
                  const struct decoder_inputs *inputs, real *states, real *logits,
                  struct decoder_scratch *scratch) {
    const struct decoder_tensors w = decoder_tensors_in(decoder, parameters, parameters->values);
    const size_t n = inputs->rows;
    decoder_gather(decoder, &w, n, inputs->words, inputs->vectors, scratch->inputs);
    if (inputs->added) {
        decoder_add_vectors(decoder, n, inputs->added, inputs->vectors, scratch->inputs);
    }
    decoder_input_products(decoder, &w, n, scratch->inputs, scratch->gates);
    decoder_advance(decoder, &w,
                    &(struct cell_step){.rows = n,
                                        .hidden = decoder->hidden,
                                        .gates = scratch->gates,
                                        .recurrent = scratch->recurrent,
                                        .before = states,
                                        .after = scratch->after});
    memcpy(states, scratch->after, n * decoder->state * sizeof *states);
    if (logits) decoder_logits(decoder, &w, n, states, decoder->state, logits);
}
