/* Scores as JSON, with the names that papers and coco-caption use. */
#ifndef CAPTION_EVAL_SCORES_JSON_H
#define CAPTION_EVAL_SCORES_JSON_H

#include <cjson/cJSON.h>

#include "eval/scores.h"

/* {"BLEU-1": ..., "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr"} in fractions; NULL when memory
 * is short. Freed with cJSON_Delete. */
cJSON *scores_json(const struct scores *scores, caption_error *error);

#endif
