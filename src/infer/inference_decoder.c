#include "infer/inference_decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/float16.h"
#include "infer/inference_matrix.h"
#include "model/decoder.h"
#include "nn/vector.h"

struct inference_decoder {
    const struct decoder *decoder;
    struct arena arena;             /* of all that follows: */
    float *shift, *scale;           /* (F,) */
    struct inference_matrix image;  /* (E, F) */
    struct inference_matrix tags;   /* (K, F), and their projection to x_1, */
    struct inference_matrix tagged; /* (E, K); both only if K > 0 */
    float *style;                   /* (E,), the style's vector, added to x_1; NULL: no style */
    struct inference_matrix input;  /* (P, E) */
    float *input_bias;              /* (P,), also added by the matrix */
    struct inference_matrix hidden; /* (P, H) */
    struct inference_matrix output; /* (V, H) */
    struct weights_view words;      /* (V, E) as stored */
};

/* The word head, in float like the image's projection. */
static bool init_tags(struct inference_decoder *made, const struct weights *weights,
                      caption_error *error) {
    const struct decoder *d = made->decoder;
    return d->tags == 0 ||
           (inference_matrix_init(&made->tags, PRECISION_F32, weights,
                                  (struct inference_tensors){d->tag_weight, d->tag_bias},
                                  &made->arena, error) &&
            inference_matrix_init(&made->tagged, PRECISION_F32, weights,
                                  (struct inference_tensors){d->tag_input, INFERENCE_NO_BIAS},
                                  &made->arena, error));
}

struct inference_decoder *inference_decoder_new(const struct decoder *d,
                                                const struct weights *weights,
                                                enum precision precision, caption_error *error) {
    struct inference_decoder *made = memory_zeroed(1, sizeof *made, "the decoder", error);
    if (!made) return NULL;
    struct arena *arena = &made->arena;
    const enum precision stored = precision == PRECISION_F32 ? PRECISION_F32 : PRECISION_BF16;
    made->decoder = d;
    /* A photo is projected only once, so low precision would save almost nothing. */
    if ((made->shift = weights_take(weights, d->image_shift, arena, "the decoder", error)) &&
        (made->scale = weights_take(weights, d->image_scale, arena, "the decoder", error)) &&
        inference_matrix_init(&made->image, PRECISION_F32, weights,
                              (struct inference_tensors){d->image_weight, d->image_bias}, arena,
                              error) &&
        init_tags(made, weights, error) &&
        inference_matrix_init(&made->input, stored, weights,
                              (struct inference_tensors){d->weight_ih, d->bias_ih}, arena, error) &&
        (made->input_bias = weights_take(weights, d->bias_ih, arena, "the decoder", error)) &&
        inference_matrix_init(&made->hidden, stored, weights,
                              (struct inference_tensors){d->weight_hh, d->bias_hh}, arena, error) &&
        inference_matrix_init(&made->output, stored, weights,
                              (struct inference_tensors){d->output_weight, d->output_bias}, arena,
                              error) &&
        weights_view(weights, d->embed, arena, &made->words, error)) {
        return made;
    }
    inference_decoder_free(made);
    return NULL;
}

void inference_decoder_free(struct inference_decoder *d) {
    if (!d) return;
    arena_free(&d->arena);
    free(d);
}

bool inference_decoder_set_style(struct inference_decoder *d, const struct weights *weights,
                                 size_t style, caption_error *error) {
    d->style = NULL;
    if (style == STYLE_NONE) return true;
    float *styles =
        weights_take(weights, d->decoder->style_weight, &d->arena, "the decoder", error);
    if (styles) d->style = styles + style * d->decoder->embedding;
    return styles != NULL;
}

size_t inference_decoder_project_image_scratch(const struct inference_decoder *d) {
    const struct decoder *sizes = d->decoder;
    return size_larger(size_larger(sizes->features, sizes->embedding + sizes->tags),
                       inference_matrix_scratch(sizes->embedding));
}

