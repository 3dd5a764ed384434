/* How sure a model is of a tag: the probability that a caption of the photo names it, a logistic
 * function of the word head's logit (Platt, Probabilistic outputs for support vector machines,
 * 1999). It is stored in the model file's metadata under "tag_calibration", as JSON:
 *
 *     {"slope": 0.93, "bias": -0.1}
 *
 * A model without it uses the logits unchanged. */
#ifndef CAPTION_MODEL_TAG_CALIBRATION_H
#define CAPTION_MODEL_TAG_CALIBRATION_H

#include <cjson/cJSON.h>

#include "base/error.h"

struct tag_calibration {
    double slope; /* above 0, so that the order of tags is preserved */
    double bias;
};

/* Whether it is present: a struct of zeros is absent. */
bool tag_calibration_is_there(const struct tag_calibration *calibration);

/* Reads the JSON: both keys once, nothing else, numbers in range. `name` begins the messages. */
bool tag_calibration_parse(struct tag_calibration *calibration, const char *text, const char *name,
                           caption_error *error);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *tag_calibration_json(const struct tag_calibration *calibration, caption_error *error);

/* From 0 to 1; without a calibration, the sigmoid of the logit. */
double tag_calibration_of(const struct tag_calibration *calibration, float logit);

/* Fits slope and bias to `count` logits, of photos not used in training, and labels, whether a
 * caption names the tag: the maximum likelihood fit by Newton's method. Logits that do not separate
 * the labels, or a label that never occurs, are an error. */
bool tag_calibration_fit(const float *logits, const bool *labels, size_t count,
                         struct tag_calibration *calibration, caption_error *error);

#endif
