#include "infer/inference_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder.h"
#include "nn/blas.h"
#include "nn/vector.h"
#include "text/tokenizer.h"

static const char what[] = "the search part";

/* Of the square of a vector's length from 1, beyond what rounding explains. */
static const double MOST_DEVIATION = 0.001;

/* A tensor of the model in float. */
static float *read_tensor(const struct model *model, size_t index, struct arena *arena,
                          caption_error *error) {
    const struct weights weights = model_weights(model);
    return weights_take(&weights, index, arena, what, error);
}

/* A projection, its numbers in an arena. */
struct projection {
    size_t outputs, inputs;
    const float *weight, *bias; /* (outputs, inputs), (outputs,) */
};

static bool read_projection(const struct model *model, const struct search_layer *layer,
                            struct arena *arena, struct projection *out, caption_error *error) {
    *out = (struct projection){.outputs = layer->outputs, .inputs = layer->inputs};
    return (out->weight = read_tensor(model, layer->weight, arena, error)) &&
           (out->bias = read_tensor(model, layer->bias, arena, error));
}

/* The unit vector of one row. Numbers that are all 0 have none, nor those of a sum that is not
 * finite. */
static bool project(const struct projection *p, const float *row, float *vector,
                    caption_error *error) {
    memcpy(vector, p->bias, p->outputs * sizeof *vector);
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, 1, p->outputs, p->inputs, 1, row, p->inputs, p->weight,
              p->inputs, 1, vector, p->outputs);
    float scale;
    search_normalise(1, p->outputs, vector, &scale);
    if (fabs(vector_square_sum(p->outputs, vector) - 1) < MOST_DEVIATION) return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "the search part of the model answers with numbers that are all 0 or too large");
}

struct search_sentences {
    const struct model *model;
    struct arena arena;
    struct decoder_tensors cell;
    struct projection projection;
    float *word;           /* (E,) */
    float *gates;          /* (K,) as in cell.h */
    float *recurrent;      /* (P,) */
    float *before, *after; /* (H,) */
};

static bool read_cell(struct search_sentences *s, caption_error *error) {
    const struct decoder *reader = &s->model->search.reader;
    struct decoder_tensors *w = &s->cell;
    return (w->weight_ih = read_tensor(s->model, reader->weight_ih, &s->arena, error)) &&
           (w->weight_hh = read_tensor(s->model, reader->weight_hh, &s->arena, error)) &&
           (w->bias_ih = read_tensor(s->model, reader->bias_ih, &s->arena, error)) &&
           (w->bias_hh = read_tensor(s->model, reader->bias_hh, &s->arena, error));
}

static bool take_states(struct search_sentences *s, caption_error *error) {
    const struct decoder *r = &s->model->search.reader;
    const size_t saved = r->cell->saved * r->hidden;
    return (s->word = arena_take(&s->arena, r->embedding, sizeof(float), what, error)) &&
           (s->gates = arena_take(&s->arena, saved, sizeof(float), what, error)) &&
           (s->recurrent = arena_take(&s->arena, r->products, sizeof(float), what, error)) &&
           (s->before = arena_take(&s->arena, r->state, sizeof(float), what, error)) &&
           (s->after = arena_take(&s->arena, r->state, sizeof(float), what, error));
}

struct search_sentences *search_sentences_new(const struct model *model, caption_error *error) {
    struct search_sentences *s = memory_zeroed(1, sizeof *s, what, error);
    if (!s) return NULL;
    s->model = model;
    if (read_cell(s, error) &&
        read_projection(model, &model->search.sentence, &s->arena, &s->projection, error) &&
        take_states(s, error)) {
        return s;
    }
    search_sentences_free(s);
    return NULL;
}

void search_sentences_free(struct search_sentences *s) {
    if (!s) return;
    arena_free(&s->arena);
    free(s);
}

