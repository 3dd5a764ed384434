#include "eval/photo_scores.h"

#include <stdlib.h>

#include "base/memory.h"
#include "eval/distinct.h"

bool photo_scores_check(const struct dataset *dataset, const size_t *photos, size_t count,
                        caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        if (photo->count > 0) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: photo %s has no captions to score by",
                         dataset->name, photo->name);
    }
    return true;
}

bool photo_scores_compute(const struct dataset *dataset, const size_t *photos, size_t count,
                          const struct tokens *candidates, struct scores *scores, size_t *distinct,
                          double *ciders, caption_error *error) {
    static const char what[] = "captions to score";
    if (!photo_scores_check(dataset, photos, count, error)) return false;
    struct scores_item *items = memory_zeroed(count, sizeof *items, what, error);
    struct scores *each = ciders && items ? memory_zeroed(count, sizeof *each, what, error) : NULL;
    if (!items || (ciders && !each)) {
        free(items);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
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
