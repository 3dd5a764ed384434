#include "decode/decode.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "decode/constraints.h"
#include "decode/rows.h"
#include "nn/math.h"
#include "text/content.h"
#include "text/neutral.h"
#include "text/tokenizer.h"

struct decode_workspace {
    struct beam_search *search; /* one of the two */
    struct sampler *sampler;
};

struct decode_workspace *decode_workspace_new(const struct decode_plan *plan, size_t photos,
                                              caption_error *error) {
    struct decode_workspace *workspace = memory_zeroed(1, sizeof *workspace, "decoding", error);
    if (!workspace) return NULL;
    if (plan->options.sample)
        workspace->sampler = sampler_new(plan, photos, error);
    else
        workspace->search = beam_search_new(plan, photos, error);
    if (workspace->sampler || workspace->search) return workspace;
    free(workspace);
    return NULL;
}

void decode_workspace_free(struct decode_workspace *workspace) {
    if (!workspace) return;
    sampler_free(workspace->sampler);
    beam_search_free(workspace->search);
    free(workspace);
}

void decode_workspace_share(struct decode_workspace *workspace, struct threads *threads) {
    if (workspace->sampler)
        sampler_share(workspace->sampler, threads);
    else
        beam_search_share(workspace->search, threads);
}

/* A model whose numbers are too large finds every word impossible, or each probable without end. */
static bool are_finite(const struct decode_result *results, size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < results[i].count; c++)
            if (!isfinite(results[i].captions[c].logprob)) return rows_not_finite(error);
    return true;
}

bool decode_features(struct decode_workspace *workspace, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    if (count == 0) return true;
    bool done = workspace->sampler
                    ? sampler_run(workspace->sampler, features, count, first_photo, results, error)
                    : beam_search_run(workspace->search, features, count, results, error);
    done = done && are_finite(results, count, error);
    if (!done) decode_results_free(results, count);
    return done;
}

char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error) {
    char *sentence = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, error);
    if (sentence && options->neutral) {
        char *neutral = neutral_sentence(sentence, error);
        free(sentence);
        sentence = neutral;
    }
    if (sentence) sentence_attach_possessives(sentence);
    return sentence;
}

bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error) {
    *result = (struct decode_result){0};
    result->captions = memory_zeroed(count, sizeof *captions, "captions", error);
    if (!result->captions) return false;
    for (; result->count < count; result->count++) {
        const struct decode_caption *from = &captions[result->count];
        uint32_t *words = memory_zeroed(from->count, sizeof *words, "captions", error);
        if (!words) {
            decode_results_free(result, 1);
            return false;
        }
        memcpy(words, from->words, from->count * sizeof *words);
        result->captions[result->count] = *from;
        result->captions[result->count].words = words;
    }
    return true;
}

void decode_results_free(struct decode_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < results[i].count; c++) free(results[i].captions[c].words);
        free(results[i].captions);
        free(results[i].tags);
        results[i] = (struct decode_result){0};
    }
}

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

/* The agreement of a caption that names no tag: as if it named one that is hardly there. */
static const double logit_of_none = -3;

void signals_rarity(const struct vocabulary *vocabulary, const uint32_t *bases, double *rarity) {
    double all = 0;
    for (size_t i = 0; i < vocabulary->count; i++) all += (double)vocabulary->counts[i];
    for (size_t i = 0; i < vocabulary->count; i++) {
        const double seen = fmax(1, (double)vocabulary->counts[i]);
        rarity[i] = bases[i] == CONTENT_NONE ? 0 : log(fmax(all, seen) / seen);
    }
}

/* Of a caption without a word of content it is 0. */
static double mean_rarity(const struct decode_plan *plan, const struct decode_caption *caption) {
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < caption->count; i++) {
        const double rarity = plan->rarity[caption->words[i]];
        sum += rarity;
        count += rarity > 0;
    }
    return count ? sum / (double)count : 0;
}

