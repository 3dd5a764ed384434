#include "report/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD */

static void copy_replacing(const char *bytes, size_t size, char *out) {
    while (size > 0) {
        uint32_t code;
        size_t length = utf8_decode(bytes, size, &code);
        size_t taken = length ? length : 1, written = length ? length : strlen(REPLACEMENT);
        memcpy(out, length ? bytes : REPLACEMENT, written);
        out += written;
        bytes += taken;
        size -= taken;
    }
    *out = 0;
}

cJSON *json_text(const char *bytes, caption_error *error) {
    size_t size = strlen(bytes), room;
    if (!size_multiply(size, strlen(REPLACEMENT), &room) || !size_add(room, 1, &room)) {
        error_memory(error, "a JSON string");
        return NULL;
    }
    char *clean = memory_uninitialised(room, 1, "a JSON string", error);
    if (!clean) return NULL;
    copy_replacing(bytes, size, clean);
    cJSON *string = cJSON_CreateString(clean);
    free(clean);
    if (!string) error_memory(error, "a JSON string");
    return string;
}

bool json_put(cJSON *object, const char *key, cJSON *value, caption_error *error) {
    if (value && cJSON_AddItemToObject(object, key, value)) return true;
    cJSON_Delete(value);
    return error_memory(error, "a JSON object");
}

cJSON *json_logprob(double logprob) {
    if (!isfinite(logprob)) return cJSON_CreateNull();
    return cJSON_CreateNumber(round(logprob * 1e4) / 1e4);
}

bool json_write_line(const cJSON *value, FILE *stream, caption_error *error) {
    char *line = cJSON_PrintUnformatted(value);
    if (!line) return error_memory(error, "a line of JSON");
    fputs(line, stream);
    fputc('\n', stream);
    cJSON_free(line);
    return true;
}
