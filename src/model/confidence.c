#include "model/confidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "nn/math.h"

static const char *const signal_names[CONFIDENCE_SIGNALS] = {"logprob", "length", "rarity",
                                                             "agreement", "coverage"};

/* Far beyond any fitted value, of confidence or re-ranking. */
static const double largest = 1e6;

static bool take_number(const cJSON *value, const char *key, const char *name, double *out,
                        caption_error *error) {
    if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) <= largest))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected a number of at most %g",
                         name, key, largest);
    *out = value->valuedouble;
    return true;
}

static bool read_number(const cJSON *object, const char *key, const char *name, double *out,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, NULL, error);
    return member && take_number(member, key, name, out, error);
}

/* NULL if absent. */
static const struct confidence_style *find_style(const struct confidence *confidence,
                                                 const char *name) {
    for (size_t i = 0; name && i < confidence->style_count; i++)
        if (strcmp(confidence->styles[i].name, name) == 0) return &confidence->styles[i];
    return NULL;
}

static bool read_style(const cJSON *item, const char *name, struct confidence *confidence,
                       caption_error *error) {
    if (find_style(confidence, item->string))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: styles: \"%s\" stands there twice", name,
                         item->string);
    struct confidence_style *style = &confidence->styles[confidence->style_count];
    if (!take_number(item, "styles", name, &style->bias, error)) return false;
    style->name = memory_string(item->string, error);
    confidence->style_count += style->name != NULL;
    return style->name != NULL;
}

static bool read_styles(const cJSON *object, const char *name, struct confidence *confidence,
                        caption_error *error) {
    const cJSON *styles = json_member(object, "styles", name, NULL, error);
    if (!styles) return false;
    if (!cJSON_IsObject(styles))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: styles: expected an object, found %s",
                         name, json_type(styles));
    confidence->styles = memory_zeroed((size_t)cJSON_GetArraySize(styles),
                                       sizeof *confidence->styles, "a model's confidence", error);
    if (!confidence->styles) return false;
    for (const cJSON *item = styles->child; item; item = item->next)
        if (!read_style(item, name, confidence, error)) return false;
    return true;
}

static bool read_confidence(const cJSON *object, const char *name, struct confidence *confidence,
                            caption_error *error) {
    if (!read_number(object, "bias", name, &confidence->bias, error)) return false;
    for (size_t i = 0; i < CONFIDENCE_SIGNALS; i++)
        if (!read_number(object, signal_names[i], name, &confidence->signals[i], error))
            return false;
    const size_t expected = CONFIDENCE_SIGNALS + 2, found = (size_t)cJSON_GetArraySize(object);
    if (found != expected)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected %zu keys, found %zu", name,
                         expected, found);
    return read_styles(object, name, confidence, error);
}

bool confidence_parse(struct confidence *confidence, const char *text, const char *name,
                      caption_error *error) {
    *confidence = (struct confidence){.is_there = true};
    cJSON *object = json_parse(text, strlen(text), name, error);
    if (!object) return false;
    const bool ok = read_confidence(object, name, confidence, error);
    cJSON_Delete(object);
    if (!ok) confidence_free(confidence);
    return ok;
}

void confidence_free(struct confidence *confidence) {
    for (size_t i = 0; i < confidence->style_count; i++) free(confidence->styles[i].name);
    free(confidence->styles);
    *confidence = (struct confidence){0};
}