/* What is known of a photo's tags. */
struct seen_tags {
    const struct tag_words *words;
    const float *logits; /* [words->count] */
    double sum;          /* of the probabilities of all of them */
};

/* A logit that says the same, and does not make a sum infinite; of none, the smallest. */
static double bounded(float logit) {
    const double most = 1000, x = (double)logit;
    return x < most ? fmax(x, -most) : isnan(x) ? -most : most;
}

static struct seen_tags see_tags(const struct tag_words *words, const float *logits) {
    struct seen_tags seen = {.words = words, .logits = logits};
    for (size_t i = 0; i < words->count; i++) seen.sum += math_logistic(bounded(logits[i]));
    return seen;
}

/* Whether one of the first `count` words names the tag. */
static bool is_named(const struct tag_words *words, const uint32_t *caption, size_t count,
                     uint32_t tag) {
    for (size_t i = 0; i < count; i++)
        if (words->tags[caption[i]] == tag) return true;
    return false;
}

/* Agreement and coverage. Without a word head both are 0. */
static void compare_tags(const struct seen_tags *seen, struct decode_caption *caption) {
    if (seen->words->count == 0) return;
    double logits = 0, probabilities = 0;
    size_t count = 0;
    for (size_t i = 0; i < caption->count; i++) {
        const uint32_t tag = seen->words->tags[caption->words[i]];
        if (tag == TAG_NONE || is_named(seen->words, caption->words, i, tag)) continue;
        const double logit = bounded(seen->logits[tag]);
        logits += logit;
        probabilities += math_logistic(logit);
        count++;
    }
    caption->signals[CONFIDENCE_AGREEMENT] = count ? logits / (double)count : logit_of_none;
    caption->signals[CONFIDENCE_COVERAGE] = seen->sum > 0 ? probabilities / seen->sum : 0;
}

static void set_signals(const struct decode_plan *plan, const struct seen_tags *seen,
                        struct decode_caption *caption) {
    memset(caption->signals, 0, sizeof caption->signals);
    caption->signals[CONFIDENCE_LOGPROB] = caption->logprob / (double)(caption->count + 1);
    caption->signals[CONFIDENCE_LENGTH] = (double)caption->count;
    caption->signals[CONFIDENCE_RARITY] = mean_rarity(plan, caption);
    compare_tags(seen, caption);
    caption->confidence = confidence_of(&plan->model->confidence, caption->signals,
                                        styles_name(&plan->model->styles, plan->style));
}

void signals_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                       struct decode_result *results) {
    const struct tag_words *words = &plan->model->tags;
    for (size_t i = 0; i < count; i++) {
        const struct seen_tags seen = see_tags(words, logits + i * words->count);
        for (size_t c = 0; c < results[i].count; c++)
            set_signals(plan, &seen, &results[i].captions[c]);
    }
}

static bool check_size(const char *name, size_t value, size_t least, size_t most,
                       caption_error *error) {
    if (value >= least && value <= most) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s is %zu; it must be %zu to %zu", name, value,
                     least, most);
}

/* A NaN fails every comparison and is refused too. */
static bool check_float(const char *name, float value, float least, float most,
                        caption_error *error) {
    if (value >= least && value <= most) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s is %g; it must be %g to %g", name,
                     (double)value, (double)least, (double)most);
}

/* Negative numbers that were cast to the type are large here. */
static bool check_choice(const char *name, unsigned value, unsigned last, caption_error *error) {
    return check_size(name, value, 0, last, error);
}

