/* Which of the captions that beam search finished is chosen: each one's score, and how well it goes
 * with the tags of the photo by two of its signals (confidence.h), weighed by numbers that were
 * fitted to photos (eval/rerank_fit.h). The word head sees the whole photo at once, and knows which
 * words belong to it better than the decoder does word by word.
 *
 *     score + agreement * CONFIDENCE_AGREEMENT + coverage * CONFIDENCE_COVERAGE
 *
 * The numbers lie in the model file's metadata under "rerank", as JSON:
 *
 *     {"agreement": 0.3, "coverage": 2}
 *
 * A model without it takes the caption with the best score. */
#ifndef CAPTION_MODEL_RERANK_H
#define CAPTION_MODEL_RERANK_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"

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

#endif
