#include "train/reward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"

static const char what[] = "rewards";

/* Of a word of its own, as text. */
enum { STRANGER = 24 };

struct reward {
    const struct vocabulary *vocabulary;
    double bleu;               /* the share of BLEU-4 */
    struct tokens *references; /* what is said of the photos, with <end> behind it */
    char **words;              /* that those point to */
    char *strangers;           /* (strangers, STRANGER) names of words that the vocabulary lacks */
    struct ngrams ngrams;
    struct cider cider;
};

struct reward_room {
    char **words; /* [longest + 1], <end> counted */
    struct ngrams_room ngrams;
};

/* What is said of all photos together. */
struct extent {
    size_t captions, words, strangers; /* <end> is a word */
};

static struct extent measure(const struct captions_part *photos, size_t count) {
    struct extent extent = {0};
    for (size_t i = 0; i < count; i++) {
        const struct captions *said = photos[i].captions;
        const size_t begin = said->begin[photos[i].first];
        const size_t end = said->begin[photos[i].first + photos[i].count];
        extent.captions += photos[i].count;
        extent.words += end - begin + photos[i].count;
        for (size_t w = begin; w < end; w++) extent.strangers += said->words[w] == VOCABULARY_UNK;
    }
    return extent;
}

/* Words as n-grams are made of, written one after the other. */
struct writer {
    const struct vocabulary *vocabulary;
    char **word, *stranger;
    size_t strangers;
};

/* No tokenizer makes a word with a space in it, so nothing else is called that. */
static char *name_stranger(struct writer *writer) {
    char *name = writer->stranger;
    snprintf(name, STRANGER, " %zu", writer->strangers++);
    writer->stranger += STRANGER;
    return name;
}

static struct tokens write_caption(struct writer *writer, const struct captions *said,
                                   size_t caption) {
    const size_t begin = said->begin[caption], end = said->begin[caption + 1];
    const struct tokens tokens = {.count = end - begin + 1, .words = writer->word};
    for (size_t w = begin; w < end; w++) {
        const bool known = said->words[w] != VOCABULARY_UNK;
        *writer->word++ = known ? writer->vocabulary->words[said->words[w]] : name_stranger(writer);
    }
    *writer->word++ = writer->vocabulary->words[VOCABULARY_END];
    return tokens;
}

/* items[count] and what they point to. */
static void write_references(struct reward *reward, const struct captions_part *photos,
                             size_t count, struct scores_item *items) {
    static const struct tokens nothing_said = {0};
    struct writer writer = {
        .vocabulary = reward->vocabulary, .word = reward->words, .stranger = reward->strangers};
    struct tokens *reference = reward->references;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct scores_item){&nothing_said, reference, photos[i].count};
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
    const struct extent extent = measure(photos, count);
    struct scores_item *items = memory_uninitialised(count, sizeof *items, what, error);
    bool ok =
        items &&
        (reward->references =
             memory_uninitialised(extent.captions, sizeof *reward->references, what, error)) &&
        (reward->words = memory_uninitialised(extent.words, sizeof *reward->words, what, error)) &&
        (reward->strangers = memory_uninitialised(extent.strangers, STRANGER, what, error));
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
    free(reward->strangers);
    free(reward);
}

struct reward_room *reward_room_new(size_t longest, caption_error *error) {
    struct reward_room *room = memory_zeroed(1, sizeof *room, what, error);
    if (!room) return NULL;
    room->words = memory_uninitialised(longest + 1, sizeof *room->words, what, error);
    if (room->words && ngrams_room_init(&room->ngrams, longest + 1, error)) return room;
    reward_room_free(room);
    return NULL;
}

void reward_room_free(struct reward_room *room) {
    if (!room) return;
    ngrams_room_free(&room->ngrams);
    free(room->words);
    free(room);
}

double reward_of(const struct reward *reward, size_t photo, const int32_t *words, size_t count,
                 bool ended, struct reward_room *room) {
    for (size_t i = 0; i < count; i++) {
        room->words[i] = reward->vocabulary->words[(size_t)words[i]];
    }
    if (ended) room->words[count] = reward->vocabulary->words[VOCABULARY_END];
    const struct tokens said = {.count = count + ended, .words = room->words};
    struct ngrams_sentence sentence;
    ngrams_count(&reward->ngrams, &said, &room->ngrams, &sentence);
    struct ngrams_item item = reward->ngrams.items[photo];
    item.candidate = &sentence;
    const double cider = cider_score(&reward->cider, &sentence, &item);
    if (reward->bleu <= 0) return cider;
    double bleu[NGRAMS_ORDERS];
    bleu_of_item(&item, bleu);
    return cider + reward->bleu * bleu[NGRAMS_ORDERS - 1];
}
