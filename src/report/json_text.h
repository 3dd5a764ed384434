/* Text of unknown origin (file names, above all) as JSON strings, and values as lines of JSON. */
#ifndef CAPTION_REPORT_JSON_TEXT_H
#define CAPTION_REPORT_JSON_TEXT_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/error.h"

/* A JSON string of the bytes; invalid UTF-8 becomes U+FFFD. NULL with `error` set when memory is
 * short. Freed with cJSON_Delete. */
cJSON *json_text(const char *bytes, caption_error *error);

/* Takes `value` (NULL: a failed allocation) into the object or frees it. */
bool json_put(cJSON *object, const char *key, cJSON *value, caption_error *error);

/* A log-probability to four decimals; null where it is not finite. */
cJSON *json_logprob(double logprob);

/* Writes the value without white space and a newline. The stream's own errors are left to its
 * owner. */
bool json_write_line(const cJSON *value, FILE *stream, caption_error *error);

#endif
