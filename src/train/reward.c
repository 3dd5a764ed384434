#include "train/reward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"

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
