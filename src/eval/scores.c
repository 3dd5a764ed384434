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
