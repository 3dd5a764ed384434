/* JSON through cJSON, with errors that name the file and the field. A field's place is written as
 * in "images[3].sentences[0].tokens". */
#ifndef CAPTION_BASE_JSON_H
#define CAPTION_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdio.h>

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

/* Text of unknown origin (file names, above all) as JSON strings, and values as lines of JSON. */

/* A JSON string of the bytes; invalid UTF-8 becomes U+FFFD. NULL with `error` set when memory is
 * short. Freed with cJSON_Delete. */
cJSON *json_text(const char *bytes, caption_error *error);

/* Takes `value` (NULL: a failed allocation) into the object or frees it. The _string form takes
 * valid UTF-8. */
bool json_put(cJSON *object, const char *key, cJSON *value, caption_error *error);
bool json_put_string(cJSON *object, const char *key, const char *value, caption_error *error);

/* A log-probability to four decimals; null where it is not finite. */
cJSON *json_logprob(double logprob);

/* Writes the value without white space and a newline. The stream's own errors are left to its
 * owner. */
bool json_write_line(const cJSON *value, FILE *stream, caption_error *error);

#endif
