#include "eval/photo_tags.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/tag_scores.h"

static const char what[] = "the photos' tags";

/* Confidences nearer to 0 or 1 count as this near: float tells no more apart. */
static const float nearest = 1e-7F;

bool photo_tags_gather(struct photo_tags *gathered, const struct model *model,
                       const struct dataset *dataset, const size_t *photos,
                       const struct decode_result *results, size_t count, caption_error *error) {
    const size_t tags = model->tags.count;
    *gathered = (struct photo_tags){.photos = count, .tags = tags};
    size_t numbers;
    if (!size_multiply(count, tags, &numbers)) return error_memory(error, what);
    gathered->confidences = memory_zeroed(numbers, sizeof *gathered->confidences, what, error);
    gathered->labels = memory_zeroed(numbers, sizeof *gathered->labels, what, error);
    if (!gathered->confidences || !gathered->labels) {
        photo_tags_free(gathered);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t t = 0; t < results[i].tag_count; t++) {
            const struct decode_tag *tag = &results[i].tags[t];
            gathered->confidences[i * tags + model->tags.tags[tag->word]] = (float)tag->confidence;
        }
    }
    tag_scores_labels(dataset, photos, count, &model->vocabulary, &model->tags, gathered->labels);
    return true;
}

void photo_tags_free(struct photo_tags *gathered) {
    free(gathered->confidences);
    free(gathered->labels);
    *gathered = (struct photo_tags){0};
}

bool photo_tags_append(struct photo_tags *all, const struct photo_tags *more,
                       caption_error *error) {
    const size_t there = all->photos * all->tags, added = more->photos * more->tags;
    size_t sum, capacity = there;
    if (!size_add(there, added, &sum)) return error_memory(error, what);
    if (!memory_grow(&all->confidences, &capacity, sum, sizeof *all->confidences, what, error))
        return false;
    capacity = there;
    if (!memory_grow(&all->labels, &capacity, sum, sizeof *all->labels, what, error)) return false;
    memcpy(all->confidences + there, more->confidences, added * sizeof *all->confidences);
    memcpy(all->labels + there, more->labels, added * sizeof *all->labels);
    all->photos += more->photos;
    all->tags = more->tags;
    return true;
}

static float logit_of(float confidence) {
    const float p = fminf(fmaxf(confidence, nearest), 1 - nearest);
    return logf(p / (1 - p));
}

bool photo_tags_fit(const struct photo_tags *told, struct tag_calibration *calibration,
                    caption_error *error) {
    const size_t count = told->photos * told->tags;
    float *logits = memory_uninitialised(count, sizeof *logits, what, error);
    if (!logits) return false;
    for (size_t i = 0; i < count; i++) logits[i] = logit_of(told->confidences[i]);
    const bool done = tag_calibration_fit(logits, told->labels, count, calibration, error);
    free(logits);
    return done;
}
