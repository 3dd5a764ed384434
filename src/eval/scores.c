#include "eval/scores.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "eval/metrics.h"

/* The sentences of a corpus as word numbers, for the metrics: words are numbered as they come, by
 * an open-addressing hash table whose size is known before. */
struct numbered {
    struct arena arena; /* of all that follows */
    uint32_t *slots;    /* number + 1 */
    size_t mask, count;
    struct siphash_key key;
    const char **words; /* [count] not owned */
    int32_t *numbers;   /* of all sentences, one after the other */
    size_t used;
    struct ngrams_text *references;
    struct ngrams_photo *photos;
};

static const char what[] = "captions to score";

static int32_t number_of(struct numbered *numbered, const char *word) {
    size_t slot = (size_t)siphash_string(numbered->key, word) & numbered->mask;
    while (numbered->slots[slot] && strcmp(numbered->words[numbered->slots[slot] - 1], word) != 0) {
        slot = (slot + 1) & numbered->mask;
    }
    if (!numbered->slots[slot]) {
        numbered->words[numbered->count] = word;
        numbered->slots[slot] = (uint32_t)++numbered->count;
    }
    return (int32_t)(numbered->slots[slot] - 1);
}

static struct ngrams_text number_words(struct numbered *numbered, const struct tokens *tokens) {
    int32_t *numbers = numbered->numbers + numbered->used;
    numbered->used += tokens->count;
    for (size_t i = 0; i < tokens->count; i++) numbers[i] = number_of(numbered, tokens->words[i]);
    return (struct ngrams_text){numbers, tokens->count, NGRAMS_NO_WORD};
}

static bool number_photos(struct numbered *numbered, const struct scores_item *items, size_t count,
                          caption_error *error) {
    *numbered = (struct numbered){.key = siphash_key_new()};
    size_t words = 0, references = 0, slots = 16;
    for (size_t i = 0; i < count; i++) {
        words += items[i].candidate->count;
        references += items[i].reference_count;
        for (size_t j = 0; j < items[i].reference_count; j++) words += items[i].references[j].count;
    }
    if (words >= INT32_MAX)
        return error_set(error, CAPTION_ERROR_LIMIT, "captions of too many words to be scored");
    while (slots / 2 < words) slots *= 2;
    numbered->mask = slots - 1;
    struct arena *arena = &numbered->arena;
    if (!(numbered->slots = arena_take(arena, slots, sizeof *numbered->slots, what, error)) ||
        !(numbered->words =
              (const char **)arena_take(arena, words, sizeof *numbered->words, what, error)) ||
        !(numbered->numbers = arena_take(arena, words, sizeof *numbered->numbers, what, error)) ||
        !(numbered->references =
              arena_take(arena, references, sizeof *numbered->references, what, error)) ||
        !(numbered->photos = arena_take(arena, count, sizeof *numbered->photos, what, error))) {
        return false;
    }
    struct ngrams_text *reference = numbered->references;
    for (size_t i = 0; i < count; i++) {
        numbered->photos[i] = (struct ngrams_photo){number_words(numbered, items[i].candidate),
                                                    reference, items[i].reference_count};
        for (size_t j = 0; j < items[i].reference_count; j++)
            *reference++ = number_words(numbered, &items[i].references[j]);
    }
    return true;
}

bool scores_compute(const struct scores_item *items, size_t count, struct scores *corpus,
                    struct scores *per_photo, caption_error *error) {
    if (count == 0) {
        return error_set(error, CAPTION_ERROR_ARGUMENT, "expected captions to score, found none");
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].reference_count > 0) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "expected a caption to score photo %zu against, found none", i);
    }
    struct numbered numbered;
    struct ngrams ngrams = {0};
    bool ok = number_photos(&numbered, items, count, error) &&
              ngrams_init(&ngrams, numbered.photos, count, NGRAMS_NO_WORD, error);
    if (ok) bleu_compute(&ngrams, corpus, per_photo);
    ok = ok && rouge_compute(numbered.photos, count, corpus, per_photo, error) &&
         cider_compute(&ngrams, corpus, per_photo, error);
    ngrams_free(&ngrams);
    arena_free(&numbered.arena);
    return ok;
}

cJSON *scores_json(const struct scores *scores, caption_error *error) {
    static const char *const bleu_names[4] = {"BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"};
    cJSON *object = cJSON_CreateObject();
    bool ok = object;
    for (size_t i = 0; i < 4; i++) {
        ok = ok && cJSON_AddNumberToObject(object, bleu_names[i], scores->bleu[i]);
    }
    ok = ok && cJSON_AddNumberToObject(object, "ROUGE-L", scores->rouge_l) &&
         cJSON_AddNumberToObject(object, "CIDEr", scores->cider);
    if (ok) return object;
    cJSON_Delete(object);
    error_memory(error, "the scores");
    return NULL;
}

bool photo_scores_check(const struct dataset_selection *photos, caption_error *error) {
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &photos->dataset->photos[photos->photos[i]];
        if (photo->count > 0) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: photo %s has no captions to score by",
                         photos->dataset->name, photo->name);
    }
    return true;
}

bool photo_scores_compute(const struct dataset_selection *photos, const struct tokens *candidates,
                          struct scores *scores, size_t *distinct, double *ciders,
                          caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    const size_t count = photos->count;
    if (!photo_scores_check(photos, error)) return false;
    struct scores_item *items = memory_zeroed(count, sizeof *items, what, error);
    struct scores *each = ciders && items ? memory_zeroed(count, sizeof *each, what, error) : NULL;
    if (!items || (ciders && !each)) {
        free(items);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        items[i] =
            (struct scores_item){&candidates[i], &dataset->captions[photo->first], photo->count};
    }
    bool done = scores_compute(items, count, scores, each, error) &&
                distinct_count(candidates, count, distinct, error);
    for (size_t i = 0; done && each && i < count; i++) ciders[i] = each[i].cider;
    free(items);
    free(each);
    return done;
}

static int compare(const void *left, const void *right) {
    const struct tokens *a = *(const struct tokens *const *)left;
    const struct tokens *b = *(const struct tokens *const *)right;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = strcmp(a->words[i], b->words[i]);
        if (order != 0) return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error) {
    const struct tokens **sorted =
        memory_uninitialised(count, sizeof *sorted, "the captions in order", error);
    if (!sorted) return false;
    for (size_t i = 0; i < count; i++) sorted[i] = &captions[i];
    qsort(sorted, count, sizeof *sorted, compare);
    *distinct = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare(&sorted[i - 1], &sorted[i]) != 0) ++*distinct;
    free(sorted);
    return true;
}