/* Adds the tags' projection to x_1. scratch (count, E + K). */
static void add_tags(const struct inference_decoder *d, const struct inference_images *images) {
    const size_t e = d->decoder->embedding, k = d->decoder->tags, count = images->count;
    if (k == 0) return;
    float *probabilities = images->scratch + count * e;
    decoder_tag_probabilities(count * k, images->tags, probabilities);
    inference_matrix_multiply(&d->tagged, &(struct matrix_product){.rows = count,
                                                                   .input = probabilities,
                                                                   .stride = k,
                                                                   .output = images->scratch,
                                                                   .threads = images->threads});
    vector_add(count * e, images->scratch, images->vectors);
}

void inference_decoder_project_image(const struct inference_decoder *d,
                                     const struct inference_images *images) {
    const size_t f = d->decoder->features, e = d->decoder->embedding, p = d->decoder->products;
    const size_t k = d->decoder->tags, count = images->count;
    float *scratch = images->scratch, *vectors = images->vectors;
    if (images->features)
        decoder_scale_features(d->decoder, d->shift, d->scale, images->features, count, scratch);
    else
        memset(scratch, 0, count * f * sizeof *scratch);
    struct matrix_product product = {.rows = count,
                                     .input = scratch,
                                     .stride = f,
                                     .output = vectors,
                                     .threads = images->threads};
    inference_matrix_multiply(&d->image, &product);
    product.output = images->tags;
    if (k > 0) inference_matrix_multiply(&d->tags, &product);
    add_tags(d, images);
    for (size_t i = 0; d->style && i < count; i++) vector_add(e, d->style, vectors + i * e);
    inference_matrix_multiply(&d->input, &(struct matrix_product){.rows = count,
                                                                  .input = vectors,
                                                                  .stride = e,
                                                                  .output = images->products,
                                                                  .scratch = scratch,
                                                                  .threads = images->threads});
    /* Words' products include the bias. */
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < p; j++) images->products[i * p + j] -= d->input_bias[j];
    }
}

/* Words' input products that are cached beside those of the current step: captions repeat the same
 * words. */
enum { PRODUCTS_KEPT = 256 };

struct inference_step {
    float *inputs;    /* (rows, E): vectors of words whose products are not cached */
    float *gates;     /* (rows, K) */
    float *recurrent; /* (rows, P) */
    float *after;     /* (rows, S) */
    float *rounding;  /* of the products, see inference_matrix_scratch */
    float *products;  /* (capacity, P): input products of words */
    size_t capacity, used;
    int32_t *place_of_word;  /* [V], or NOWHERE */
    struct threads *threads; /* that share the large products; NULL: the caller alone; borrowed */
};

enum { NOWHERE = -1 };

static void forget_words(const struct inference_decoder *decoder, struct inference_step *step) {
    step->used = 0;
    for (size_t i = 0; i < decoder->decoder->words; i++) step->place_of_word[i] = NOWHERE;
}

static bool step_init(struct inference_step *step, const struct decoder *d, size_t rows,
                      struct arena *arena, caption_error *error) {
    static const char what[] = "a step of the decoder";
    const size_t widest = d->embedding > d->hidden ? d->embedding : d->hidden;
    size_t bytes, capacity;
    if (!size_multiply(rows, sizeof(float), &bytes) || !size_add(rows, PRODUCTS_KEPT, &capacity) ||
        capacity > INT32_MAX) {
        return error_memory(error, what);
    }
    step->capacity = capacity;
    return (step->inputs = arena_take(arena, d->embedding, bytes, what, error)) &&
           (step->gates = arena_take(arena, d->cell->saved * d->hidden, bytes, what, error)) &&
           (step->recurrent = arena_take(arena, d->products, bytes, what, error)) &&
           (step->after = arena_take(arena, d->state, bytes, what, error)) &&
           (step->rounding =
                arena_take(arena, inference_matrix_scratch(widest), bytes, what, error)) &&
           (step->products =
                arena_take(arena, d->products, capacity * sizeof(float), what, error)) &&
           (step->place_of_word =
                arena_take(arena, d->words, sizeof *step->place_of_word, what, error));
}

