/* How sure a model is of its captions: the probability that a caption is apt, a logistic function
 * of a few signals that decoding has at hand and of the photo's features. It is fitted by
 * whoever has captions scored, and lies in the model file's metadata under "confidence", as JSON:
 *
 *     {"bias": 0.1, "logprob": 1.9, "length": -0.02, "rarity": 0.4, "image": [0.01, ...]}
 */
#ifndef CAPTION_MODEL_CONFIDENCE_H
#define CAPTION_MODEL_CONFIDENCE_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* What a caption tells of itself: log-probability per word, <end> counted; words; the mean of
 * -log(share of all words) over its words of content. A new signal gets its place and name here. */
enum confidence_signal {
    CONFIDENCE_LOGPROB,
    CONFIDENCE_LENGTH,
    CONFIDENCE_RARITY,
    CONFIDENCE_SIGNALS
};

/* A caption counts as apt when its CIDEr against its references is at least this. */
#define CONFIDENCE_APT 0.5

struct confidence {
    double *image; /* [features], owned; NULL: the model has no confidence */
    size_t features;
    double bias;
    double signals[CONFIDENCE_SIGNALS];
};

/* Reads the JSON of a model of `features` features: every key there once, nothing else, all numbers
 * finite. `name` begins the messages. On failure there is nothing to free. */
bool confidence_parse(struct confidence *confidence, const char *text, size_t features,
                      const char *name, caption_error *error);
void confidence_free(struct confidence *confidence);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *confidence_json(const struct confidence *confidence, caption_error *error);

/* From 0 to 1; NAN where the model has none. image is (features,). */
double confidence_of(const struct confidence *confidence, const double *signals,
                     const float *image);

#endif
