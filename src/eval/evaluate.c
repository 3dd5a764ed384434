#include "eval/evaluate.h"

#include <stdlib.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/perplexity.h"
#include "eval/photo_scores.h"

/* The best captions as the metrics want them: words out of the model's vocabulary. */
struct candidates {
    struct tokens *tokens; /* [count] */
    char **words;          /* of all captions */
};

static void candidates_free(struct candidates *candidates) {
    free(candidates->tokens);
    free(candidates->words);
}

static bool candidates_init(struct candidates *candidates, const struct vocabulary *vocabulary,
                            const struct decode_result *results, size_t count,
                            caption_error *error) {
    size_t words = 0;
    for (size_t i = 0; i < count; i++) words += results[i].captions[0].count;
    candidates->tokens = memory_zeroed(count, sizeof *candidates->tokens, "captions", error);
    candidates->words = memory_zeroed(words, sizeof *candidates->words, "captions", error);
    if (!candidates->tokens || !candidates->words) return false;
    char **word = candidates->words;
    for (size_t i = 0; i < count; i++) {
        const struct decode_caption *best = &results[i].captions[0];
        candidates->tokens[i] = (struct tokens){.count = best->count, .words = word};
        for (size_t j = 0; j < best->count; j++) *word++ = vocabulary->words[best->words[j]];
    }
    return true;
}

static bool keep_captions(const struct vocabulary *vocabulary, const struct decode_result *results,
                          struct evaluation *out, caption_error *error) {
    out->captions = memory_zeroed(out->count, sizeof *out->captions, "captions", error);
    out->logprobs = memory_zeroed(out->count, sizeof *out->logprobs, "captions", error);
    if (!out->captions || !out->logprobs) return false;
    for (size_t i = 0; i < out->count; i++) {
        const struct decode_caption *best = &results[i].captions[0];
        out->logprobs[i] = best->logprob;
        out->captions[i] = vocabulary_sentence(vocabulary, best->words, best->count, error);
        if (!out->captions[i]) return false;
    }
    return true;
}

static bool evaluate_results(const struct model *model, const struct dataset *dataset,
                             const size_t *photos, const struct decode_result *results,
                             struct evaluation *out, caption_error *error) {
    struct candidates candidates = {0};
    bool done = candidates_init(&candidates, &model->vocabulary, results, out->count, error) &&
                photo_scores_compute(dataset, photos, out->count, candidates.tokens, &out->scores,
                                     &out->distinct, error) &&
                keep_captions(&model->vocabulary, results, out, error);
    candidates_free(&candidates);
    return done;
}

static bool decode(const struct model *model, const float *features, size_t count,
                   const caption_options *options, struct threads *threads,
                   struct decode_result *results, caption_error *error) {
    caption_options best = *options;
    best.top = 1;
    struct decode_plan *plan = decode_plan_new(model, &best, error);
    if (!plan) return false;
    bool done = captioner_decode(plan, features, count, threads, results, error);
    decode_plan_free(plan);
    return done;
}

bool evaluate_features(const struct model *model, const struct dataset *dataset,
                       const size_t *photos, size_t count, const float *features,
                       const caption_options *options, struct threads *threads,
                       struct evaluation *out, caption_error *error) {
    *out = (struct evaluation){.count = count};
    if (!photo_scores_check(dataset, photos, count, error)) return false;
    struct decode_result *results = memory_zeroed(count, sizeof *results, "captions", error);
    if (!results) return false;
    bool decoded = decode(model, features, count, options, threads, results, error);
    bool done = decoded && evaluate_results(model, dataset, photos, results, out, error) &&
                perplexity_compute(model, dataset, photos, count, features, threads,
                                   &out->perplexity, error);
    if (decoded) decode_results_free(results, count);
    free(results);
    if (!done) evaluation_free(out);
    return done;
}

/* The photos' features in the order of `photos`. */
static bool encode(const struct model *model, enum precision precision,
                   const struct dataset *dataset, const size_t *photos, size_t count,
                   struct threads *threads, FILE *stream, float *features, caption_error *error) {
    const char **paths = memory_zeroed(count, sizeof *paths, "paths of photos", error);
    if (!paths) return false;
    for (size_t i = 0; i < count; i++) paths[i] = dataset->photos[photos[i]].path;
    bool done = captioner_features(model, precision, paths, count, NULL, threads, stream, "photos",
                                   features, error);
    free(paths);
    return done;
}

bool evaluate_photos(const struct model *model, const struct dataset *dataset, const size_t *photos,
                     size_t count, const caption_options *options, struct threads *threads,
                     FILE *progress, struct evaluation *out, caption_error *error) {
    *out = (struct evaluation){0};
    /* Before the long work: a mistake in options or data is told at once. */
    struct decode_plan *plan = decode_plan_new(model, options, error);
    if (!plan) return false;
    decode_plan_free(plan);
    if (!photo_scores_check(dataset, photos, count, error)) return false;
    size_t numbers;
    if (!size_multiply(count, model->encoder.features, &numbers))
        return error_memory(error, "the photos' features");
    float *features = memory_zeroed(numbers, sizeof *features, "the photos' features", error);
    if (!features) return false;
    bool done =
        encode(model, decode_precision(options), dataset, photos, count, threads, progress,
               features, error) &&
        evaluate_features(model, dataset, photos, count, features, options, threads, out, error);
    free(features);
    return done;
}

void evaluation_free(struct evaluation *evaluation) {
    for (size_t i = 0; evaluation->captions && i < evaluation->count; i++)
        free(evaluation->captions[i]);
    free(evaluation->captions);
    free(evaluation->logprobs);
    *evaluation = (struct evaluation){0};
}
