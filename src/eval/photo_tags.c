#include "eval/photo_tags.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/tag_scores.h"

/* Confidences nearer to 0 or 1 count as this near: float tells no more apart. */
static const float nearest = 1e-7F;

bool photo_tags_gather(struct photo_tags *gathered, const struct model *model,
                       const struct dataset *dataset, const size_t *photos,
                       const struct decode_result *results, size_t count, caption_error *error) {
    const size_t tags = model->tags.count;
    *gathered = (struct photo_tags){.photos = count, .tags = tags};
    size_t numbers;
    if (!size_multiply(count, tags, &numbers)) return error_memory(error, "the photos' tags");
    gathered->confidences =
        memory_zeroed(numbers, sizeof *gathered->confidences, "the photos' tags", error);
    gathered->labels = memory_zeroed(numbers, sizeof *gathered->labels, "the photos' tags", error);
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

/* Tags alone: the captions are of one word. */
static bool decode(const struct model *model, const float *features, size_t count,
                   struct threads *threads, struct decode_result *results, caption_error *error) {
    caption_options options = caption_options_default();
    options.beam_size = options.max_length = 1;
    options.tags = model->tags.count;
    options.tag_confidence = 0;
    struct decode_plan *plan = decode_plan_new(model, &options, error);
    if (!plan) return false;
    const bool done = captioner_decode(plan, features, count, threads, results, error);
    decode_plan_free(plan);
    return done;
}

static void make_logits(float *confidences, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float p = fminf(fmaxf(confidences[i], nearest), 1 - nearest);
        confidences[i] = logf(p / (1 - p));
    }
}

static bool fit(const struct model *raw, const struct dataset *dataset, const size_t *photos,
                const struct decode_result *results, size_t count,
                struct tag_calibration *calibration, caption_error *error) {
    struct photo_tags told;
    if (!photo_tags_gather(&told, raw, dataset, photos, results, count, error)) return false;
    const size_t numbers = told.photos * told.tags;
    make_logits(told.confidences, numbers);
    const bool done =
        tag_calibration_fit(told.confidences, told.labels, numbers, calibration, error);
    photo_tags_free(&told);
    return done;
}

bool photo_tags_fit(const struct model *model, const struct dataset *dataset, const size_t *photos,
                    size_t count, const float *features, struct threads *threads,
                    struct tag_calibration *calibration, caption_error *error) {
    if (model->tags.count == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "the model tells no tags; expected one that was trained with --tags");
    struct model raw = *model; /* which frees nothing */
    raw.tag_calibration = (struct tag_calibration){0};
    struct decode_result *results = memory_zeroed(count, sizeof *results, "tags", error);
    if (!results) return false;
    bool done = decode(&raw, features, count, threads, results, error);
    if (done) {
        done = fit(&raw, dataset, photos, results, count, calibration, error);
        decode_results_free(results, count);
    }
    free(results);
    return done;
}
