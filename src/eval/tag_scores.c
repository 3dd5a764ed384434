#include "eval/tag_scores.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/calibration_error.h"

void tag_scores_labels(const struct dataset *dataset, const size_t *photos, size_t count,
                       const struct vocabulary *vocabulary, const struct tag_words *tags,
                       bool *labels) {
    memset(labels, 0, count * tags->count * sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        for (size_t c = photo->first; c < photo->first + photo->count; c++) {
            const struct tokens *caption = &dataset->captions[c];
            for (size_t w = 0; w < caption->count; w++) {
                const uint32_t tag = tags->tags[vocabulary_find(vocabulary, caption->words[w])];
                if (tag != TAG_NONE) labels[i * tags->count + tag] = true;
            }
        }
    }
}

/* A photo in the ranking by one tag. */
struct ranked {
    float confidence;
    bool label;
};

/* Equal confidences: the wrong ones first, so that a tie is no gain. */
static int by_falling_confidence(const void *a, const void *b) {
    const struct ranked *left = a, *right = b;
    if (left->confidence > right->confidence) return -1;
    if (left->confidence < right->confidence) return 1;
    return left->label - right->label;
}

static double average_precision(struct ranked *ranked, size_t count) {
    qsort(ranked, count, sizeof *ranked, by_falling_confidence);
    double sum = 0;
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranked[i].label) sum += (double)++right / (double)(i + 1);
    }
    return sum / (double)right;
}

static bool rank(const float *confidences, const bool *labels, size_t photos, size_t tags,
                 struct tag_scores *scores, caption_error *error) {
    struct ranked *ranked = memory_zeroed(photos, sizeof *ranked, "the tags' scores", error);
    if (!ranked) return false;
    double sum = 0;
    for (size_t tag = 0; tag < tags; tag++) {
        size_t right = 0;
        for (size_t i = 0; i < photos; i++) {
            const size_t at = i * tags + tag;
            ranked[i] = (struct ranked){confidences[at], labels[at]};
            right += labels[at];
        }
        if (right < TAG_SCORES_LEAST_PHOTOS) continue;
        sum += average_precision(ranked, photos);
        scores->tags++;
    }
    if (scores->tags > 0) scores->mean_average_precision = sum / (double)scores->tags;
    free(ranked);
    return true;
}

static void count_confidences(const float *confidences, const bool *labels, size_t count,
                              struct tag_scores *scores) {
    struct calibration_bins bins = {0};
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        calibration_bins_add(&bins, (double)confidences[i], labels[i]);
        if (!(confidences[i] >= (float)TAG_SCORES_SURE)) continue;
        scores->sure++;
        right += labels[i];
    }
    scores->sure_right = scores->sure ? (double)right / (double)scores->sure : 0;
    scores->calibration_error = calibration_bins_error(&bins);
}

bool tag_scores_compute(const float *confidences, const bool *labels, size_t photos, size_t tags,
                        struct tag_scores *scores, caption_error *error) {
    *scores = (struct tag_scores){0};
    count_confidences(confidences, labels, photos * tags, scores);
    return rank(confidences, labels, photos, tags, scores, error);
}