/* One step of the recurrent network: the next word of the sentence. */
static bool read_word(struct search_sentences *s, uint32_t word, caption_error *error) {
    const struct decoder *reader = &s->model->search.reader;
    const struct weights weights = model_weights(s->model);
    if (!weights_read_rows(&weights, s->model->decoder.embed, word, 1, s->word, error))
        return false;
    decoder_input_products(reader, &s->cell, 1, s->word, s->gates);
    decoder_advance(reader, &s->cell,
                    &(struct cell_step){.rows = 1,
                                        .hidden = reader->hidden,
                                        .gates = s->gates,
                                        .recurrent = s->recurrent,
                                        .before = s->before,
                                        .after = s->after});
    float *state = s->before;
    s->before = s->after;
    s->after = state;
    return true;
}

bool search_words_vector(struct search_sentences *s, const uint32_t *words, size_t count,
                         float *vector, caption_error *error) {
    memset(s->before, 0, s->model->search.reader.state * sizeof *s->before);
    const size_t steps = search_steps(count);
    for (size_t t = 0; t + 1 < steps; t++) {
        if (!read_word(s, words[t], error)) return false;
    }
    if (!read_word(s, VOCABULARY_END, error)) return false;
    return project(&s->projection, s->before, vector, error);
}

/* The numbers of the words that are read; *known: how many of them the model knows. */
static size_t word_numbers(const struct vocabulary *vocabulary, const struct tokens *tokens,
                           uint32_t *words, size_t *known) {
    const size_t count = size_smaller(tokens->count, SEARCH_LONGEST);
    *known = 0;
    for (size_t i = 0; i < count; i++) {
        words[i] = (uint32_t)vocabulary_find(vocabulary, tokens->words[i]);
        *known += words[i] != VOCABULARY_UNK;
    }
    return count;
}

bool search_sentence_vector(struct search_sentences *s, const char *sentence, float *vector,
                            caption_error *error) {
    struct tokens tokens;
    if (!tokenize(sentence, &tokens, error)) return false;
    uint32_t words[SEARCH_LONGEST];
    size_t known;
    const size_t count = word_numbers(&s->model->vocabulary, &tokens, words, &known);
    tokens_free(&tokens);
    if (known > 0) return search_words_vector(s, words, count, vector, error);
    return error_set(
        error, CAPTION_ERROR_ARGUMENT,
        "a sentence to search for: expected words that the model knows, found \"%.80s\"", sentence);
}

struct search_photos {
    const struct model *model;
    struct arena arena;
    struct decoder_tensors w; /* shift, scale, and the word head */
    struct projection projection;
};

static bool read_inputs(struct search_photos *p, caption_error *error) {
    const struct decoder *decoder = &p->model->decoder;
    struct decoder_tensors *w = &p->w;
    return (w->image_shift = read_tensor(p->model, decoder->image_shift, &p->arena, error)) &&
           (w->image_scale = read_tensor(p->model, decoder->image_scale, &p->arena, error)) &&
           (decoder->tags == 0 ||
            ((w->tag_weight = read_tensor(p->model, decoder->tag_weight, &p->arena, error)) &&
             (w->tag_bias = read_tensor(p->model, decoder->tag_bias, &p->arena, error))));
}

struct search_photos *search_photos_new(const struct model *model, caption_error *error) {
    struct search_photos *p = memory_zeroed(1, sizeof *p, what, error);
    if (!p) return NULL;
    p->model = model;
    if (read_inputs(p, error) &&
        read_projection(model, &model->search.photo, &p->arena, &p->projection, error)) {
        return p;
    }
    search_photos_free(p);
    return NULL;
}

void search_photos_free(struct search_photos *p) {
    if (!p) return;
    arena_free(&p->arena);
    free(p);
}

bool search_photo_vectors(const struct search_photos *p, const float *features, size_t count,
                          float *vectors, float *scratch, caption_error *error) {
    const struct decoder *decoder = &p->model->decoder;
    for (size_t i = 0; i < count; i++) {
        const float *photo = features + i * decoder->features;
        search_photo_inputs(decoder, &p->w, &photo, 1, scratch);
        if (!project(&p->projection, scratch, vectors + i * p->projection.outputs, error))
            return false;
    }
    return true;
}

size_t search_photos_scratch(const struct search_photos *p) {
    return p->projection.inputs;
}
