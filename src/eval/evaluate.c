#include "eval/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/perplexity.h"
#include "eval/photo_scores.h"

static bool allocate(struct evaluation *out, caption_error *error) {
    static const char what[] = "captions";
    const size_t count = out->count;
    return (out->captions = memory_zeroed(count, sizeof *out->captions, what, error)) &&
           (out->logprobs = memory_zeroed(count, sizeof *out->logprobs, what, error)) &&
           (out->confidences = memory_zeroed(count, sizeof *out->confidences, what, error)) &&
           (out->signals =
                memory_zeroed(count, CONFIDENCE_SIGNALS * sizeof *out->signals, what, error)) &&
           (out->ciders = memory_zeroed(count, sizeof *out->ciders, what, error));
}

static bool keep_captions(const struct model *model, const caption_options *options,
                          const struct decode_result *results, struct evaluation *out,
                          caption_error *error) {
    for (size_t i = 0; i < out->count; i++) {
        const struct decode_caption *best = &results[i].captions[0];
        out->logprobs[i] = best->logprob;
        out->confidences[i] = best->confidence;
        memcpy(out->signals + i * CONFIDENCE_SIGNALS, best->signals, sizeof best->signals);
        out->captions[i] = decode_sentence(model, options, best, error);
        if (!out->captions[i]) return false;
    }
    return true;
}

/* Scores the sentences as printed. */
static bool score_captions(const struct dataset *dataset, const size_t *photos,
                           struct evaluation *out, caption_error *error) {
    struct tokens *candidates = memory_zeroed(out->count, sizeof *candidates, "captions", error);
    if (!candidates) return false;
    bool done = true;
    for (size_t i = 0; done && i < out->count; i++)
        done = tokenize(out->captions[i], &candidates[i], error);
    done = done && photo_scores_compute(dataset, photos, out->count, candidates, &out->scores,
                                        &out->distinct, out->ciders, error);
    for (size_t i = 0; i < out->count; i++) tokens_free(&candidates[i]);
    free(candidates);
    return done;
}

static bool decode(const struct model *model, const float *features, size_t count,
                   const caption_options *options, struct threads *threads,
                   struct decode_result *results, caption_error *error) {
    struct decode_plan *plan = decode_plan_new(model, options, error);
    if (!plan) return false;
    bool done = captioner_decode(plan, features, count, threads, results, error);
    decode_plan_free(plan);
    return done;
}

/* The best caption, and all tags. */
static bool decode_best(const struct model *model, const float *features, size_t count,
                        const caption_options *options, struct threads *threads,
                        struct decode_result *results, caption_error *error) {
    caption_options best = *options;
    best.top = 1;
    best.tags = model->tags.count;
    best.tag_confidence = 0;
    return decode(model, features, count, &best, threads, results, error);
}

static bool score_tags(const struct model *model, const struct dataset *dataset,
                       const size_t *photos, const struct decode_result *results,
                       struct evaluation *out, caption_error *error) {
    if (model->tags.count == 0) return true;
    const struct photo_tags *tags = &out->photo_tags;
    return photo_tags_gather(&out->photo_tags, model, dataset, photos, results, out->count,
                             error) &&
           tag_scores_compute(tags->confidences, tags->labels, tags->photos, tags->tags, &out->tags,
                              error);
}

const char *evaluate_style(const struct model *model, const struct dataset *dataset,
                           const struct dataset_part *part, const size_t *photos) {
    const char *source = dataset_common_source(dataset, photos, part->count);
    return styles_name(&model->styles, styles_of(&model->styles, source, part->set));
}