/* Six digits: more would only be noise in the file. */
static double rounded(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static bool add_styles(cJSON *object, const struct confidence *confidence) {
    cJSON *styles = cJSON_AddObjectToObject(object, "styles");
    for (size_t i = 0; styles && i < confidence->style_count; i++) {
        const struct confidence_style *style = &confidence->styles[i];
        if (!cJSON_AddNumberToObject(styles, style->name, rounded(style->bias))) return false;
    }
    return styles != NULL;
}

cJSON *confidence_json(const struct confidence *confidence, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    bool ok = object && cJSON_AddNumberToObject(object, "bias", rounded(confidence->bias));
    for (size_t i = 0; ok && i < CONFIDENCE_SIGNALS; i++)
        ok = cJSON_AddNumberToObject(object, signal_names[i], rounded(confidence->signals[i]));
    if (ok && add_styles(object, confidence)) return object;
    cJSON_Delete(object);
    error_memory(error, "a model's confidence");
    return NULL;
}

bool confidence_in_range(const struct confidence *confidence) {
    bool fits = fabs(confidence->bias) <= largest;
    for (size_t i = 0; i < CONFIDENCE_SIGNALS; i++)
        fits = fits && fabs(confidence->signals[i]) <= largest;
    for (size_t i = 0; i < confidence->style_count; i++)
        fits = fits && fabs(confidence->styles[i].bias) <= largest;
    return fits;
}

double confidence_style_bias(const struct confidence *confidence, const char *style) {
    const struct confidence_style *found = find_style(confidence, style);
    return found ? found->bias : 0;
}

double confidence_of(const struct confidence *confidence, const double *signals,
                     const char *style) {
    if (!confidence->is_there) return (double)NAN;
    double sum = confidence->bias + confidence_style_bias(confidence, style);
    for (size_t i = 0; i < CONFIDENCE_SIGNALS; i++) sum += confidence->signals[i] * signals[i];
    return math_logistic(sum);
}

bool rerank_is_there(const struct rerank *rerank) {
    return rerank->agreement > 0 || rerank->coverage > 0;
}

static bool read_weight(const cJSON *object, const char *key, const char *name, double *out,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, NULL, error);
    if (!member) return false;
    if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0 && member->valuedouble <= largest))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected a number from 0 to %g",
                         name, key, largest);
    *out = member->valuedouble;
    return true;
}

static bool read_rerank(const cJSON *object, const char *name, struct rerank *rerank,
                        caption_error *error) {
    if (!read_weight(object, "agreement", name, &rerank->agreement, error) ||
        !read_weight(object, "coverage", name, &rerank->coverage, error)) {
        return false;
    }
    const int found = cJSON_GetArraySize(object);
    return found == 2 ||
           error_set(error, CAPTION_ERROR_FORMAT, "%s: expected 2 keys, found %d", name, found);
}

bool rerank_parse(struct rerank *rerank, const char *text, const char *name, caption_error *error) {
    cJSON *object = json_parse(text, strlen(text), name, error);
    if (!object) return false;
    const bool ok = read_rerank(object, name, rerank, error);
    cJSON_Delete(object);
    return ok;
}

cJSON *rerank_json(const struct rerank *rerank, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddNumberToObject(object, "agreement", rerank->agreement) &&
        cJSON_AddNumberToObject(object, "coverage", rerank->coverage)) {
        return object;
    }
    cJSON_Delete(object);
    error_memory(error, "the re-ranking of captions");
    return NULL;
}

double rerank_score(const struct rerank *rerank, double score, const double *signals) {
    return score + rerank->agreement * signals[CONFIDENCE_AGREEMENT] +
           rerank->coverage * signals[CONFIDENCE_COVERAGE];
}

/* Far beyond any fitted value. */
enum { FIT_STEPS = 100 };

/* Leaves logits unchanged. */
static const struct tag_calibration none = {.slope = 1, .bias = 0};

bool tag_calibration_is_there(const struct tag_calibration *calibration) {
    return calibration->slope > 0;
}

static bool read_all(const cJSON *object, const char *name, struct tag_calibration *calibration,
                     caption_error *error) {
    if (!cJSON_IsObject(object))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected an object, found %s", name,
                         json_type(object));
    if (!read_number(object, "slope", name, &calibration->slope, error) ||
        !read_number(object, "bias", name, &calibration->bias, error)) {
        return false;
    }
    if (!(calibration->slope > 0))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: slope: expected more than 0, found %g",
                         name, calibration->slope);
    const int found = cJSON_GetArraySize(object);
    return found == 2 ||
           error_set(error, CAPTION_ERROR_FORMAT, "%s: expected 2 keys, found %d", name, found);
}