static bool check_options(const caption_options *options, caption_error *error) {
    size_t top = options->sample ? PLAN_MAX_BEAM : options->beam_size;
    if (!check_size("beam size", options->beam_size, 1, PLAN_MAX_BEAM, error) ||
        !check_size("maximum length", options->max_length, 1, PLAN_MAX_LENGTH, error) ||
        !check_size("no-repeat n-gram", options->no_repeat_ngram, 0, PLAN_MAX_NGRAM, error) ||
        !check_size("number of threads", options->threads, 0, PLAN_MAX_THREADS, error) ||
        !check_choice("unsure", options->unsure, CAPTION_UNSURE_HEDGE, error) ||
        !check_size("memory in megabytes", options->memory, 0, PLAN_MAX_MEMORY, error) ||
        !check_float("length penalty", options->length_penalty, 0, PLAN_MAX_LENGTH_PENALTY,
                     error) ||
        !check_float("least confidence of tags", options->tag_confidence, 0, 1, error) ||
        !check_float("temperature", options->temperature, PLAN_MIN_TEMPERATURE,
                     PLAN_MAX_TEMPERATURE, error)) {
        return false;
    }
    if (options->min_length > options->max_length) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "minimum length is %zu; it must be at most the maximum length, %zu",
                         options->min_length, options->max_length);
    }
    if (!(options->top_p > 0 && options->top_p <= 1)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "top-p is %g; it must be above 0 and at most 1", (double)options->top_p);
    }
    if (options->top >= 1 && options->top <= top) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     options->sample ? "captions per photo (top) is %zu; it must be 1 to %zu"
                                     : "captions per photo (top) is %zu; it must be 1 to %zu, the "
                                       "beam size",
                     options->top, top);
}

bool plan_look_up(const struct decode_plan *plan, const struct tokens *words, uint32_t *numbers,
                  size_t *count, caption_error *error) {
    if (words->count > plan->options.max_length) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "the prefix has %zu words; the maximum length is %zu", words->count,
                         plan->options.max_length);
    }
    for (size_t i = 0; i < words->count; i++) {
        size_t word = vocabulary_find(&plan->model->vocabulary, words->words[i]);
        if (word < VOCABULARY_SPECIALS) {
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "prefix: the model does not know the word \"%s\"", words->words[i]);
        }
        numbers[i] = (uint32_t)word;
    }
    *count = words->count;
    return true;
}

static bool read_prefix(struct decode_plan *plan, const char *prefix, caption_error *error) {
    if (!prefix) return true;
    struct tokens words;
    if (!tokenize(prefix, &words, error)) return false;
    plan->prefix = memory_zeroed(words.count, sizeof *plan->prefix, "the prefix", error);
    bool found =
        plan->prefix && plan_look_up(plan, &words, plan->prefix, &plan->prefix_count, error);
    tokens_free(&words);
    return found;
}

static bool check_model(const struct model *model, caption_error *error) {
    size_t known = model->vocabulary.count, words = model->decoder.words;
    if (known != words) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "the model's vocabulary has %zu words, its decoder %zu", known, words);
    }
    if (words > VOCABULARY_SPECIALS) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "the model knows no words");
}

static bool check_tags(const struct model *model, const caption_options *options,
                       caption_error *error) {
    return options->tags == 0 || model->tags.count > 0 ||
           error_set(error, CAPTION_ERROR_ARGUMENT,
                     "the model has no tags; expected one that was trained with --tags (--model)");
}

static bool check_confidence(const struct model *model, const caption_options *options,
                             caption_error *error) {
    if (!check_float("minimum confidence", options->min_confidence, 0, 1, error)) return false;
    if (options->min_confidence <= 0 || model->confidence.is_there) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "minimum confidence (--min-confidence): the model does not state how sure it "
                     "is; expected one with \"confidence\" in its metadata");
}

/* What is known of each word of the vocabulary. */
static bool study_words(struct decode_plan *plan, caption_error *error) {
    static const char what[] = "a decoding plan";
    const struct vocabulary *vocabulary = &plan->model->vocabulary;
    const size_t count = vocabulary->count;
    plan->never_last = memory_zeroed(count, sizeof *plan->never_last, what, error);
    plan->rarity = memory_zeroed(count, sizeof *plan->rarity, what, error);
    uint32_t *bases = memory_zeroed(count, sizeof *bases, what, error);
    bool ok = plan->never_last && plan->rarity && bases && content_bases(vocabulary, bases, error);
    if (ok) {
        endings_mark(vocabulary, plan->never_last);
        signals_rarity(vocabulary, bases, plan->rarity);
    }
    if (ok && !plan->options.repeat_words) {
        plan->next_form = memory_zeroed(count, sizeof *plan->next_form, what, error);
        ok = plan->next_form && repeats_link(vocabulary, bases, plan->next_form, error);
    }
    free(bases);
    return ok;
}