bool evaluate_features(const struct model *model, const struct dataset *dataset,
                       const size_t *photos, size_t count, const float *features,
                       const caption_options *options, const struct evaluate_extras *extras,
                       struct threads *threads, struct evaluation *out, caption_error *error) {
    *out = (struct evaluation){.count = count};
    size_t style;
    if (!photo_scores_check(dataset, photos, count, error) ||
        !styles_choose(&model->styles, options->style, &style, error)) {
        return false;
    }
    out->style = styles_name(&model->styles, style);
    struct decode_result *results = memory_zeroed(count, sizeof *results, "captions", error);
    if (!results) return false;
    bool decoded = decode_best(model, features, count, options, threads, results, error);
    bool done =
        decoded && allocate(out, error) && keep_captions(model, options, results, out, error) &&
        score_captions(dataset, photos, out, error) &&
        confidence_scores_compute(out->confidences, out->ciders, count, &out->confidence, error) &&
        score_tags(model, dataset, photos, results, out, error) &&
        perplexity_compute(model, style, dataset, photos, count, features, threads,
                           &out->perplexity, error);
    if (done && extras && extras->swaps > 0)
        done = swaps_compute(model, style, dataset, photos, count, features, results, extras->swaps,
                             threads, &out->swaps, error);
    if (done && extras && extras->next_word) {
        struct reference_words references;
        done = reference_words_init(&references, model, dataset, photos, count, features, error) &&
               next_word_compute(model, style, &references, threads, &out->next_word, error);
        reference_words_free(&references);
    }
    if (decoded) decode_results_free(results, count);
    free(results);
    if (!done) evaluation_free(out);
    return done;
}

/* The photos' features (count, F) in the order of `photos`; freed with free(). Before the long work
 * a mistake in options or data is an error. */
static float *encode(const struct model *model, const caption_options *options,
                     const struct dataset *dataset, const size_t *photos, size_t count,
                     struct threads *threads, FILE *progress, caption_error *error) {
    struct decode_plan *plan = decode_plan_new(model, options, error);
    if (!plan) return NULL;
    decode_plan_free(plan);
    size_t numbers;
    if (!photo_scores_check(dataset, photos, count, error)) return NULL;
    if (!size_multiply(count, model->encoder.features, &numbers)) {
        error_memory(error, "the photos' features");
        return NULL;
    }
    float *features = memory_zeroed(numbers, sizeof *features, "the photos' features", error);
    const char **paths = memory_zeroed(count, sizeof *paths, "paths of photos", error);
    for (size_t i = 0; paths && i < count; i++) paths[i] = dataset->photos[photos[i]].path;
    const bool done = features && paths &&
                      captioner_features(model, decode_precision(options), paths, count, NULL,
                                         threads, progress, "photos", features, error);
    free(paths);
    if (done) return features;
    free(features);
    return NULL;
}

bool evaluate_photos(const struct model *model, const struct dataset *dataset, const size_t *photos,
                     size_t count, const caption_options *options,
                     const struct evaluate_extras *extras, struct threads *threads, FILE *progress,
                     struct evaluation *out, caption_error *error) {
    *out = (struct evaluation){0};
    if (extras && extras->swaps > 0 && !swaps_check(dataset, count, error)) return false;
    float *features = encode(model, options, dataset, photos, count, threads, progress, error);
    if (!features) return false;
    bool done = evaluate_features(model, dataset, photos, count, features, options, extras, threads,
                                  out, error);
    free(features);
    return done;
}

bool evaluate_candidates(const struct model *model, const struct dataset *dataset,
                         const size_t *photos, size_t count, const caption_options *options,
                         struct threads *threads, FILE *progress, struct decode_result *results,
                         caption_error *error) {
    caption_options all = *options;
    all.top = all.beam_size;
    float *features = encode(model, &all, dataset, photos, count, threads, progress, error);
    if (!features) return false;
    const bool done = decode(model, features, count, &all, threads, results, error);
    free(features);
    return done;
}

void evaluation_free(struct evaluation *evaluation) {
    for (size_t i = 0; evaluation->captions && i < evaluation->count; i++)
        free(evaluation->captions[i]);
    free(evaluation->captions);
    free(evaluation->logprobs);
    free(evaluation->confidences);
    free(evaluation->signals);
    free(evaluation->ciders);
    photo_tags_free(&evaluation->photo_tags);
    *evaluation = (struct evaluation){0};
}
