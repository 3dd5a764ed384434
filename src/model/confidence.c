#include "model/confidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static const char *const signal_names[CONFIDENCE_SIGNALS] = {"logprob", "length", "rarity"};

/* Far beyond what any fit gives. */
static const double largest = 1e6;

static bool is_number(const cJSON *value) {
    return cJSON_IsNumber(value) && fabs(value->valuedouble) <= largest;
}

static bool read_number(const cJSON *object, const char *key, const char *name, double *out,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, NULL, error);
    if (!member) return false;
    if (!is_number(member))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected a number of at most %g",
                         name, key, largest);
    *out = member->valuedouble;
    return true;
}

static bool read_image(const cJSON *object, const char *name, struct confidence *confidence,
                       caption_error *error) {
    const cJSON *array = json_array(object, "image", name, NULL, error);
    if (!array) return false;
    const size_t count = (size_t)cJSON_GetArraySize(array);
    if (count != confidence->features)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: image: expected %zu numbers, found %zu",
                         name, confidence->features, count);
    size_t i = 0;
    for (const cJSON *item = array->child; item; item = item->next, i++) {
        if (!is_number(item))
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: image[%zu]: expected a number of at most %g", name, i, largest);
        confidence->image[i] = item->valuedouble;
    }
    return true;
}

static bool read_all(const cJSON *object, const char *name, struct confidence *confidence,
                     caption_error *error) {
    if (!read_number(object, "bias", name, &confidence->bias, error)) return false;
    for (size_t i = 0; i < CONFIDENCE_SIGNALS; i++)
        if (!read_number(object, signal_names[i], name, &confidence->signals[i], error))
            return false;
    const size_t expected = CONFIDENCE_SIGNALS + 2, found = (size_t)cJSON_GetArraySize(object);
    if (found != expected)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected %zu keys, found %zu", name,
                         expected, found);
    return read_image(object, name, confidence, error);
}

bool confidence_parse(struct confidence *confidence, const char *text, size_t features,
                      const char *name, caption_error *error) {
    *confidence = (struct confidence){.features = features};
    cJSON *object = json_parse(text, strlen(text), name, error);
    if (!object) return false;
    confidence->image =
        memory_zeroed(features, sizeof *confidence->image, "a model's confidence", error);
    const bool ok = confidence->image && read_all(object, name, confidence, error);
    cJSON_Delete(object);
    if (!ok) confidence_free(confidence);
    return ok;
}

void confidence_free(struct confidence *confidence) {
    free(confidence->image);
    *confidence = (struct confidence){0};
}

/* Six digits: more would only be noise in the file. */
static double rounded(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static bool add_image(cJSON *object, const struct confidence *confidence) {
    cJSON *array = cJSON_AddArrayToObject(object, "image");
    for (size_t i = 0; array && i < confidence->features; i++) {
        cJSON *number = cJSON_CreateNumber(rounded(confidence->image[i]));
        if (cJSON_AddItemToArray(array, number)) continue;
        cJSON_Delete(number);
        return false;
    }
    return array != NULL;
}

cJSON *confidence_json(const struct confidence *confidence, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    bool ok = object && cJSON_AddNumberToObject(object, "bias", rounded(confidence->bias));
    for (size_t i = 0; ok && i < CONFIDENCE_SIGNALS; i++)
        ok = cJSON_AddNumberToObject(object, signal_names[i], rounded(confidence->signals[i]));
    if (ok && add_image(object, confidence)) return object;
    cJSON_Delete(object);
    error_memory(error, "a model's confidence");
    return NULL;
}

double confidence_of(const struct confidence *confidence, const double *signals,
                     const float *image) {
    if (!confidence->image) return (double)NAN;
    double sum = confidence->bias;
    for (size_t i = 0; i < CONFIDENCE_SIGNALS; i++) sum += confidence->signals[i] * signals[i];
    for (size_t i = 0; i < confidence->features; i++)
        sum += confidence->image[i] * (double)image[i];
    return 1 / (1 + exp(-sum));
}