bool tag_calibration_parse(struct tag_calibration *calibration, const char *text, const char *name,
                           caption_error *error) {
    cJSON *object = json_parse(text, strlen(text), name, error);
    if (!object) return false;
    const bool ok = read_all(object, name, calibration, error);
    cJSON_Delete(object);
    return ok;
}

/* Six digits: more would only be noise in the file. */
cJSON *tag_calibration_json(const struct tag_calibration *calibration, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddNumberToObject(object, "slope", rounded(calibration->slope)) &&
        cJSON_AddNumberToObject(object, "bias", rounded(calibration->bias))) {
        return object;
    }
    cJSON_Delete(object);
    error_memory(error, "the calibration of tags");
    return NULL;
}

static double logistic(const struct tag_calibration *by, float logit) {
    return math_logistic(by->slope * (double)logit + by->bias);
}

double tag_calibration_of(const struct tag_calibration *calibration, float logit) {
    const struct tag_calibration *by = tag_calibration_is_there(calibration) ? calibration : &none;
    const double sure = logistic(by, logit);
    return isnan(sure) ? 0 : sure; /* of a model whose numbers are too large */
}

/* Of the mean log-likelihood: its value, gradient and curvature (negated). */
struct likelihood {
    double value;
    double slope, bias;
    double slope_slope, slope_bias, bias_bias;
};

static struct likelihood likelihood_at(const struct tag_calibration *at, const float *logits,
                                       const bool *labels, size_t count) {
    struct likelihood sum = {0};
    for (size_t i = 0; i < count; i++) {
        const double x = (double)logits[i], p = logistic(at, logits[i]);
        const double z = at->slope * x + at->bias, rest = (labels[i] ? 1 : 0) - p;
        const double curvature = p * (1 - p);
        sum.value += math_log_logistic(labels[i] ? z : -z) / (double)count;
        sum.slope += rest * x / (double)count;
        sum.bias += rest / (double)count;
        sum.slope_slope += curvature * x * x / (double)count;
        sum.slope_bias += curvature * x / (double)count;
        sum.bias_bias += curvature / (double)count;
    }
    return sum;
}

/* One Newton step, halved until the likelihood increases; false if it never does. */
static bool step(struct tag_calibration *at, struct likelihood *here, const float *logits,
                 const bool *labels, size_t count) {
    const double determinant =
        here->slope_slope * here->bias_bias - here->slope_bias * here->slope_bias;
    if (!(determinant > 1e-12)) return false;
    const double slope =
        (here->bias_bias * here->slope - here->slope_bias * here->bias) / determinant;
    const double bias =
        (here->slope_slope * here->bias - here->slope_bias * here->slope) / determinant;
    for (int halvings = 0; halvings < 20; halvings++) {
        const double part = ldexp(1, -halvings);
        const struct tag_calibration next = {at->slope + part * slope, at->bias + part * bias};
        const struct likelihood there = likelihood_at(&next, logits, labels, count);
        if (!(there.value > here->value)) continue;
        *at = next;
        *here = there;
        return true;
    }
    return false;
}

bool tag_calibration_fit(const float *logits, const bool *labels, size_t count,
                         struct tag_calibration *calibration, caption_error *error) {
    size_t positive = 0;
    for (size_t i = 0; i < count; i++) {
        positive += labels[i];
        if (!isfinite(logits[i]))
            return error_set(error, CAPTION_ERROR_FORMAT, "tags: a logit that is not finite");
    }
    if (positive == 0 || positive == count)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "tags: %s is named by the captions, nothing to calibrate by",
                         positive == 0 ? "none" : "each");
    struct tag_calibration at = none;
    struct likelihood here = likelihood_at(&at, logits, labels, count);
    for (size_t i = 0; i < FIT_STEPS; i++) {
        if (!step(&at, &here, logits, labels, count)) break;
    }
    if (!(at.slope > 0) || at.slope > largest || fabs(at.bias) > largest)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "tags: the model's do not go by the captions, expected a slope above 0, "
                         "found %g",
                         at.slope);
    *calibration = at;
    return true;
}
