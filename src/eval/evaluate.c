#include "eval/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/scores.h"

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

static bool keep_captions(const struct evaluator *evaluator, const struct decode_result *results,
                          struct evaluation *out, caption_error *error) {
    for (size_t i = 0; i < out->count; i++) {
        const struct decode_caption *best = &results[i].captions[0];
        out->logprobs[i] = best->logprob;
        out->confidences[i] = best->confidence;
        memcpy(out->signals + i * CONFIDENCE_SIGNALS, best->signals, sizeof best->signals);
        out->captions[i] = decode_sentence(evaluator->model, evaluator->options, best, error);
        if (!out->captions[i]) return false;
    }
    return true;
}

/* Scores the sentences as printed. */
static bool score_captions(const struct dataset_selection *photos, struct evaluation *out,
                           caption_error *error) {
    struct tokens *candidates = memory_zeroed(out->count, sizeof *candidates, "captions", error);
    if (!candidates) return false;
    bool done = true;
    for (size_t i = 0; done && i < out->count; i++)
        done = tokenize(out->captions[i], &candidates[i], error);
    done = done && photo_scores_compute(photos, candidates, &out->scores, &out->distinct,
                                        out->ciders, error);
    for (size_t i = 0; i < out->count; i++) tokens_free(&candidates[i]);
    free(candidates);
    return done;
}

static bool decode(const struct evaluator *evaluator, const float *features, size_t count,
                   struct decode_result *results, caption_error *error) {
    struct decode_plan *plan = decode_plan_new(evaluator->model, evaluator->options, error);
    if (!plan) return false;
    bool done = captioner_decode(plan, features, count, evaluator->threads, results, error);
    decode_plan_free(plan);
    return done;
}

/* The best caption, and all tags. */
static bool decode_best(const struct evaluator *evaluator, const float *features, size_t count,
                        struct decode_result *results, caption_error *error) {
    caption_options options = *evaluator->options;
    options.top = 1;
    options.tags = evaluator->model->tags.count;
    options.tag_confidence = 0;
    struct evaluator best = *evaluator;
    best.options = &options;
    return decode(&best, features, count, results, error);
}

static bool score_tags(const struct model *model, const struct dataset_selection *photos,
                       const struct decode_result *results, struct evaluation *out,
                       caption_error *error) {
    if (model->tags.count == 0) return true;
    const struct photo_tags *tags = &out->photo_tags;
    return photo_tags_gather(&out->photo_tags, model, photos, results, error) &&
           tag_scores_compute(tags->confidences, tags->labels, tags->photos, tags->tags, &out->tags,
                              error);
}

const char *evaluate_style(const struct model *model, const struct dataset *dataset,
                           const struct dataset_part *part, const size_t *photos) {
    const char *source = dataset_common_source(dataset, photos, part->count);
    return styles_name(&model->styles, styles_of(&model->styles, source, part->set));
}

/* How likely the references are, and how much less likely captions are of other photos. */
static bool score_likelihoods(const struct likelihood_scorer *scorer,
                              const struct reference_words *references,
                              const struct decode_result *results, size_t swaps,
                              struct evaluation *out, caption_error *error) {
    return perplexity_compute(scorer, references, &out->perplexity, error) &&
           (swaps == 0 || swaps_compute(scorer, references, results, swaps, &out->swaps, error));
}

bool evaluate_features(const struct evaluator *evaluator, const struct dataset_selection *photos,
                       const float *features, struct evaluation *out, caption_error *error) {
    const struct model *model = evaluator->model;
    const size_t count = photos->count;
    *out = (struct evaluation){.count = count};
    size_t style;
    if (!photo_scores_check(photos, error) ||
        !styles_choose(&model->styles, evaluator->options->style, &style, error) ||
        (evaluator->swaps > 0 && !swaps_check(photos, error))) {
        return false;
    }
    out->style = styles_name(&model->styles, style);
    struct decode_result *results = memory_zeroed(count, sizeof *results, "captions", error);
    if (!results) return false;
    struct likelihood_scorer scorer = {0};
    struct reference_words references = {0};
    bool decoded = decode_best(evaluator, features, count, results, error);
    bool done =
        decoded && allocate(out, error) && keep_captions(evaluator, results, out, error) &&
        score_captions(photos, out, error) &&
        confidence_scores_compute(out->confidences, out->ciders, count, &out->confidence, error) &&
        score_tags(model, photos, results, out, error) &&
        likelihood_scorer_init(&scorer, model, style, evaluator->threads, error) &&
        reference_words_init(&references, model, photos, features, error) &&
        score_likelihoods(&scorer, &references, results, evaluator->swaps, out, error);
    if (done && evaluator->next_word)
        done = next_word_compute(&scorer, &references, &out->next_word, error);
    if (done && evaluator->search)
        done = retrieval_of_model(model, &references, features, evaluator->threads, &out->retrieval,
                                  error);
    reference_words_free(&references);
    likelihood_scorer_free(&scorer);
    if (decoded) decode_results_free(results, count);
    free(results);
    if (!done) evaluation_free(out);
    return done;
}

/* The photos' features (photos->count, F); freed with free(). Before the long work a mistake in
 * options or data is an error. */
static float *encode(const struct evaluator *evaluator, const struct dataset_selection *photos,
                     caption_error *error) {
    const size_t count = photos->count;
    struct decode_plan *plan = decode_plan_new(evaluator->model, evaluator->options, error);
    if (!plan) return NULL;
    decode_plan_free(plan);
    size_t numbers;
    if (!photo_scores_check(photos, error)) return NULL;
    if (!size_multiply(count, evaluator->model->encoder.features, &numbers)) {
        error_memory(error, "the photos' features");
        return NULL;
    }
    const struct captioner_encoding encoding = {.model = evaluator->model,
                                                .precision = decode_precision(evaluator->options),
                                                .threads = evaluator->threads,
                                                .progress = evaluator->progress,
                                                .note = "photos"};
    float *features = memory_zeroed(numbers, sizeof *features, "the photos' features", error);
    struct photo_file *files = memory_zeroed(count, sizeof *files, "files of photos", error);
    for (size_t i = 0; files && i < count; i++)
        files[i] = dataset_photo_file(&photos->dataset->photos[photos->photos[i]]);
    const bool done =
        features && files && captioner_features(&encoding, files, count, features, error);
    free(files);
    if (done) return features;
    free(features);
    return NULL;
}

bool evaluate_photos(const struct evaluator *evaluator, const struct dataset_selection *photos,
                     struct evaluation *out, caption_error *error) {
    *out = (struct evaluation){0};
    if (evaluator->swaps > 0 && !swaps_check(photos, error)) return false;
    float *features = encode(evaluator, photos, error);
    if (!features) return false;
    bool done = evaluate_features(evaluator, photos, features, out, error);
    free(features);
    return done;
}

bool evaluate_candidates(const struct evaluator *evaluator, const struct dataset_selection *photos,
                         struct decode_result *results, caption_error *error) {
    caption_options options = *evaluator->options;
    options.top = options.beam_size;
    struct evaluator all = *evaluator;
    all.options = &options;
    float *features = encode(&all, photos, error);
    if (!features) return false;
    const bool done = decode(&all, features, photos->count, results, error);
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
