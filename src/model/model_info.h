/* What a model is, was trained on and scores: for `caption info`. */
#ifndef CAPTION_MODEL_MODEL_INFO_H
#define CAPTION_MODEL_MODEL_INFO_H

#include <cjson/cJSON.h>

#include "model/model.h"

/* A text of several lines, each ending in a newline. `path` is the file that the model was read
 * from (its size and types of numbers are included), or NULL. Freed with free(). */
char *model_info(const struct model *model, const char *path, caption_error *error);

/* The same as an object: "path", "bytes", "types", "encoder", "image_size", "mean", "std", "cell",
 * "embedding", "hidden", "image_input", "features", "words", "parameters" {"encoder", "decoder",
 * "search"}, "search" (the width of its vectors; 0: none), "provenance". Freed with cJSON_Delete.
 */
cJSON *model_info_json(const struct model *model, const char *path, caption_error *error);

#endif
