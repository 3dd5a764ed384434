#include "eval/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/scores.h"
#include "model/confidence.h"

static const double coverages[CONFIDENCE_ROWS] = {1, 0.9, 0.75, 0.5, 0.25};
enum { ALL = 0, THREE_QUARTERS = 2 }; /* rows of them */

struct ranked_caption {
    double confidence, cider;
};

/* Equal confidences: the worse ones first, so that a tie is no gain. */
static int by_falling_confidence(const void *a, const void *b) {
    const struct ranked_caption *left = a, *right = b;
    if (left->confidence != right->confidence) return left->confidence < right->confidence ? 1 : -1;
    return (left->cider > right->cider) - (left->cider < right->cider);
}

/* At least one caption. */
static struct confidence_row row_of(const struct ranked_caption *ranked, size_t count,
                                    double coverage) {
    const size_t covered = size_larger((size_t)lround(coverage * (double)count), 1);
    struct confidence_row row = {.coverage = coverage, .least = ranked[covered - 1].confidence};
    for (size_t i = 0; i < covered; i++) {
        row.cider += ranked[i].cider;
        row.apt += ranked[i].cider >= CONFIDENCE_APT;
    }
    row.cider /= (double)covered;
    row.apt /= (double)covered;
    return row;
}

bool confidence_scores_compute(const double *confidences, const double *ciders, size_t count,
                               struct confidence_scores *scores, caption_error *error) {
    *scores = (struct confidence_scores){0};
    if (count == 0 || isnan(confidences[0])) return true;
    struct ranked_caption *ranked = memory_zeroed(count, sizeof *ranked, "confidences", error);
    if (!ranked) return false;
    struct calibration_bins bins = {0};
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked_caption){confidences[i], ciders[i]};
        calibration_bins_add(&bins, confidences[i], ciders[i] >= CONFIDENCE_APT);
    }
    qsort(ranked, count, sizeof *ranked, by_falling_confidence);
    for (size_t i = 0; i < CONFIDENCE_ROWS; i++)
        scores->rows[i] = row_of(ranked, count, coverages[i]);
    for (size_t i = 0; i < CONFIDENCE_RISKS; i++)
        scores->risks[i] = 1 - row_of(ranked, count, (double)(i + 1) / CONFIDENCE_RISKS).apt;
    scores->count = count;
    scores->calibration_error = calibration_bins_error(&bins);
    scores->chance_error = calibration_bins_chance(&bins);
    scores->gain = scores->rows[THREE_QUARTERS].cider - scores->rows[ALL].cider;
    free(ranked);
    return true;
}

void calibration_bins_add(struct calibration_bins *bins, double probability, bool came_true) {
    /* In float, so that 0.9 lies where 0.9F does. */
    const size_t bin =
        size_smaller((size_t)((float)probability * CALIBRATION_BINS), CALIBRATION_BINS - 1);
    bins->bins[bin].stated += probability;
    bins->bins[bin].true_ones += came_true;
    bins->bins[bin].variance += probability * (1 - probability);
    bins->count++;
}

double calibration_bins_error(const struct calibration_bins *bins) {
    double sum = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++)
        sum += fabs(bins->bins[i].stated - bins->bins[i].true_ones);
    return sum / (double)size_larger(bins->count, 1);
}

/* The mean distance of a normal variable from its mean. */
static double mean_distance(double variance) {
    return sqrt(2 * variance / acos(-1));
}

double calibration_bins_chance(const struct calibration_bins *bins) {
    double sum = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++) sum += mean_distance(bins->bins[i].variance);
    return sum / (double)size_larger(bins->count, 1);
}

void tag_scores_labels(const struct dataset_selection *photos, const struct vocabulary *vocabulary,
                       const struct tag_words *tags, bool *labels) {
    const struct dataset *dataset = photos->dataset;
    memset(labels, 0, photos->count * tags->count * sizeof *labels);
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
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
struct ranked_photo {
    float confidence;
    bool label;
};

/* Equal confidences: the wrong ones first, so that a tie is no gain. */
static int by_falling_tag(const void *a, const void *b) {
    const struct ranked_photo *left = a, *right = b;
    if (left->confidence > right->confidence) return -1;
    if (left->confidence < right->confidence) return 1;
    return left->label - right->label;
}

static double average_precision(struct ranked_photo *ranked, size_t count) {
    qsort(ranked, count, sizeof *ranked, by_falling_tag);
    double sum = 0;
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranked[i].label) sum += (double)++right / (double)(i + 1);
    }
    return sum / (double)right;
}

static bool rank(const float *confidences, const bool *labels, size_t photos, size_t tags,
                 struct tag_scores *scores, caption_error *error) {
    struct ranked_photo *ranked = memory_zeroed(photos, sizeof *ranked, "the tags' scores", error);
    if (!ranked) return false;
    double sum = 0;
    for (size_t tag = 0; tag < tags; tag++) {
        size_t right = 0;
        for (size_t i = 0; i < photos; i++) {
            const size_t at = i * tags + tag;
            ranked[i] = (struct ranked_photo){confidences[at], labels[at]};
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

static const char tags_memory[] = "the photos' tags";

/* Confidences nearer to 0 or 1 count as this near: float has no more digits. */
static const float nearest = 1e-7F;

bool photo_tags_gather(struct photo_tags *gathered, const struct model *model,
                       const struct dataset_selection *photos, const struct decode_result *results,
                       caption_error *error) {
    const size_t tags = model->tags.count, count = photos->count;
    *gathered = (struct photo_tags){.photos = count, .tags = tags};
    size_t numbers;
    if (!size_multiply(count, tags, &numbers)) return error_memory(error, tags_memory);
    gathered->confidences =
        memory_zeroed(numbers, sizeof *gathered->confidences, tags_memory, error);
    gathered->labels = memory_zeroed(numbers, sizeof *gathered->labels, tags_memory, error);
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
    tag_scores_labels(photos, &model->vocabulary, &model->tags, gathered->labels);
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
    if (!size_add(there, added, &sum)) return error_memory(error, tags_memory);
    if (!memory_grow(&all->confidences, &capacity, sum, sizeof *all->confidences, tags_memory,
                     error))
        return false;
    capacity = there;
    if (!memory_grow(&all->labels, &capacity, sum, sizeof *all->labels, tags_memory, error))
        return false;
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

bool photo_tags_fit(const struct photo_tags *photo_tags, struct tag_calibration *calibration,
                    caption_error *error) {
    const size_t count = photo_tags->photos * photo_tags->tags;
    float *logits = memory_uninitialised(count, sizeof *logits, tags_memory, error);
    if (!logits) return false;
    for (size_t i = 0; i < count; i++) logits[i] = logit_of(photo_tags->confidences[i]);
    const bool done = tag_calibration_fit(logits, photo_tags->labels, count, calibration, error);
    free(logits);
    return done;
}

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
