#include "decode/suggester.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "decode/decode.h"
#include "decode/pipeline.h"
#include "decode/rows.h"
#include "image/photo.h"
#include "text/tokenizer.h"

struct suggester {
    const struct decode_plan *plan;
    const struct inference_encoder *encoder;
    const float *about;           /* (F,): `features`, or NULL: no photo */
    struct rows rows;             /* one row of one photo */
    real *allowed;                /* (V,): logits of the words that may be suggested */
    struct candidates candidates; /* items: [V] */
    caption_word *found;          /* [found_capacity], texts borrowed: of the call */
    size_t found_capacity;
    /* From the first photo on: */
    struct inference_workspace *encoding;
    float *input;    /* (S, S, 3) */
    float *features; /* (F,) */
    /* From the first completion on: */
    struct decode_plan completing; /* the plan, with the text as its prefix */
    uint32_t *prefix;              /* [max_length] */
    struct decode_workspace *decoding;
};

static const char what[] = "suggestions";

static bool suggester_init(struct suggester *s, const struct prepared *prepared,
                           caption_error *error) {
    const struct decode_plan *plan = prepared->plan;
    const size_t words = plan->model->decoder.words;
    *s = (struct suggester){.plan = plan, .encoder = prepared->encoder};
    if (!rows_init(&s->rows, plan->model, plan->decoder, 1, 1, error)) return false;
    s->allowed = arena_take(&s->rows.arena, words, sizeof *s->allowed, what, error);
    s->candidates.items =
        arena_take(&s->rows.arena, words, sizeof *s->candidates.items, what, error);
    return s->allowed && s->candidates.items;
}

struct suggester *suggester_new(const struct prepared *prepared, caption_error *error) {
    struct suggester *s = memory_zeroed(1, sizeof *s, what, error);
    if (!s || suggester_init(s, prepared, error)) return s;
    suggester_free(s);
    return NULL;
}

void suggester_free(struct suggester *s) {
    if (!s) return;
    rows_free(&s->rows);
    free(s->found);
    inference_workspace_free(s->encoding);
    free(s->input);
    free(s->features);
    free(s->prefix);
    decode_workspace_free(s->decoding);
    free(s);
}

static bool prepare_features(struct suggester *s, caption_error *error) {
    if (!s->features)
        s->features = memory_uninitialised(s->plan->model->decoder.features, sizeof *s->features,
                                           what, error);
    return s->features != NULL;
}

static bool prepare_to_look(struct suggester *s, caption_error *error) {
    const struct model *model = s->plan->model;
    const size_t size = model->preprocessing.size;
    if (!s->encoding) s->encoding = inference_workspace_new(s->encoder, NULL, error);
    if (s->encoding && !s->input)
        s->input = memory_uninitialised(size, size * 3 * sizeof *s->input, "a photo", error);
    return s->input && prepare_features(s, error);
}

bool suggester_look(struct suggester *s, const struct file_bytes *photo, const char *name,
                    caption_error *error) {
    s->about = NULL;
    if (!photo) return true;
    const caption_options *options = &s->plan->options;
    const struct image_file file = image_file_inspect(name, photo->data, photo->size);
    struct image image;
    if (!prepare_to_look(s, error) || !pipeline_check_pixels(&file, options->max_pixels, error) ||
        !photo_load_image(&file, &s->plan->model->preprocessing, options->accept_truncated, &image,
                          s->input, error)) {
        return false;
    }
    image_free(&image);
    inference_encoder_run(s->encoder, s->input, 1, s->encoding, s->features);
    s->about = s->features;
    return true;
}

const float *suggester_features(const struct suggester *s) {
    return s->about;
}

bool suggester_recall(struct suggester *s, const float *features, caption_error *error) {
    s->about = NULL;
    if (!prepare_features(s, error)) return false;
    memcpy(s->features, features, s->plan->model->decoder.features * sizeof *s->features);
    s->about = s->features;
    return true;
}

/* Reads a word: what may follow it is then in the row's logits. */
static bool read_word(struct suggester *s, size_t word, double *normaliser, caption_error *error) {
    s->rows.inputs[0] = (int32_t)word;
    rows_step(&s->rows, 1);
    return rows_normaliser(&s->rows, 0, normaliser, error);
}

/* Begins a sentence. */
static bool begin(struct suggester *s, double *normaliser, caption_error *error) {
    s->rows.inputs[0] = DECODER_VECTOR;
    rows_begin(&s->rows, s->about, 1, 1);
    return read_word(s, VOCABULARY_START, normaliser, error);
}

/* Reads the first `count` words of a text. */
static bool read_text(struct suggester *s, const struct tokens *text, size_t count,
                      double *normaliser, caption_error *error) {
    if (!begin(s, normaliser, error)) return false;
    const struct vocabulary *vocabulary = &s->plan->model->vocabulary;
    for (size_t i = 0; i < count; i++)
        if (!read_word(s, vocabulary_find(vocabulary, text->words[i]), normaliser, error))
            return false;
    return true;
}

/* Makes `found`, whose texts are borrowed, the caller's: one block with the texts behind it. */
static bool hand_over(const caption_word *found, size_t count, caption_words *words,
                      caption_error *error) {
    size_t bytes;
    if (!size_multiply(count, sizeof *found, &bytes)) return error_memory(error, what);
    const size_t texts = bytes;
    for (size_t i = 0; i < count; i++)
        if (!size_add(bytes, strlen(found[i].text) + 1, &bytes)) return error_memory(error, what);
    char *block = memory_uninitialised(bytes, 1, what, error);
    if (!block) return false;
    words->count = count;
    words->words = (caption_word *)(void *)block;
    char *text = block + texts;
    for (size_t i = 0; i < count; i++) {
        words->words[i] = found[i];
        words->words[i].text = text;
        text = stpcpy(text, found[i].text) + 1;
    }
    return true;
}

