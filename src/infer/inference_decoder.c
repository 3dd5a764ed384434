#include "infer/inference_decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"
#include "format/float16.h"
#include "infer/low_precision.h"
#include "infer/packed.h"
#include "model/decoder.h"
#include "nn/vector.h"

/* A model's matrix packed for inference, in float or bfloat16. Inputs and outputs are float. */
struct inference_matrix {
    enum precision precision;
    size_t outputs, inputs;
    struct packed floats;               /* PRECISION_F32 */
    struct packed_low_precision halves; /* PRECISION_BF16 */
};

/* Indices of a linear layer's tensors. */
struct inference_tensors {
    size_t weight; /* (outputs, inputs) */
    size_t bias;   /* (outputs,), or INFERENCE_NO_BIAS */
};

#define INFERENCE_NO_BIAS SIZE_MAX

enum { PANEL = PACKED_PANEL };
_Static_assert((int)PACKED_PANEL == (int)LOW_PRECISION_PANEL,
               "panels of both kinds have the same rows");

static bool matrix_init(struct inference_matrix *matrix, enum safetensors_type type,
                        struct arena *arena, caption_error *error) {
    if (matrix->precision == PRECISION_F32) {
        __typeof__(packed_init) *floats_init =
            type == SAFETENSORS_F16 ? packed_init_halves : packed_init;
        return floats_init(&matrix->floats, matrix->outputs, matrix->inputs, arena, error);
    }
    size_t outputs;
    if (!size_add(matrix->outputs, PANEL - 1, &outputs)) return error_memory(error, "weights");
    outputs -= outputs % PANEL;
    return packed_low_precision_init(&matrix->halves, PRECISION_BF16, false, outputs,
                                     matrix->inputs, arena, error);
}

static void pack_rows(struct inference_matrix *matrix, size_t first, size_t count,
                      const float *rows, const float *bias) {
    if (matrix->precision == PRECISION_F32) {
        packed_rows(&matrix->floats, first, count, rows);
        memcpy(matrix->floats.bias + first, bias + first, count * sizeof *bias);
        return;
    }
    memcpy(matrix->halves.bias + first, bias + first, count * sizeof *bias);
    packed_low_precision_rows(&matrix->halves, first, count, matrix->inputs, rows);
}

/* Packs the tensors into the arena. False when a number is not finite or memory is short. */
static bool inference_matrix_init(struct inference_matrix *matrix, enum precision precision,
                                  const struct weights *weights, struct inference_tensors tensors,
                                  struct arena *arena, caption_error *error) {
    const size_t *shape = weights->parameters->tensors[tensors.weight].shape;
    *matrix =
        (struct inference_matrix){.precision = precision, .outputs = shape[0], .inputs = shape[1]};
    if (!matrix_init(matrix, weights_type(weights, tensors.weight), arena, error)) return false;
    if (arena->is_filled) return true;
    /* A panel at a time, so that there is no second copy of the weights. */
    float *rows = memory_uninitialised(PANEL, matrix->inputs * sizeof *rows, "weights", error);
    float *bias = memory_uninitialised(matrix->outputs, sizeof *bias, "weights", error);
    bool read = rows && bias;
    if (read && tensors.bias == INFERENCE_NO_BIAS) {
        memset(bias, 0, matrix->outputs * sizeof *bias);
    } else if (read) {
        read = weights_read(weights, tensors.bias, bias, error);
    }
    for (size_t first = 0; read && first < matrix->outputs; first += PANEL) {
        const size_t count = size_smaller(matrix->outputs - first, PANEL);
        read = weights_read_rows(weights, tensors.weight, first, count, rows, error);
        if (read) pack_rows(matrix, first, count, rows, bias);
    }
    free(rows);
    free(bias);
    return read;
}

/* Floats of scratch that a product needs for each row of `inputs` numbers, except in
 * PRECISION_F32. */
static size_t inference_matrix_scratch(size_t inputs) {
    return inputs / 2 + inputs % 2 + PANEL;
}

struct matrix_product {
    size_t rows;
    const float *input;      /* (rows, inputs) */
    size_t stride;           /* floats from row to row of the input */
    float *output;           /* (rows, outputs) */
    float *scratch;          /* (rows, inference_matrix_scratch(inputs)); unused in PRECISION_F32 */
    struct threads *threads; /* they share the outputs of a large product; NULL: the caller alone */
};

