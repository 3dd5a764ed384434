#include "train/reward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"
#include "nn/softmax.h"
#include "text/vocabulary.h"

static const char what[] = "rewards";

/* Bytes of the name of an out-of-vocabulary word. */
enum { NAME_SIZE = 24 };

struct reward {
    const struct vocabulary *vocabulary;
    double bleu;               /* weight of BLEU-4 */
    struct tokens *references; /* captions of the photos, each followed by <end> */
    char **words;              /* that the references point to */
    char *out_of_vocabulary;   /* (out_of_vocabulary, NAME_SIZE) names of words */
    struct ngrams ngrams;
    struct cider cider;
};

struct reward_scratch {
    char **words; /* [longest + 1], <end> counted */
    struct ngrams_scratch ngrams;
};

/* Totals over the captions of all photos. */
struct reward_extent {
    size_t captions, words, out_of_vocabulary; /* <end> is a word */
};

static struct reward_extent measure(const struct captions_part *photos, size_t count) {
    struct reward_extent extent = {0};
    for (size_t i = 0; i < count; i++) {
        const struct captions *captions = photos[i].captions;
        const size_t begin = captions->begin[photos[i].first];
        const size_t end = captions->begin[photos[i].first + photos[i].count];
        extent.captions += photos[i].count;
        extent.words += end - begin + photos[i].count;
        for (size_t w = begin; w < end; w++)
            extent.out_of_vocabulary += captions->words[w] == VOCABULARY_UNK;
    }
    return extent;
}

/* Writes the words of references one after the other. */
struct writer {
    const struct vocabulary *vocabulary;
    char **word, *name;
    size_t out_of_vocabulary;
};

/* A name with a space is unique, since no tokenizer makes such a word. */
static char *name_out_of_vocabulary(struct writer *writer) {
    char *name = writer->name;
    snprintf(name, NAME_SIZE, " %zu", writer->out_of_vocabulary++);
    writer->name += NAME_SIZE;
    return name;
}

static struct tokens write_caption(struct writer *writer, const struct captions *captions,
                                   size_t caption) {
    const size_t begin = captions->begin[caption], end = captions->begin[caption + 1];
    const struct tokens tokens = {.count = end - begin + 1, .words = writer->word};
    for (size_t w = begin; w < end; w++) {
        const bool known = captions->words[w] != VOCABULARY_UNK;
        *writer->word++ =
            known ? writer->vocabulary->words[captions->words[w]] : name_out_of_vocabulary(writer);
    }
    *writer->word++ = writer->vocabulary->words[VOCABULARY_END];
    return tokens;
}

/* Fills items[count] and the references that they point to. */
static void write_references(struct reward *reward, const struct captions_part *photos,
                             size_t count, struct scores_item *items) {
    static const struct tokens no_caption = {0};
    struct writer writer = {
        .vocabulary = reward->vocabulary, .word = reward->words, .name = reward->out_of_vocabulary};
    struct tokens *reference = reward->references;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct scores_item){&no_caption, reference, photos[i].count};
        for (size_t j = 0; j < photos[i].count; j++) {
            *reference++ = write_caption(&writer, photos[i].captions, photos[i].first + j);
        }
    }
}

struct reward *reward_new(const struct captions_part *photos, size_t count,
                          const struct vocabulary *vocabulary, double bleu, caption_error *error) {
    struct reward *reward = memory_zeroed(1, sizeof *reward, what, error);
    if (!reward) return NULL;
    *reward = (struct reward){.vocabulary = vocabulary, .bleu = bleu};
    const struct reward_extent extent = measure(photos, count);
    struct scores_item *items = memory_uninitialised(count, sizeof *items, what, error);
    bool ok =
        items &&
        (reward->references =
             memory_uninitialised(extent.captions, sizeof *reward->references, what, error)) &&
        (reward->words = memory_uninitialised(extent.words, sizeof *reward->words, what, error)) &&
        (reward->out_of_vocabulary =
             memory_uninitialised(extent.out_of_vocabulary, NAME_SIZE, what, error));
    if (ok) write_references(reward, photos, count, items);
    ok = ok && ngrams_init(&reward->ngrams, items, count, error) &&
         cider_init(&reward->cider, &reward->ngrams, error);
    free(items);
    if (ok) return reward;
    reward_free(reward);
    return NULL;
}

void reward_free(struct reward *reward) {
    if (!reward) return;
    cider_free(&reward->cider);
    ngrams_free(&reward->ngrams);
    free(reward->references);
    free(reward->words);
    free(reward->out_of_vocabulary);
    free(reward);
}

struct reward_scratch *reward_scratch_new(size_t longest, caption_error *error) {
    struct reward_scratch *scratch = memory_zeroed(1, sizeof *scratch, what, error);
    if (!scratch) return NULL;
    scratch->words = memory_uninitialised(longest + 1, sizeof *scratch->words, what, error);
    if (scratch->words && ngrams_scratch_init(&scratch->ngrams, longest + 1, error)) return scratch;
    reward_scratch_free(scratch);
    return NULL;
}

void reward_scratch_free(struct reward_scratch *scratch) {
    if (!scratch) return;
    ngrams_scratch_free(&scratch->ngrams);
    free(scratch->words);
    free(scratch);
}

double reward_of(const struct reward *reward, size_t photo, const int32_t *words, size_t count,
                 bool ended, struct reward_scratch *scratch) {
    for (size_t i = 0; i < count; i++) {
        scratch->words[i] = reward->vocabulary->words[(size_t)words[i]];
    }
    if (ended) scratch->words[count] = reward->vocabulary->words[VOCABULARY_END];
    const struct tokens tokens = {.count = count + ended, .words = scratch->words};
    struct ngrams_sentence sentence;
    ngrams_count(&reward->ngrams, &tokens, &scratch->ngrams, &sentence);
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
