#include "decode/tags.h"

#include <stdlib.h>

#include "base/memory.h"
#include "decode/plan.h"

/* Names are numbered by falling frequency, as the words of a vocabulary are. */
static int by_falling_confidence(const void *a, const void *b) {
    const struct decode_tag *left = a, *right = b;
    if (left->confidence != right->confidence) return left->confidence < right->confidence ? 1 : -1;
    return (left->word > right->word) - (left->word < right->word);
}

bool tags_set(struct decode_result *result, const struct tag_words *tags,
              const struct tag_calibration *calibration, const float *logits, double least,
              caption_error *error) {
    struct decode_tag *picked = memory_zeroed(tags->count, sizeof *picked, "tags", error);
    if (!picked) return false;
    size_t count = 0;
    for (size_t i = 0; i < tags->count; i++) {
        const double confidence = tag_calibration_of(calibration, logits[i]);
        if (confidence >= least) picked[count++] = (struct decode_tag){tags->names[i], confidence};
    }
    qsort(picked, count, sizeof *picked, by_falling_confidence);
    free(result->tags);
    result->tags = picked;
    result->tag_count = count;
    return true;
}

bool tags_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                    struct decode_result *results, caption_error *error) {
    const struct model *model = plan->model;
    if (plan->options.tags == 0) return true;
    for (size_t i = 0; i < count; i++) {
        if (!tags_set(&results[i], &model->tags, &model->tag_calibration,
                      logits + i * model->tags.count, (double)plan->options.tag_confidence,
                      error)) {
            return false;
        }
    }
    return true;
}
