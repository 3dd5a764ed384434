/* How sure a model is of a tag: the probability that a caption of the photo names it, a logistic
 * function of the word head's logit (Platt, Probabilistic outputs for support vector machines,
 * 1999). It lies in the model file's metadata under "tag_calibration", as JSON:
 *
 *     {"slope": 0.93, "bias": -0.1}
 *
 * A model without it takes the logits as they are. */
#ifndef CAPTION_MODEL_TAG_CALIBRATION_H
#define CAPTION_MODEL_TAG_CALIBRATION_H

#include <cjson/cJSON.h>

#include "base/error.h"

struct tag_calibration {
    double slope; /* above 0: what is more probable stays so */
    double bias;
};

/* Whether there is one: a struct of zeros is none. */
bool tag_calibration_is_there(const struct tag_calibration *calibration);

/* Reads the JSON: both keys once, nothing else, numbers in range. `name` begins the messages. */
bool tag_calibration_parse(struct tag_calibration *calibration, const char *text, const char *name,
                           caption_error *error);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *tag_calibration_json(const struct tag_calibration *calibration, caption_error *error);

/* From 0 to 1; without a calibration by the logit as it is. */
double tag_calibration_of(const struct tag_calibration *calibration, float logit);

/* Fits slope and bias to `count` logits, of photos that the model did not learn from, and whether a
 * caption names the tag: the likeliest, found by Newton's method. Where they tell nothing of each
 * other, or one label is never there, it is an error. */
bool tag_calibration_fit(const float *logits, const bool *labels, size_t count,
                         struct tag_calibration *calibration, caption_error *error);

#endif
