#include "train/reward.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"

static const char what[] = "rewards";

struct reward {
    const struct vocabulary *vocabulary;
    size_t longest;            /* words, <end> not counted */
    double bleu;               /* the share of BLEU-4 */
    struct tokens *references; /* the photos' captions with <end> behind them */
    char **words;              /* that those point to */
    struct ngrams ngrams;
    struct cider cider;
};

struct reward_room {
    char **words; /* [longest + 1] */
    struct ngrams_room ngrams;
};

/* Words of all captions of the photos, <end> counted. */
static size_t count_words(const struct dataset *dataset, const size_t *photos, size_t count,
                          size_t *captions) {
    size_t words = 0;
    *captions = 0;
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        for (size_t j = 0; j < photo->count; j++) {
            words += dataset->captions[photo->first + j].count + 1;
        }
        *captions += photo->count;
    }
    return words;
}

/* The captions once more with <end> behind them; items[count] point to them. */
static void end_captions(struct reward *reward, const struct dataset *dataset, const size_t *photos,
                         size_t count, struct scores_item *items) {
    static const struct tokens nothing_said = {0};
    struct tokens *reference = reward->references;
    char **words = reward->words, *end = reward->vocabulary->words[VOCABULARY_END];
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        items[i] = (struct scores_item){&nothing_said, reference, photo->count};
        for (size_t j = 0; j < photo->count; j++, reference++) {
            const struct tokens *caption = &dataset->captions[photo->first + j];
            memcpy(words, caption->words, caption->count * sizeof *words);
            words[caption->count] = end;
            *reference = (struct tokens){.count = caption->count + 1, .words = words};
            words += caption->count + 1;
        }
    }
}

struct reward *reward_new(const struct dataset *dataset, const size_t *photos, size_t count,
                          const struct vocabulary *vocabulary, size_t longest, double bleu,
                          caption_error *error) {
    struct reward *reward = memory_zeroed(1, sizeof *reward, what, error);
    if (!reward) return NULL;
    *reward = (struct reward){.vocabulary = vocabulary, .longest = longest, .bleu = bleu};
    size_t captions;
    const size_t words = count_words(dataset, photos, count, &captions);
    struct scores_item *items = memory_uninitialised(count, sizeof *items, what, error);
    reward->references = memory_uninitialised(captions, sizeof *reward->references, what, error);
    reward->words = memory_uninitialised(words, sizeof *reward->words, what, error);
    bool ok = items && reward->references && reward->words;
    if (ok) end_captions(reward, dataset, photos, count, items);
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
    free(reward);
}

struct reward_room *reward_room_new(const struct reward *reward, caption_error *error) {
    struct reward_room *room = memory_zeroed(1, sizeof *room, what, error);
    if (!room) return NULL;
    room->words = memory_uninitialised(reward->longest + 1, sizeof *room->words, what, error);
    if (room->words && ngrams_room_init(&room->ngrams, reward->longest + 1, error)) return room;
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
