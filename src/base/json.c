#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"

static const size_t largest_file = (size_t)2 << 30;

/* The largest whole number up to which a double holds every one. */
static const double largest_whole = 9007199254740992.0; /* 2^53 */

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* How many arrays and objects are open after the first `size` bytes: distinguishes invalid JSON
 * from JSON that is nested too deeply, which cJSON reports alike. */
static size_t open_brackets(const char *bytes, size_t size) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted) {
            if (bytes[i] == '\\') {
                i++; /* an escaped character ends nothing */
            } else if (bytes[i] == '"') {
                quoted = false;
            }
        } else if (bytes[i] == '"') {
            quoted = true;
        } else if (bytes[i] == '[' || bytes[i] == '{') {
            depth++;
        } else if ((bytes[i] == ']' || bytes[i] == '}') && depth > 0) {
            depth--;
        }
    }
    return depth;
}

/* Counted from 1. */
static size_t line_of(const char *bytes, size_t stop) {
    size_t line = 1;
    for (size_t i = 0; i < stop; i++) line += bytes[i] == '\n';
    return line;
}

/* What other programs write that is no JSON. */
static const char *foreign_at(const char *bytes, size_t size, size_t stop) {
    static const struct {
        const char *text, *hint;
    } known[] = {
        {"NaN", ": NaN is no JSON, null is"},
        {"nan", ": nan is no JSON, null is"},
        {"Infinity", ": Infinity is no JSON, null is"},
        {"-Infinity", ": -Infinity is no JSON, null is"},
        {"\\u", ": half of a surrogate pair is no character"},
        {"'", ": a string stands in \", not in '"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i].text);
        if (size - stop >= length && memcmp(bytes + stop, known[i].text, length) == 0)
            return known[i].hint;
    }
    return "";
}

static void parse_error(const char *bytes, size_t size, size_t stop, const char *name,
                        caption_error *error) {
    if (open_brackets(bytes, stop) >= CJSON_NESTING_LIMIT) {
        error_set(error, CAPTION_ERROR_FORMAT,
                  "%s: JSON nested more than %d levels deep at byte %zu", name, CJSON_NESTING_LIMIT,
                  stop);
    } else if (memchr(bytes, '\n', size)) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: not valid JSON at byte %zu of %zu (line %zu)%s",
                  name, stop, size, line_of(bytes, stop), foreign_at(bytes, size, stop));
    } else {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: not valid JSON at byte %zu of %zu%s", name,
                  stop, size, foreign_at(bytes, size, stop));
    }
}

cJSON *json_parse(const char *bytes, size_t size, const char *name, caption_error *error) {
    size_t start = 0;
    while (start < size && is_space(bytes[start])) start++;
    if (start == size) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: expected JSON, found nothing", name);
        return NULL;
    }
    const char *end = bytes;
    cJSON *value = cJSON_ParseWithLengthOpts(bytes, size, &end, false);
    size_t stop = (size_t)(end - bytes);
    if (!value) {
        parse_error(bytes, size, stop, name, error);
        return NULL;
    }
    while (stop < size && is_space(bytes[stop])) stop++;
    if (stop < size) {
        cJSON_Delete(value);
        error_set(error, CAPTION_ERROR_FORMAT,
                  "%s: expected the end after one JSON value, found more at byte %zu of %zu", name,
                  stop, size);
        return NULL;
    }
    return value;
}

cJSON *json_read(const char *path, caption_error *error) {
    struct file_bytes file;
    if (!file_read(path, largest_file, &file, error)) return NULL;
    cJSON *value = json_parse((const char *)file.data, file.size, path, error);
    file_bytes_free(&file);
    return value;
}

const char *json_type(const cJSON *value) {
    if (!value) return "nothing";
    if (cJSON_IsString(value)) return "a string";
    if (cJSON_IsArray(value)) return "an array";
    if (cJSON_IsObject(value)) return "an object";
    if (cJSON_IsNumber(value)) return "a number";
    if (cJSON_IsTrue(value)) return "true";
    if (cJSON_IsFalse(value)) return "false";
    return "null";
}

/* The separator between the object's place and the key in a message. */
static const char *separator(const char *place) {
    return place && *place ? "." : "";
}

static const char *place_or_nothing(const char *place) {
    return place ? place : "";
}

static bool type_error(const cJSON *found, const char *expected, const char *key, const char *name,
                       const char *place, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s%s%s: expected %s, found %s", name,
                     place_or_nothing(place), separator(place), key, expected, json_type(found));
}

const cJSON *json_member(const cJSON *object, const char *key, const char *name, const char *place,
                         caption_error *error) {
    if (!cJSON_IsObject(object)) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected an object with \"%s\", found %s",
                  name, place && *place ? place : "the whole", key, json_type(object));
        return NULL;
    }
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!member) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: %s%s%s: missing", name, place_or_nothing(place),
                  separator(place), key);
    }
    return member;
}

const char *json_string(const cJSON *object, const char *key, const char *name, const char *place,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, place, error);
    if (!member) return NULL;
    if (!cJSON_IsString(member)) {
        type_error(member, "a string", key, name, place, error);
        return NULL;
    }
    return member->valuestring;
}

const cJSON *json_array(const cJSON *object, const char *key, const char *name, const char *place,
                        caption_error *error) {
    const cJSON *member = json_member(object, key, name, place, error);
    if (!member) return NULL;
    if (!cJSON_IsArray(member)) {
        type_error(member, "an array", key, name, place, error);
        return NULL;
    }
    return member;
}

bool json_size(const cJSON *object, const char *key, const char *name, const char *place,
               size_t *out, caption_error *error) {
    const cJSON *member = json_member(object, key, name, place, error);
    if (!member) return false;
    if (!cJSON_IsNumber(member)) {
        return type_error(member, "a whole number", key, name, place, error);
    }
    const double number = member->valuedouble;
    if (!(number >= 0 && number <= largest_whole && floor(number) == number)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s%s%s: expected a whole number from 0 to 2^53, found %g", name,
                         place_or_nothing(place), separator(place), key, number);
    }
    *out = (size_t)number;
    return true;
}

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

bool json_put_string(cJSON *object, const char *key, const char *value, caption_error *error) {
    return json_put(object, key, cJSON_CreateString(value), error);
}

cJSON *json_logprob(double logprob) {
    if (!isfinite(logprob)) return cJSON_CreateNull();
    return cJSON_CreateNumber(round(logprob * 1e4) / 1e4);
}

bool json_write_line(const cJSON *value, FILE *stream, caption_error *error) {
    char *line = cJSON_PrintUnformatted(value);
    if (!line) return error_memory(error, "a line of JSON");
    plain_text_json_to_reader(stream, line);
    fputc('\n', stream);
    cJSON_free(line);
    return true;
}
