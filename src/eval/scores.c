#include "eval/scores.h"

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
