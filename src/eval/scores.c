#include "eval/scores.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/metrics.h"

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
    struct ngrams ngrams;
    bool ok = ngrams_init(&ngrams, items, count, error);
    if (ok) bleu_compute(&ngrams, corpus, per_photo);
    ok = ok && rouge_compute(&ngrams, corpus, per_photo, error) &&
         cider_compute(&ngrams, corpus, per_photo, error);
    ngrams_free(&ngrams);
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
    static const char what[] = "captions to score";
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
