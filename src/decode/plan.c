#include "decode/plan.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/simd_level.h"
#include "base/threads.h"
#include "decode/constraints.h"
#include "format/packed_file.h"
#include "nn/math.h"
#include "text/content.h"

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

static struct seen_tags see_tags(const struct tag_words *words, const float *logits) {
    struct seen_tags seen = {.words = words, .logits = logits};
    for (size_t i = 0; i < words->count; i++) seen.sum += math_logistic((double)logits[i]);
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
        logits += (double)seen->logits[tag];
        probabilities += math_logistic((double)seen->logits[tag]);
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

static bool check_options(const caption_options *options, caption_error *error) {
    size_t top = options->sample ? PLAN_MAX_BEAM : options->beam_size;
    if (!check_size("beam size", options->beam_size, 1, PLAN_MAX_BEAM, error) ||
        !check_size("maximum length", options->max_length, 1, PLAN_MAX_LENGTH, error) ||
        !check_size("no-repeat n-gram", options->no_repeat_ngram, 0, PLAN_MAX_NGRAM, error) ||
        !check_size("number of threads", options->threads, 0, PLAN_MAX_THREADS, error) ||
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
    case CAPTION_PRECISION_INT8:
        return PRECISION_INT8;
    case CAPTION_PRECISION_AUTO:
        break;
    }
    return precision_best();
}

static struct decode_plan *plan_new(const struct model *model, const caption_options *options,
                                    const struct packed_file *packed, caption_error *error) {
    if (!check_options(options, error) || !check_model(model, error) ||
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
    return plan_new(model, options, NULL, error);
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

enum half { DECODER, ENCODER, HALVES };

struct job {
    struct prepared *prepared;
    const struct model *model;
    const caption_options *options;
    const struct packed_file *packed; /* or NULL */
    caption_error errors[HALVES];
};

static void prepare_half(void *context, size_t half, size_t worker) {
    (void)worker;
    struct job *job = context;
    const struct model *model = job->model;
    if (half == DECODER) {
        job->prepared->plan = plan_new(model, job->options, job->packed, &job->errors[DECODER]);
        return;
    }
    struct weights weights = model_weights(model);
    weights.packed = job->packed;
    job->prepared->encoder = inference_encoder_new(
        &model->encoder, &weights, decode_precision(job->options), &job->errors[ENCODER]);
}

/* Packed weights must be taken to the last byte: else they are not those of this program. */
static bool is_used_up(const struct prepared *prepared) {
    return inference_decoder_weights(prepared->plan->decoder)->left == 0 &&
           inference_encoder_weights(prepared->encoder)->left == 0;
}

static bool prepare(struct prepared *prepared, struct job *job, size_t threads,
                    caption_error *error) {
    *prepared = (struct prepared){0};
    job->prepared = prepared;
    struct threads *pool = threads_new(size_smaller(threads, HALVES), error);
    if (!pool) return false;
    threads_for(pool, HALVES, prepare_half, job);
    threads_free(pool);
    if (prepared->plan && prepared->encoder && (!job->packed || is_used_up(prepared))) return true;
    const caption_error first = job->errors[prepared->plan ? ENCODER : DECODER];
    prepared_free(prepared);
    return error_set(error, first.status, "%s", first.message);
}

/* Bytes of the model that its key depends on: some from so many places. All numbers of a model
 * change when it learns. */
enum { SAMPLES = 16, SAMPLE = 4096 };

static bool hash_samples(const struct safetensors *file, uint64_t *hash, caption_error *error) {
    const size_t size = file->parts.size;
    uint8_t bytes[SAMPLE];
    *hash = HASH_START;
    for (size_t i = 0; i <= SAMPLES; i++) {
        const size_t some = size_smaller(size, SAMPLE), at = (size - some) / SAMPLES * i;
        if (!file_parts_read(&file->parts, file->path, at, some, bytes, error)) return false;
        *hash = hash_bytes(*hash, bytes, some);
    }
    return true;
}

#ifndef CAPTION_PACKED_LAYOUT
#define CAPTION_PACKED_LAYOUT "" /* a build that does not know its source keeps nothing */
#endif

/* All that packed weights depend on. */
static bool packed_key(const struct model *model, const caption_options *options,
                       char key[PACKED_KEY], caption_error *error) {
    static const char *const precisions[] = {
        [PRECISION_F32] = "f32", [PRECISION_BF16] = "bf16", [PRECISION_INT8] = "int8"};
    size_t style;
    uint64_t hash;
    struct stat status;
    if (!model->file.parts.is_open || *CAPTION_PACKED_LAYOUT == '\0')
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "this model or program keeps no packed weights");
    if (!styles_choose(&model->styles, options->style, &style, error) ||
        !hash_samples(&model->file, &hash, error))
        return false;
    if (fstat(model->file.parts.descriptor, &status) != 0)
        return file_error(error, model->file.path, "look at");
    char text[HASH_TEXT];
    hash_text(hash, text);
    snprintf(key, PACKED_KEY,
             "caption packed weights, program " CAPTION_VERSION " " CAPTION_PACKED_LAYOUT
             ", %s%s%s%s%s, %s%s, model %s of %zu bytes, %lld.%09ld",
             simd_level_name(simd_level()), simd_has_bf16() ? "+bf16" : "",
             simd_has_vnni() ? "+vnni" : "", simd_has_avx_vnni() ? "+avxvnni" : "",
             simd_has_dot() ? "+dot" : "", precisions[decode_precision(options)],
             style == STYLE_NONE ? "" : ", style", text, model->file.parts.size,
             (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    return true;
}

static bool take_packed(struct packed_file *packed, const struct model *model,
                        const caption_options *options, caption_error *error) {
    char key[PACKED_KEY];
    if (!packed_key(model, options, key, error)) return false;
    char *path = packed_file_path(model->file.path, error);
    const bool taken = path && packed_file_take(packed, &model->packed, path, key, error);
    free(path);
    return taken;
}

bool prepared_is_packed(const struct model *model, const caption_options *options,
                        caption_error *error) {
    struct packed_file packed;
    return take_packed(&packed, model, options, error);
}

bool prepared_init(struct prepared *prepared, const struct model *model,
                   const caption_options *options, size_t threads, caption_error *error) {
    struct job job = {.model = model, .options = options};
    struct packed_file packed;
    caption_error reason;
    if (model->packed.is_open && take_packed(&packed, model, options, &reason)) {
        job.packed = &packed;
        if (prepare(prepared, &job, threads, &reason)) return true;
        job.packed = NULL;
    }
    return prepare(prepared, &job, threads, error);
}

bool prepared_pack(const struct model *model, const caption_options *options, char **path,
                   caption_error *error) {
    char key[PACKED_KEY];
    struct job job = {.model = model, .options = options};
    struct prepared prepared;
    if (!packed_key(model, options, key, error) || !prepare(&prepared, &job, HALVES, error))
        return false;
    const struct arena *parts[PACKED_PARTS] = {
        [PACKED_DECODER] = inference_decoder_weights(prepared.plan->decoder),
        [PACKED_ENCODER] = inference_encoder_weights(prepared.encoder)};
    *path = packed_file_path(model->file.path, error);
    const bool written = *path && packed_file_write(*path, key, parts, error);
    if (!written) {
        free(*path);
        *path = NULL;
    }
    prepared_free(&prepared);
    return written;
}

bool prepared_with(struct prepared *prepared, const struct prepared *base,
                   const caption_options *options, caption_error *error) {
    *prepared = (struct prepared){.plan = decode_plan_with(base->plan, options, error),
                                  .encoder = base->encoder,
                                  .shares = true};
    return prepared->plan != NULL;
}

void prepared_free(struct prepared *prepared) {
    decode_plan_free(prepared->plan);
    if (!prepared->shares) inference_encoder_free(prepared->encoder);
    *prepared = (struct prepared){0};
}
