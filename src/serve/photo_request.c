#include "serve/photo_request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "decode/decode.h"

enum { NOT_A_DIGIT = 64 };

static unsigned digit(char character) {
    if (character >= 'A' && character <= 'Z') return (unsigned)(character - 'A');
    if (character >= 'a' && character <= 'z') return (unsigned)(character - 'a') + 26;
    if (character >= '0' && character <= '9') return (unsigned)(character - '0') + 52;
    if (character == '+') return 62;
    return character == '/' ? 63 : NOT_A_DIGIT;
}

static size_t padding_of(const char *text, size_t length) {
    if (length == 0 || text[length - 1] != '=') return 0;
    return text[length - 2] == '=' ? 2 : 1;
}

bool base64_decode(const char *text, size_t length, uint8_t *out, size_t *size, const char *place,
                   caption_error *error) {
    if (length % 4 != 0)
        return error_set(
            error, CAPTION_ERROR_FORMAT,
            "%s: %zu characters are no base64: expected a multiple of 4, padded with =", place,
            length);
    const size_t digits = length - padding_of(text, length);
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    for (size_t i = 0; i < digits; i++) {
        const unsigned value = digit(text[i]);
        if (value == NOT_A_DIGIT)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: character %zu of %zu is none of base64", place, i + 1, length);
        bits = bits << 6 | value;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out[written++] = (uint8_t)(bits >> held);
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: base64 is cut off: bits are left behind the last byte", place);
    *size = written;
    return true;
}

void photo_request_init(struct photo_request *request, const struct photo_request_rules *rules) {
    *request = (struct photo_request){.name = "the photo", .options = *rules->options};
}

void photo_request_free(struct photo_request *request) {
    for (size_t i = 0; i < request->photo_count; i++) free(request->photos[i].bytes);
    free(request->prefix);
    free(request->model);
    free(request->text);
    *request = (struct photo_request){0};
}

static bool is_remote(const char *text) {
    return strncasecmp(text, "http:", 5) == 0 || strncasecmp(text, "https:", 6) == 0 ||
           strncasecmp(text, "file:", 5) == 0 || strncasecmp(text, "ftp:", 4) == 0;
}

/* Where the base64 of a data URL begins (RFC 2397); NULL where it is none. */
static char *data_of(char *text) {
    static const char scheme[] = "data:", encoding[] = ";base64";
    if (strncasecmp(text, scheme, strlen(scheme)) != 0) return NULL;
    char *comma = strchr(text, ',');
    if (!comma || (size_t)(comma - text) < strlen(scheme) + strlen(encoding)) return NULL;
    return strncasecmp(comma - strlen(encoding), encoding, strlen(encoding)) == 0 ? comma + 1
                                                                                  : NULL;
}

static char *start_of_base64(char *text, bool url, const char *place, caption_error *error) {
    char *data = data_of(text);
    if (data) return data;
    if (is_remote(text)) {
        error_set(error, CAPTION_ERROR_FORMAT,
                  "%s: is the address of a photo, and no request leaves this program: expected the "
                  "photo itself, as data:image/jpeg;base64,...",
                  place);
        return NULL;
    }
    if (!url) return text;
    error_set(error, CAPTION_ERROR_FORMAT, "%s: expected a data URL: data:image/jpeg;base64,...",
              place);
    return NULL;
}

/* Removes the line ends that `base64 dog.jpg` writes, and returns how many characters are left. */
static size_t remove_line_ends(char *text) {
    char *to = text;
    for (const char *at = text; *at; at++)
        if (*at != '\n' && *at != '\r') *to++ = *at;
    *to = '\0';
    return (size_t)(to - text);
}

bool photo_request_add(struct photo_request *request, cJSON *string, bool url, const char *place,
                       caption_error *error) {
    if (!cJSON_IsString(string))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected a string, found %s", place,
                         json_type(string));
    if (request->photo_count == PHOTO_REQUEST_MOST_PHOTOS)
        return error_set(error, CAPTION_ERROR_LIMIT, "%s: at most %d photos a request", place,
                         PHOTO_REQUEST_MOST_PHOTOS);
    char *text = string->valuestring;
    char *start = start_of_base64(text, url, place, error);
    size_t size;
    if (!start ||
        !base64_decode(start, remove_line_ends(start), (uint8_t *)text, &size, place, error))
        return false;
    if (size == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected a photo, found nothing", place);
    string->valuestring = NULL;
    request->photos[request->photo_count++] = (struct request_photo){(uint8_t *)text, size};
    return true;
}

/* An optional number; *given: it is there. */
static bool read_number(const cJSON *object, const char *key, const char *place, double *out,
                        bool *given, caption_error *error) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    *given = member && !cJSON_IsNull(member);
    if (!*given) return true;
    *out = member->valuedouble;
    if (cJSON_IsNumber(member) && isfinite(*out)) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s%s: expected a number, found %s", place, key,
                     cJSON_IsNumber(member) ? "one that is too large" : json_type(member));
}

