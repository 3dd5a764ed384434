/* How sure a model is of its captions: the probability that a caption is apt, a logistic function
 * of a few signals of decoding. It is fitted to photos with scored captions (eval/calibration.h)
 * and stored in the model file's metadata under "confidence", as JSON:
 *
 *     {"bias": 0.1, "logprob": 1.9, "length": -0.02, "rarity": 0.4, "agreement": 0.7,
 *      "coverage": 1.2, "styles": {"coco": 0.3}}
 *
 * A style, named after its photos' data set, adds to the bias: an apt caption is harder for photos
 * with one reference than for photos with five. */
#ifndef CAPTION_MODEL_CONFIDENCE_H
#define CAPTION_MODEL_CONFIDENCE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"

/* The signals of a caption. A new signal is added here. */
enum confidence_signal {
    CONFIDENCE_LOGPROB,   /* log-probability per word, including <end> */
    CONFIDENCE_LENGTH,    /* words */
    CONFIDENCE_RARITY,    /* mean of -log(share of all words) over its content words */
    CONFIDENCE_AGREEMENT, /* mean logit of the word head for the tags that it names */
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
    bool is_there; /* a struct of zeros is absent */
    double bias;
    double signals[CONFIDENCE_SIGNALS];
    struct confidence_style *styles; /* [style_count], owned */
    size_t style_count;
};

/* Reads the JSON: every key exactly once, no other keys, all numbers finite. `name` begins the
 * messages. On failure there is nothing to free. */
bool confidence_parse(struct confidence *confidence, const char *text, const char *name,
                      caption_error *error);
void confidence_free(struct confidence *confidence);

/* Whether it is one that confidence_parse takes: its numbers are not too large. */
bool confidence_in_range(const struct confidence *confidence);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *confidence_json(const struct confidence *confidence, caption_error *error);

/* What a style adds to the bias; 0 for NULL and an unknown style. */
double confidence_style_bias(const struct confidence *confidence, const char *style);

/* From 0 to 1, for a caption in a style (NULL: no style); NAN if the model has no confidence. */
double confidence_of(const struct confidence *confidence, const double *signals, const char *style);

/* Which of the captions that beam search finished is chosen: each one's score, and how well it goes
 * with the tags of the photo by two of the signals above, weighed by numbers that were
 * fitted to photos (eval/calibration.h). The word head sees the whole photo at once, and knows
 * which words belong to it better than the decoder does word by word.
 *
 *     score + agreement * CONFIDENCE_AGREEMENT + coverage * CONFIDENCE_COVERAGE
 *
 * The numbers lie in the model file's metadata under "rerank", as JSON:
 *
 *     {"agreement": 0.3, "coverage": 2}
 *
 * A model without it takes the caption with the best score. */

/* Both 0 or more. */
struct rerank {
    double agreement;
    double coverage;
};

/* Whether there is one: a struct of zeros is none. */
bool rerank_is_there(const struct rerank *rerank);

/* Reads the JSON: both keys once, nothing else, numbers in range. `name` begins the messages. */
bool rerank_parse(struct rerank *rerank, const char *text, const char *name, caption_error *error);

/* The JSON; NULL with `error` set when memory is short. Freed with cJSON_Delete. */
cJSON *rerank_json(const struct rerank *rerank, caption_error *error);

/* What a caption of this score and signals[CONFIDENCE_SIGNALS] is ranked by. */
double rerank_score(const struct rerank *rerank, double score, const double *signals);

/* How sure a model is of a tag: the probability that a caption of the photo names it, a logistic
 * function of the word head's logit (Platt, Probabilistic outputs for support vector machines,
 * 1999). It is stored in the model file's metadata under "tag_calibration", as JSON:
 *
 *     {"slope": 0.93, "bias": -0.1}
 *
 * A model without it uses the logits unchanged. */

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