static bool make_space(struct suggester *s, size_t count, caption_error *error) {
    return memory_grow(&s->found, &s->found_capacity, count, sizeof *s->found, what, error);
}

/* Whether a byte of a text is that of a token: the same letter in any locale of the caller, in
 * Turkish too, or both beyond ASCII. */
static bool is_same(char typed, char token) {
    if ((unsigned char)typed >= 0x80) return (unsigned char)token >= 0x80;
    return utf8_lower((unsigned char)typed) == (unsigned char)token;
}

/* Bytes of the word that the text ends within, its last token; 0: something follows that word. */
static size_t begun_bytes(const char *text, const struct tokens *tokens) {
    if (tokens->count == 0) return 0;
    const char *token = tokens->words[tokens->count - 1];
    const size_t length = strlen(text), bytes = strlen(token);
    if (bytes > length) return 0;
    for (size_t i = 0; i < bytes; i++)
        if (!is_same(text[length - bytes + i], token[i])) return 0;
    return bytes;
}

/* The most probable words that begin with `stem`. */
static void choose(struct suggester *s, const char *stem, size_t most, double normaliser) {
    const struct vocabulary *vocabulary = &s->plan->model->vocabulary;
    const size_t words = s->plan->model->decoder.words, length = strlen(stem);
    for (size_t i = 0; i < words; i++) {
        const bool fits = length == 0 || (i >= VOCABULARY_SPECIALS &&
                                          strncmp(vocabulary->words[i], stem, length) == 0);
        s->allowed[i] = fits && rows_is_said(i) ? s->rows.logits[i] : -(real)INFINITY;
    }
    s->candidates.count = 0;
    s->candidates.capacity = size_smaller(most, words);
    candidates_offer(&s->candidates, s->allowed, words, -normaliser, 0);
    candidates_sort(&s->candidates);
}

static caption_word word_of(const struct suggester *s, uint32_t word, double logprob) {
    char *const *words = s->plan->model->vocabulary.words;
    return (caption_word){.text = word == VOCABULARY_END ? SUGGESTER_END : words[word],
                          .logprob = logprob,
                          .rank = rows_rank(&s->rows, 0, word)};
}

/* `words` knows how much of the last word is typed. */
static bool suggest(struct suggester *s, const struct tokens *text, size_t most,
                    caption_words *words, caption_error *error) {
    const bool begun = words->begun > 0;
    const size_t read = text->count - begun;
    double normaliser;
    if (!read_text(s, text, read, &normaliser, error)) return false;
    choose(s, begun ? text->words[read] : "", most, normaliser);
    const size_t count = s->candidates.count;
    if (!make_space(s, count, error)) return false;
    for (size_t i = 0; i < count; i++)
        s->found[i] = word_of(s, s->candidates.items[i].word, s->candidates.items[i].logprob);
    return hand_over(s->found, count, words, error);
}

bool suggester_suggest(struct suggester *s, const char *text, size_t most, caption_words *words,
                       caption_error *error) {
    *words = (caption_words){0};
    if (most == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "0 suggestions are asked for, at least 1");
    struct tokens tokens;
    if (!tokenize(text, &tokens, error)) return false;
    words->begun = begun_bytes(text, &tokens);
    const bool done = suggest(s, &tokens, most, words, error);
    tokens_free(&tokens);
    return done;
}

/* Each word as it is found before it is read; then the end. */
static bool score(struct suggester *s, const struct tokens *text, caption_words *words,
                  caption_error *error) {
    const struct vocabulary *vocabulary = &s->plan->model->vocabulary;
    double normaliser;
    if (!make_space(s, text->count + 1, error) || !begin(s, &normaliser, error)) return false;
    for (size_t i = 0; i < text->count; i++) {
        const uint32_t word = (uint32_t)vocabulary_find(vocabulary, text->words[i]);
        s->found[i] = word_of(s, word, (double)s->rows.logits[word] - normaliser);
        s->found[i].text = text->words[i];
        if (!read_word(s, word, &normaliser, error)) return false;
    }
    s->found[text->count] =
        word_of(s, VOCABULARY_END, (double)s->rows.logits[VOCABULARY_END] - normaliser);
    for (size_t i = 0; i <= text->count; i++)
        if (!isfinite(s->found[i].logprob)) return rows_not_finite(error);
    return hand_over(s->found, text->count + 1, words, error);
}

bool suggester_score(struct suggester *s, const char *sentence, caption_words *words,
                     caption_error *error) {
    *words = (caption_words){0};
    struct tokens tokens;
    if (!tokenize(sentence, &tokens, error)) return false;
    const bool done = score(s, &tokens, words, error);
    tokens_free(&tokens);
    return done;
}

static bool prepare_to_complete(struct suggester *s, caption_error *error) {
    if (s->decoding) return true;
    const size_t most = s->plan->options.max_length;
    if (!s->prefix) s->prefix = memory_zeroed(most, sizeof *s->prefix, "the prefix", error);
    if (!s->prefix) return false;
    s->completing = *s->plan;
    s->completing.prefix = s->prefix;
    s->decoding = decode_workspace_new(&s->completing, 1, error);
    return s->decoding != NULL;
}

bool suggester_complete(struct suggester *s, const char *text, struct decode_result *result,
                        caption_error *error) {
    *result = (struct decode_result){0};
    struct tokens tokens;
    if (!tokenize(text, &tokens, error)) return false;
    const bool done =
        prepare_to_complete(s, error) &&
        plan_look_up(s->plan, &tokens, s->prefix, &s->completing.prefix_count, error) &&
        decode_features(s->decoding, s->about, 1, 0, result, error);
    tokens_free(&tokens);
    return done;
}