/* A number and what it may be. */
struct number_range {
    const char *key;
    double least, most;
};

/* The same, in a range. */
static bool read_between(const cJSON *object, const struct number_range *range, const char *place,
                         double *out, bool *given, caption_error *error) {
    if (!read_number(object, range->key, place, out, given, error)) return false;
    if (!*given || (*out >= range->least && *out <= range->most)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s%s: is %g; it must be %g to %g", place,
                     range->key, *out, range->least, range->most);
}

static bool read_temperature(struct photo_request *request, const cJSON *object, const char *place,
                             bool *beam, caption_error *error) {
    static const struct number_range range = {"temperature", 0, (double)PLAN_MAX_TEMPERATURE};
    double value;
    bool given;
    if (!read_between(object, &range, place, &value, &given, error)) return false;
    if (!given) return true;
    *beam = value <= 0;
    request->options.sample = !*beam;
    if (!*beam) request->options.temperature = fmaxf((float)value, PLAN_MIN_TEMPERATURE);
    return true;
}

bool photo_request_sampling(struct photo_request *request, const struct photo_request_rules *rules,
                            const cJSON *object, const char *place, caption_error *error) {
    static const struct number_range top_p = {"top_p", 1e-6, 1}, top_k = {"top_k", 0, 1e9},
                                     seed = {"seed", -0x1p63, 0x1p63 - 1024};
    caption_options *options = &request->options;
    double value;
    bool given, beam = false;
    if (rules->no_sampling || !cJSON_IsObject(object)) return true;
    if (!read_temperature(request, object, place, &beam, error)) return false;
    if (!read_between(object, &top_p, place, &value, &given, error)) return false;
    if (given) {
        options->top_p = (float)value;
        options->sample |= !beam && value < 1;
    }
    if (!read_between(object, &top_k, place, &value, &given, error)) return false;
    if (given) {
        options->top_k = (size_t)value;
        options->sample |= !beam && value >= 1;
    }
    if (!read_between(object, &seed, place, &value, &given, error)) return false;
    if (given) options->seed = (uint64_t)(int64_t)value;
    return true;
}

bool photo_request_length(struct photo_request *request, const cJSON *object, const char *key,
                          const char *place, caption_error *error) {
    double words;
    bool given;
    if (!cJSON_IsObject(object)) return true;
    if (!read_number(object, key, place, &words, &given, error)) return false;
    caption_options *options = &request->options;
    if (!given || words < 0 || words >= (double)options->max_length) return true;
    if (words < 1)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "%s%s: is %g; it must be at least 1", place,
                         key, words);
    request->shortened = true;
    options->max_length = (size_t)words;
    options->min_length = size_smaller(options->min_length, options->max_length);
    return true;
}

bool photo_request_top(struct photo_request *request, double count, const char *place,
                       caption_error *error) {
    if (!(count >= 1 && count <= PHOTO_REQUEST_MOST_CAPTIONS && floor(count) == count))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: is %g; it must be a whole number from 1 to %d", place, count,
                         PHOTO_REQUEST_MOST_CAPTIONS);
    request->options.top = (size_t)count;
    request->options.beam_size = size_larger(request->options.beam_size, request->options.top);
    return true;
}

void photo_request_json(struct photo_request *request, const struct photo_request_rules *rules) {
    request->json = true;
    if (rules->has_tags && request->options.tags == 0) request->options.tags = PHOTO_REQUEST_TAGS;
}

bool photo_request_prompt(struct photo_request *request, const struct photo_request_rules *rules,
                          const char *prompt, caption_error *error) {
    if (!rules->prompt_as_prefix || !prompt || !*prompt) return true;
    free(request->prefix);
    request->prefix = memory_string(prompt, error);
    request->options.prefix = request->prefix;
    return request->prefix != NULL;
}

bool photo_request_model(struct photo_request *request, const cJSON *body, caption_error *error) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(body, "model");
    if (!name || cJSON_IsNull(name)) return true;
    if (!cJSON_IsString(name))
        return error_set(error, CAPTION_ERROR_FORMAT, "model: expected a string, found %s",
                         json_type(name));
    request->model = memory_string(name->valuestring, error);
    return request->model != NULL;
}

bool photo_request_flag(const cJSON *body, const char *key, bool *out, caption_error *error) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(body, key);
    if (!member || cJSON_IsNull(member)) return true;
    if (!cJSON_IsBool(member))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected true or false, found %s", key,
                         json_type(member));
    *out = cJSON_IsTrue(member);
    return true;
}