enum precision decode_precision(const caption_options *options) {
    switch (options->precision) {
    case CAPTION_PRECISION_F32:
        return PRECISION_F32;
    case CAPTION_PRECISION_BF16:
        return PRECISION_BF16;
    case CAPTION_PRECISION_INT16:
        return PRECISION_INT16;
    case CAPTION_PRECISION_INT8:
        return precision_native(PRECISION_INT8);
    case CAPTION_PRECISION_AUTO:
        break;
    }
    return precision_best();
}

struct decode_plan *decode_plan_packed(const struct model *model, const caption_options *options,
                                       const struct packed_file *packed, caption_error *error) {
    if (!check_choice("precision", options->precision, CAPTION_PRECISION_INT16, error) ||
        !check_options(options, error) || !check_model(model, error) ||
        !check_tags(model, options, error) || !check_confidence(model, options, error)) {
        return NULL;
    }
    struct decode_plan *plan = memory_zeroed(1, sizeof *plan, "a decoding plan", error);
    if (!plan) return NULL;
    plan->model = model;
    plan->options = *options;
    plan->options.prefix = plan->options.style = NULL;
    struct weights weights = model_weights(model);
    weights.packed = packed;
    if (styles_choose(&model->styles, options->style, &plan->style, error) &&
        study_words(plan, error) && read_prefix(plan, options->prefix, error) &&
        (plan->decoder =
             inference_decoder_new(&model->decoder, &weights, decode_precision(options), error)) &&
        inference_decoder_set_style(plan->decoder, &weights, plan->style, error)) {
        return plan;
    }
    decode_plan_free(plan);
    return NULL;
}

struct decode_plan *decode_plan_new(const struct model *model, const caption_options *options,
                                    caption_error *error) {
    return decode_plan_packed(model, options, NULL, error);
}

struct decode_plan *decode_plan_with(const struct decode_plan *base, const caption_options *options,
                                     caption_error *error) {
    if (!check_options(options, error) || !check_tags(base->model, options, error) ||
        !check_confidence(base->model, options, error)) {
        return NULL;
    }
    struct decode_plan *plan = memory_zeroed(1, sizeof *plan, "a decoding plan", error);
    if (!plan) return NULL;
    *plan = *base;
    plan->shares = true;
    plan->options = *options;
    plan->options.precision = base->options.precision;
    plan->options.repeat_words = base->options.repeat_words;
    plan->options.prefix = plan->options.style = NULL;
    plan->prefix = NULL;
    plan->prefix_count = 0;
    if (read_prefix(plan, options->prefix, error)) return plan;
    decode_plan_free(plan);
    return NULL;
}

void decode_plan_free(struct decode_plan *plan) {
    if (!plan) return;
    free(plan->prefix);
    if (!plan->shares) {
        free(plan->never_last);
        free(plan->next_form);
        free(plan->rarity);
        inference_decoder_free(plan->decoder);
    }
    free(plan);
}

size_t plan_batch(const struct decode_plan *plan) {
    const size_t rows = plan->options.sample ? plan->options.top : plan->options.beam_size;
    const size_t photos = PLAN_BATCH_ROWS / rows;
    if (photos > PLAN_BATCH_PHOTOS) return PLAN_BATCH_PHOTOS;
    return photos > 0 ? photos : 1;
}

size_t plan_memory(const caption_options *options) {
    const size_t megabyte = 1000 * 1000;
    if (options->memory > 0) return options->memory * megabyte;
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages / 4 * (size_t)page : SIZE_MAX;
}

double plan_score(const struct decode_plan *plan, double logprob, size_t length) {
    return logprob / pow((double)(length + 1), (double)plan->options.length_penalty);
}
