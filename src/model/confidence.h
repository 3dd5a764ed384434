/* How sure a model is of its captions: the probability that a caption is apt, a logistic function
 * of a few signals that decoding has at hand. It is fitted to photos whose captions were scored
 * (eval/calibration.h), and lies in the model file's metadata under "confidence", as JSON:
 *
 *     {"bias": 0.1, "logprob": 1.9, "length": -0.02, "rarity": 0.4, "agreement": 0.7,
 *      "coverage": 1.2, "styles": {"coco": 0.3}}
 *
 * A style, which is the name of the photos that are captioned in it, adds to the bias: photos of
 * one reference are harder to be apt for than photos of five. */
#ifndef CAPTION_MODEL_CONFIDENCE_H
#define CAPTION_MODEL_CONFIDENCE_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* What a caption tells of itself. A new signal gets its place and name here. */
enum confidence_signal {
    CONFIDENCE_LOGPROB,   /* log-probability per word, <end> counted */
    CONFIDENCE_LENGTH,    /* words */
    CONFIDENCE_RARITY,    /* mean of -log(share of all words) over its words of content */
    CONFIDENCE_AGREEMENT, /* mean logit, by the word head, of the tags that it names */
    CONFIDENCE_COVERAGE,  /* their share of the probabilities of all tags */
    CONFIDENCE_SIGNALS
};

/* A caption counts as apt when its CIDEr against its references is at least this. */
#define CONFIDENCE_APT 0.5

struct confidence_style {
    char *name; /* owned */
    double bias;
};

struct confidence {
    bool is_there; /* a struct of zeros is none */
    double bias;
    double signals[CONFIDENCE_SIGNALS];
    struct confidence_style *styles; /* [style_count], owned */
    size_t style_count;
};

/* Reads the JSON: every key there once, nothing else, all numbers finite. `name` begins the
 * messages. On failure there is nothing to free. */
bool confidence_parse(struct confidence *confidence, const char *text, const char *name,
                      caption_error *error);
void confidence_free(struct confidence *confidence);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *confidence_json(const struct confidence *confidence, caption_error *error);

/* What a style adds to the bias; 0 for NULL and one that is not known. */
double confidence_style_bias(const struct confidence *confidence, const char *style);

/* From 0 to 1, of a caption in a style (NULL: in none); NAN where the model has none. */
double confidence_of(const struct confidence *confidence, const double *signals, const char *style);

#endif