/* Rounded rows are contiguous, each a whole number of pairs. */
SIMD_KERNEL(static, void, round_rows,
            (size_t rows, size_t inputs, const float *restrict input, size_t input_stride,
             uint16_t *restrict rounded),
            (rows, inputs, input, input_stride, rounded)) {
    const size_t stride = inputs + inputs % 2;
    for (size_t r = 0; r < rows; r++, rounded += stride) {
        for (size_t j = 0; j < inputs; j++) rounded[j] = float_to_bf16(input[r * input_stride + j]);
        if (stride > inputs) rounded[inputs] = 0;
    }
}

/* The last panel, which the outputs do not fill, through a buffer of its full width. */
static void multiply_rest(const struct inference_matrix *matrix, size_t rows,
                          struct packed_low_precision_product product, float *block) {
    const size_t whole = matrix->outputs / PANEL, columns = matrix->outputs % PANEL;
    float *output = (float *)product.output + whole * PANEL;
    const size_t output_stride = product.output_stride;
    product.output = block;
    product.output_stride = PANEL;
    packed_low_precision_multiply(&matrix->halves, whole, 1, rows, &product);
    for (size_t r = 0; r < rows; r++) {
        memcpy(output + r * output_stride, block + r * PANEL, columns * sizeof *output);
    }
}

/* A product that threads share: each takes some of the panels. */
struct shared_product {
    const struct inference_matrix *matrix;
    const struct matrix_product *product;
    size_t parts;
};

static void multiply_floats(const struct shared_product *shared, size_t first, size_t panels) {
    const struct matrix_product *product = shared->product;
    const struct packed part = packed_part(&shared->matrix->floats, first, panels);
    packed_multiply(&part, product->rows,
                    &(struct packed_product){.input = product->input,
                                             .input_stride = product->stride,
                                             .output = product->output + first * PANEL,
                                             .output_stride = shared->matrix->outputs});
}

/* The scratch holds a block for the last panel and the rounded rows. */
static uint16_t *rounded_rows(const struct matrix_product *product) {
    return (uint16_t *)(product->scratch + product->rows * PANEL);
}

static void multiply_low_precision(const struct shared_product *shared, size_t first,
                                   size_t panels) {
    const struct inference_matrix *matrix = shared->matrix;
    const struct matrix_product *product = shared->product;
    struct packed_low_precision_product low = {
        .input = rounded_rows(product),
        .input_stride = (matrix->inputs + matrix->inputs % 2) * sizeof(uint16_t),
        .output = product->output,
        .output_stride = matrix->outputs};
    const size_t whole = matrix->outputs / PANEL;
    const size_t end = size_smaller(first + panels, whole);
    if (first + panels > whole) multiply_rest(matrix, product->rows, low, product->scratch);
    if (end <= first) return;
    low.output = product->output + first * PANEL;
    packed_low_precision_multiply(&matrix->halves, first, end - first, product->rows, &low);
}

static void multiply_part(void *context, size_t part, size_t worker) {
    (void)worker;
    const struct shared_product *shared = context;
    const size_t panels = (shared->matrix->outputs + PANEL - 1) / PANEL;
    const size_t first = panels * part / shared->parts, end = panels * (part + 1) / shared->parts;
    if (end == first) return;
    if (shared->matrix->precision == PRECISION_F32)
        multiply_floats(shared, first, end - first);
    else
        multiply_low_precision(shared, first, end - first);
}

/* Multiplications below which waking the others takes longer than it saves. */
enum { WORTH_SHARING = 1 << 18 };

/* output = input weights' + bias. A row's result depends neither on the other rows nor on the
 * threads, to the last bit. */
static void inference_matrix_multiply(const struct inference_matrix *matrix,
                                      const struct matrix_product *product) {
    struct shared_product shared = {.matrix = matrix, .product = product, .parts = 1};
    if (matrix->precision != PRECISION_F32)
        round_rows(product->rows, matrix->inputs, product->input, product->stride,
                   rounded_rows(product));
    if (product->rows * matrix->inputs >= WORTH_SHARING / matrix->outputs)
        shared.parts = threads_count(product->threads);
    if (shared.parts == 1)
        multiply_part(&shared, 0, 0);
    else
        threads_for(product->threads, shared.parts, multiply_part, &shared);
}

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
    const enum precision stored = precision_of_decoder(precision);
    made->decoder = d;
    /* A photo is projected only once, so low precision would save almost nothing. */
    const struct packed_file *packed = weights->packed;
    if ((!packed || packed_file_map(packed, PACKED_DECODER, arena, error)) &&
        (made->shift = weights_take(weights, d->image_shift, arena, "the decoder", error)) &&
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

const struct arena *inference_decoder_weights(const struct inference_decoder *d) {
    return &d->arena;
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
