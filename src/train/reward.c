#include "train/reward.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"
#include "nn/softmax.h"
#include "text/vocabulary.h"

static const char what[] = "rewards";

struct reward {
    double bleu; /* weight of BLEU-4 */
    struct ngrams ngrams;
    struct cider cider;
};

/* The captions of all photos, each followed by <end>, as they lie in the data set. */
static void list_references(const struct captions_part *photos, size_t count,
                            struct ngrams_text *reference, struct ngrams_photo *listed) {
    static const struct ngrams_text no_caption = {.last = NGRAMS_NO_WORD};
    for (size_t i = 0; i < count; i++) {
        const struct captions *captions = photos[i].captions;
        listed[i] = (struct ngrams_photo){no_caption, reference, photos[i].count};
        for (size_t j = photos[i].first; j < photos[i].first + photos[i].count; j++) {
            const size_t begin = captions->begin[j], end = captions->begin[j + 1];
            *reference++ =
                (struct ngrams_text){captions->words + begin, end - begin, VOCABULARY_END};
        }
    }
}

struct reward *reward_new(const struct captions_part *photos, size_t count, double bleu,
                          caption_error *error) {
    struct reward *reward = memory_zeroed(1, sizeof *reward, what, error);
    if (!reward) return NULL;
    reward->bleu = bleu;
    size_t captions = 0;
    for (size_t i = 0; i < count; i++) captions += photos[i].count;
    struct ngrams_photo *listed = memory_uninitialised(count, sizeof *listed, what, error);
    struct ngrams_text *references =
        memory_uninitialised(captions, sizeof *references, what, error);
    bool ok = listed && references;
    if (ok) list_references(photos, count, references, listed);
    ok = ok && ngrams_init(&reward->ngrams, listed, count, VOCABULARY_UNK, error) &&
         cider_init(&reward->cider, &reward->ngrams, error);
    free(listed);
    free(references);
    if (ok) return reward;
    reward_free(reward);
    return NULL;
}

void reward_free(struct reward *reward) {
    if (!reward) return;
    cider_free(&reward->cider);
    ngrams_free(&reward->ngrams);
    free(reward);
}

double reward_of(const struct reward *reward, size_t photo, const int32_t *words, size_t count,
                 bool ended, struct ngrams_scratch *scratch) {
    const struct ngrams_text text = {words, count, ended ? VOCABULARY_END : NGRAMS_NO_WORD};
    struct ngrams_sentence sentence;
    ngrams_count(&reward->ngrams, &text, scratch, &sentence);
    struct ngrams_item item = reward->ngrams.items[photo];
    item.candidate = &sentence;
    const double cider = cider_score(&reward->cider, &sentence, &item);
    if (reward->bleu <= 0) return cider;
    double bleu[NGRAMS_ORDERS];
    bleu_of_item(&item, bleu);
    return cider + reward->bleu * bleu[NGRAMS_ORDERS - 1];
}

struct rollout {
    struct arena arena; /* of the arrays */
    const struct decoder *decoder;
    size_t longest;
    struct rollout_caption *captions; /* [rows] */
    int32_t *words;                   /* (rows, longest) */
    size_t *going;                    /* [rows] the caption of each unfinished row */
    int32_t *inputs;                  /* [rows] */
    int32_t *images;                  /* [rows] the vector of each row, as in decoder_step */
    real *states;                     /* (rows, S) */
    real *logits;                     /* (rows, V) */
    struct decoder_scratch *scratch;
};

struct rollout *rollout_new(const struct decoder *decoder, size_t rows, size_t longest,
                            caption_error *error) {
    static const char drawn[] = "captions to be drawn";
    struct rollout *r = memory_zeroed(1, sizeof *r, drawn, error);
    if (!r) return NULL;
    r->decoder = decoder;
    r->longest = longest;
    if ((r->captions = arena_take(&r->arena, rows, sizeof *r->captions, drawn, error)) &&
        (r->words = arena_take(&r->arena, rows, longest * sizeof *r->words, drawn, error)) &&
        (r->going = arena_take(&r->arena, rows, sizeof *r->going, drawn, error)) &&
        (r->inputs = arena_take(&r->arena, rows, sizeof *r->inputs, drawn, error)) &&
        (r->images = arena_take(&r->arena, rows, sizeof *r->images, drawn, error)) &&
        (r->states = arena_take(&r->arena, rows, decoder->state * sizeof(real), drawn, error)) &&
        (r->logits = arena_take(&r->arena, rows, decoder->words * sizeof(real), drawn, error)) &&
        (r->scratch = decoder_scratch_new(decoder, rows, error))) {
        return r;
    }
    rollout_free(r);
    return NULL;
}

void rollout_free(struct rollout *r) {
    if (!r) return;
    decoder_scratch_free(r->scratch);
    arena_free(&r->arena);
    free(r);
}

/* Makes all captions empty and feeds the photos' vectors. */
static void begin(struct rollout *r, const struct parameters *parameters, const real *vectors,
                  size_t count, size_t samples) {
    for (size_t i = 0; i < count; i++) {
        r->captions[i] = (struct rollout_caption){.words = r->words + i * r->longest};
        r->going[i] = i;
        r->inputs[i] = r->images[i] = DECODER_VECTOR - (int32_t)(i / samples);
    }
    memset(r->states, 0, count * r->decoder->state * sizeof *r->states);
    const struct decoder_inputs inputs = {.rows = count, .words = r->inputs, .vectors = vectors};
    decoder_step(r->decoder, parameters, &inputs, r->states, NULL, r->scratch);
    for (size_t i = 0; i < count; i++) r->inputs[i] = VOCABULARY_START;
}

/* Draws a word from a row of logits, which is replaced by its softmax. */
static int32_t draw_word(size_t words, real *row, struct random *random) {
    softmax_distribution(words, row);
    real mark = (real)random_uniform(random);
    size_t likeliest = VOCABULARY_END;
    for (size_t word = 0; word < words; word++) {
        if (mark < row[word]) return (int32_t)word;
        mark -= row[word];
        if (row[word] > row[likeliest]) likeliest = word;
    }
    return (int32_t)likeliest; /* the sum is 1 up to rounding */
}

/* Draws the next word of every unfinished caption; returns how many remain unfinished. */
static size_t extend(struct rollout *r, size_t going, struct random *random) {
    const size_t state = r->decoder->state, words = r->decoder->words;
    size_t left = 0;
    for (size_t row = 0; row < going; row++) {
        struct rollout_caption *caption = &r->captions[r->going[row]];
        const int32_t word = draw_word(words, r->logits + row * words, random);
        caption->ended = word == VOCABULARY_END;
        if (caption->ended) continue;
        caption->words[caption->count++] = word;
        if (caption->count == r->longest) continue;
        r->inputs[left] = word;
        r->images[left] = r->images[row];
        memmove(r->states + left * state, r->states + row * state, state * sizeof *r->states);
        r->going[left++] = r->going[row];
    }
    return left;
}

const struct rollout_caption *rollout_draw(struct rollout *r, const struct parameters *parameters,
                                           const real *vectors, size_t photos, size_t samples,
                                           struct random *random) {
    struct decoder_inputs inputs = {.rows = photos * samples,
                                    .words = r->inputs,
                                    .added = r->decoder->image_every ? r->images : NULL,
                                    .vectors = vectors};
    begin(r, parameters, vectors, inputs.rows, samples);
    while (inputs.rows > 0) {
        decoder_step(r->decoder, parameters, &inputs, r->states, r->logits, r->scratch);
        inputs.rows = extend(r, inputs.rows, random);
    }
    return r->captions;
}
