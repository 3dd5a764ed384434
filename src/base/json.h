/* JSON through cJSON, with errors that name the file and the field. A field's place is written as
 * in "images[3].sentences[0].tokens". */
#ifndef CAPTION_BASE_JSON_H
#define CAPTION_BASE_JSON_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* Parses bytes (`size` of them, no terminating 0 needed) as one JSON value. Errors name `name`, the
 * byte and, in a text of several lines, the line at which parsing stopped. Nesting is capped by
 * cJSON. Freed with cJSON_Delete. */
cJSON *json_parse(const char *bytes, size_t size, const char *name, caption_error *error);

/* Reads and parses a file (at most 2 GiB). */
cJSON *json_read(const char *path, caption_error *error);

/* A required member of an object; NULL with an error naming `name`, `place` (of the object), the
 * key and what was found. The _string and _array forms demand that type. */
const cJSON *json_member(const cJSON *object, const char *key, const char *name, const char *place,
                         caption_error *error);
const char *json_string(const cJSON *object, const char *key, const char *name, const char *place,
                        caption_error *error);
const cJSON *json_array(const cJSON *object, const char *key, const char *name, const char *place,
                        caption_error *error);

/* A whole number >= 0 (exact up to 2^53). */
bool json_size(const cJSON *object, const char *key, const char *name, const char *place,
               size_t *out, caption_error *error);

/* The type of a value in words: "a string", "an array", "nothing" for NULL. */
const char *json_type(const cJSON *value);

#endif