struct inference_step *inference_step_new(const struct inference_decoder *decoder, size_t rows,
                                          struct arena *arena, caption_error *error) {
    struct inference_step *step =
        arena_take(arena, 1, sizeof *step, "a step of the decoder", error);
    if (!step || !step_init(step, decoder->decoder, rows, arena, error)) return NULL;
    forget_words(decoder, step);
    return step;
}

void inference_step_share(struct inference_step *step, struct threads *threads) {
    step->threads = threads;
}

static void read_word(const struct inference_decoder *d, size_t word, float *row) {
    const size_t e = d->decoder->embedding;
    const uint8_t *words = d->words.data;
    switch (d->words.type) {
    case SAFETENSORS_F16:
        float16_to_floats(words + 2 * word * e, e, row);
        break;
    case SAFETENSORS_BF16:
        float16_brain_to_floats(words + 2 * word * e, e, row);
        break;
    default:
        memcpy(row, words + sizeof *row * word * e, e * sizeof *row);
    }
}

/* Caches the products of all words among the inputs. */
static void keep_words(const struct inference_decoder *d, size_t n, const int32_t *inputs,
                       struct inference_step *step) {
    const size_t e = d->decoder->embedding, p = d->decoder->products;
    if (n > step->capacity - step->used) forget_words(d, step);
    size_t fresh = 0;
    for (size_t i = 0; i < n; i++) {
        if (inputs[i] < 0 || step->place_of_word[inputs[i]] != NOWHERE) continue;
        step->place_of_word[inputs[i]] = (int32_t)(step->used + fresh);
        read_word(d, (size_t)inputs[i], step->inputs + fresh++ * e);
    }
    inference_matrix_multiply(&d->input,
                              &(struct matrix_product){.rows = fresh,
                                                       .input = step->inputs,
                                                       .stride = e,
                                                       .output = step->products + step->used * p,
                                                       .scratch = step->rounding,
                                                       .threads = step->threads});
    step->used += fresh;
}

static bool is_vector(int32_t input) {
    return input <= DECODER_VECTOR;
}

/* gates (P): the products of the input weights with row i's input and with its added vector. */
static void input_products(const struct inference_decoder *d, const struct decoder_inputs *inputs,
                           size_t i, const struct inference_step *step, float *gates) {
    const size_t p = d->decoder->products;
    const real *images = inputs->vectors;
    const int32_t input = inputs->words[i];
    const int32_t added = inputs->added ? inputs->added[i] : DECODER_NOTHING;
    const float *word =
        input >= 0 ? step->products + (size_t)step->place_of_word[input] * p : d->input_bias;
    memcpy(gates, word, p * sizeof *gates);
    if (is_vector(input)) vector_add(p, images + (size_t)(DECODER_VECTOR - input) * p, gates);
    if (is_vector(added)) vector_add(p, images + (size_t)(DECODER_VECTOR - added) * p, gates);
}

void inference_decoder_step(const struct inference_decoder *d, const struct decoder_inputs *inputs,
                            float *states, float *logits, struct inference_step *step) {
    const struct decoder *sizes = d->decoder;
    const size_t n = inputs->rows, saved = sizes->cell->saved * sizes->hidden;
    keep_words(d, n, inputs->words, step);
    for (size_t i = 0; i < n; i++) input_products(d, inputs, i, step, step->gates + i * saved);
    inference_matrix_multiply(&d->hidden, &(struct matrix_product){.rows = n,
                                                                   .input = states,
                                                                   .stride = sizes->state,
                                                                   .output = step->recurrent,
                                                                   .scratch = step->rounding,
                                                                   .threads = step->threads});
    sizes->cell->forward(&(struct cell_step){.rows = n,
                                             .hidden = sizes->hidden,
                                             .gates = step->gates,
                                             .recurrent = step->recurrent,
                                             .before = states,
                                             .after = step->after});
    memcpy(states, step->after, n * sizes->state * sizeof *states);
    if (logits) {
        inference_matrix_multiply(&d->output, &(struct matrix_product){.rows = n,
                                                                       .input = states,
                                                                       .stride = sizes->state,
                                                                       .output = logits,
                                                                       .scratch = step->rounding,
                                                                       .threads = step->threads});
    }
}
