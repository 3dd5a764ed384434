#include "serve/protocol.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/caption_table.h"

void protocol_body_free(struct protocol_body *body) {
    for (size_t i = 0; i < body->argument_count; i++) {
        free(body->arguments[i].name);
        free(body->arguments[i].value);
    }
    free(body->bytes);
    free(body->name);
    *body = (struct protocol_body){0};
}

bool protocol_add_argument(struct protocol_body *body, const char *name, const char *value,
                           caption_error *error) {
    if (body->argument_count == PROTOCOL_MOST_ARGUMENTS)
        return error_set(error, CAPTION_ERROR_LIMIT, "too many parameters");
    struct protocol_argument *argument = &body->arguments[body->argument_count];
    argument->name = memory_string(name, error);
    argument->value = argument->name && value ? memory_string(value, error) : NULL;
    if (argument->name && (argument->value || !value)) {
        body->argument_count++;
        return true;
    }
    free(argument->name);
    return false;
}

size_t protocol_ranks(const struct photo_request *request, const caption_result *results) {
    size_t ranks = PHOTO_REQUEST_MOST_CAPTIONS;
    for (size_t i = 0; i < request->photo_count; i++) ranks = size_smaller(ranks, results[i].count);
    return ranks;
}

/* A photo as {"caption", "labels": [{"name", "confidence", "topicality"}]}: what photo managers ask
 * of language models. */
static cJSON *photo_json(const caption_result *result, size_t rank, caption_error *error) {
    cJSON *photo = cJSON_CreateObject();
    const double confidence = result->captions[rank].confidence;
    bool ok = photo &&
              json_put(photo, "caption", json_text(result->captions[rank].text, error), error) &&
              (isnan(confidence) || json_put(photo, "confidence", json_logprob(confidence), error));
    cJSON *labels = ok ? cJSON_AddArrayToObject(photo, "labels") : NULL;
    for (size_t i = 0; labels && i < result->tag_count; i++) {
        cJSON *label = cJSON_CreateObject();
        if (!label || !cJSON_AddItemToArray(labels, label)) {
            cJSON_Delete(label);
            labels = NULL;
        } else if (!json_put(label, "name", json_text(result->tags[i].name, error), error) ||
                   !json_put(label, "confidence", json_logprob(result->tags[i].confidence),
                             error) ||
                   !json_put(label, "topicality", json_logprob(result->tags[i].confidence),
                             error)) {
            labels = NULL;
        }
    }
    if (labels) return photo;
    cJSON_Delete(photo);
    error_memory(error, "an answer");
    return NULL;
}

static char *json_answer(const struct photo_request *request, const caption_result *results,
                         size_t rank, caption_error *error) {
    cJSON *value = request->photo_count == 1 ? photo_json(&results[0], rank, error) : NULL;
    if (request->photo_count != 1) {
        value = cJSON_CreateObject();
        cJSON *list = value ? cJSON_AddArrayToObject(value, "photos") : NULL;
        for (size_t i = 0; list && i < request->photo_count; i++) {
            cJSON *photo = photo_json(&results[i], rank, error);
            if (!photo || !cJSON_AddItemToArray(list, photo)) {
                cJSON_Delete(photo);
                list = NULL;
            }
        }
        if (!list) {
            cJSON_Delete(value);
            value = NULL;
        }
    }
    char *text = value ? cJSON_PrintUnformatted(value) : NULL;
    cJSON_Delete(value);
    if (!text) error_memory(error, "an answer");
    return text;
}

char *protocol_text(const struct photo_request *request, const caption_result *results, size_t rank,
                    caption_error *error) {
    if (request->json) return json_answer(request, results, rank, error);
    struct text_stream text;
    if (!text_stream_open(&text, "an answer", error)) return NULL;
    for (size_t i = 0; i < request->photo_count; i++)
        fprintf(text.stream, "%s%s", i > 0 ? "\n" : "", results[i].captions[rank].text);
    return text_stream_close(&text, error);
}

size_t protocol_part(const char *text) {
    const size_t space = strspn(text, " \n");
    return space + strcspn(text + space, " \n");
}

size_t protocol_words(const char *text) {
    size_t words = 0;
    for (size_t length; (length = protocol_part(text)) > 0; text += length) words++;
    return words;
}

bool protocol_is_cut(const struct photo_request *request, const caption_result *results,
                     size_t rank) {
    if (!request->shortened || request->json) return false;
    for (size_t i = 0; i < request->photo_count; i++)
        if (protocol_words(results[i].captions[rank].text) >= request->options.max_length)
            return true;
    return false;
}

bool protocol_put(FILE *stream, const char *prefix, cJSON *value, const char *suffix,
                  caption_error *error) {
    char *line = value ? cJSON_PrintUnformatted(value) : NULL;
    cJSON_Delete(value);
    if (!line) return error_memory(error, "an answer");
    fprintf(stream, "%s%s%s", prefix, line, suffix);
    cJSON_free(line);
    return true;
}

bool protocol_write_error(unsigned status, const char *message, FILE *stream,
                          caption_error *error) {
    (void)status;
    cJSON *answer = cJSON_CreateObject();
    if (!answer || !json_put(answer, "error", json_text(message, error), error)) {
        cJSON_Delete(answer);
        return error_memory(error, "an answer");
    }
    return protocol_put(stream, "", answer, "\n", error);
}

/* Values in a request's JSON. */
enum { MOST_JSON_VALUES = 200000 };

/* About: every value but the first follows one of these, outside of strings. */
static size_t count_values(const char *bytes, size_t size) {
    size_t values = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            quoted = !quoted;
        else if (!quoted && strchr(",[{:", bytes[i]) && bytes[i])
            values++;
    }
    return values;
}

cJSON *protocol_json(const struct protocol_body *body, const char *name, caption_error *error) {
    const char *bytes = body->bytes ? body->bytes : "";
    if (count_values(bytes, body->size) <= MOST_JSON_VALUES)
        return json_parse(bytes, body->size, name, error);
    error_set(error, CAPTION_ERROR_LIMIT, "%s: more than %d values", name, MOST_JSON_VALUES);
    return NULL;
}

bool protocol_read(struct photo_request *request, const struct photo_request_rules *rules,
                   struct protocol_body *body, protocol_read_object *read, caption_error *error) {
    static const char name[] = "the request";
    cJSON *json = protocol_json(body, name, error);
    if (!json) return false;
    free(body->bytes); /* the photos of large bodies are there once, not twice */
    body->bytes = NULL;
    const bool done = cJSON_IsObject(json)
                          ? read(request, rules, json, error)
                          : error_set(error, CAPTION_ERROR_FORMAT,
                                      "%s: expected an object, found %s", name, json_type(json));
    cJSON_Delete(json);
    return done;
}

bool protocol_whole(const struct protocol_argument *argument, double *out, caption_error *error) {
    const char *text = argument->value ? argument->value : "";
    const size_t digits = strspn(text, "0123456789");
    *out = strtod(text, NULL);
    if (digits > 0 && digits < 10 && text[digits] == '\0') return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: '%s' is no whole number", argument->name,
                     text);
}

void protocol_take_photo(struct photo_request *request, struct protocol_body *body) {
    if (body->name) request->name = body->name;
    request->photos[0] = (struct request_photo){(uint8_t *)body->bytes, body->size};
    request->photo_count = 1;
    body->bytes = NULL;
}

/* This program's own protocol: POST /caption and POST /suggest. */

/* POST /caption?top=3&neutral=1&precision=int8&tags=5: a photo's bytes in, JSON out. */

/* "neutral", "neutral=1" and "neutral=true" mean the same. */
static bool read_switch(const struct protocol_argument *argument, bool *out, caption_error *error) {
    const char *text = argument->value && *argument->value ? argument->value : "1";
    *out = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    if (*out || strcmp(text, "0") == 0 || strcmp(text, "false") == 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: '%s' is neither 1 nor 0", argument->name,
                     text);
}

static bool read_precision(const struct protocol_argument *argument, caption_precision *out,
                           caption_error *error) {
    static const char *const names[] = {"auto", "f32", "bf16", "int8", "int16"};
    const char *text = argument->value ? argument->value : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *out = (caption_precision)i;
        return true;
    }
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "precision: '%s' is not one of auto, f32, bf16, int16, int8", text);
}

static bool read_tags(const struct protocol_argument *argument, size_t *out, caption_error *error) {
    double count;
    if (!protocol_whole(argument, &count, error)) return false;
    *out = (size_t)count;
    return true;
}

static bool read_caption_argument(struct photo_request *request,
                                  const struct protocol_argument *argument, caption_error *error) {
    const char *name = argument->name;
    double number;
    if (strcmp(name, "top") == 0)
        return protocol_whole(argument, &number, error) &&
               photo_request_top(request, number, name, error);
    if (strcmp(name, "neutral") == 0)
        return read_switch(argument, &request->options.neutral, error);
    if (strcmp(name, "precision") == 0)
        return read_precision(argument, &request->options.precision, error);
    if (strcmp(name, "tags") == 0) return read_tags(argument, &request->options.tags, error);
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: unknown, expected top, neutral, precision or tags", name);
}

static bool read_plain(struct photo_request *request, const struct photo_request_rules *rules,
                       struct protocol_body *body, caption_error *error) {
    (void)rules;
    for (size_t i = 0; i < body->argument_count; i++)
        if (!read_caption_argument(request, &body->arguments[i], error)) return false;
    if (body->size == 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "expected a photo as the body, or as a file of a form: found nothing");
    protocol_take_photo(request, body);
    return true;
}

static bool write_plain(const struct photo_request *request, const caption_result *results,
                        const struct protocol_facts *facts, FILE *stream, caption_error *error) {
    (void)facts;
    const struct caption_rows rows = {.stream = stream,
                                      .json_lines = true,
                                      .n_best = request->options.top > 1,
                                      .tags = request->options.tags > 0 ? TAGS_SHOWN : TAGS_HIDDEN};
    return caption_rows_write(&rows, NULL, &results[0], error);
}

const struct protocol protocol_plain = {.read = read_plain,
                                        .write = write_plain,
                                        .write_error = protocol_write_error,
                                        .takes_form = true,
                                        .type = "application/json",
                                        .stream_type = "application/json"};

/* POST /suggest?text=a%20do&top=5: the words most likely to come next, as one types. The body is a
 * photo's bytes, or nothing; ?photo=ID names one that was sent before. */

/* Each word of a text is a step of the decoder. */
enum { LONGEST_TEXT = 500, SUGGESTIONS = 5 };

static bool read_text(struct photo_request *request, const char *text, caption_error *error) {
    if (strlen(text) > LONGEST_TEXT)
        return error_set(error, CAPTION_ERROR_LIMIT, "text: %zu bytes, at most %d are accepted",
                         strlen(text), LONGEST_TEXT);
    free(request->text);
    request->text = memory_string(text, error);
    return request->text != NULL;
}

/* Thirty-two hexadecimal digits. */
static bool read_photo(struct photo_request *request, const char *id, caption_error *error) {
    if (strlen(id) != PHOTO_REQUEST_ID || strspn(id, "0123456789abcdef") != PHOTO_REQUEST_ID)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "photo: '%.40s' is none that /suggest has answered with", id);
    memcpy(request->photo_id, id, PHOTO_REQUEST_ID + 1);
    return true;
}

static bool read_suggest_argument(struct photo_request *request,
                                  const struct protocol_argument *argument, caption_error *error) {
    const char *name = argument->name, *value = argument->value ? argument->value : "";
    double number;
    if (strcmp(name, "text") == 0) return read_text(request, value, error);
    if (strcmp(name, "photo") == 0) return read_photo(request, value, error);
    if (strcmp(name, "top") == 0)
        return protocol_whole(argument, &number, error) &&
               photo_request_top(request, number, name, error);
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: unknown, expected text, photo or top",
                     name);
}

static bool read_suggest(struct photo_request *request, const struct photo_request_rules *rules,
                         struct protocol_body *body, caption_error *error) {
    (void)rules;
    request->options.top = SUGGESTIONS;
    if (!read_text(request, "", error)) return false;
    for (size_t i = 0; i < body->argument_count; i++)
        if (!read_suggest_argument(request, &body->arguments[i], error)) return false;
    if (body->size == 0) return true;
    if (*request->photo_id)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "photo: expected a photo's name or its bytes, found both");
    protocol_take_photo(request, body);
    return true;
}

/* {"text", "begun", "photo", "words": [{"word", "probability", "logprob"}]}. */
static bool write_words(const struct photo_request *request, const caption_words *words,
                        FILE *stream, caption_error *error) {
    const char *text = request->text;
    cJSON *answer = word_rows_json(text, words, error);
    bool done = answer != NULL;
    if (done)
        done = json_put(answer, "begun", json_text(text + strlen(text) - words->begun, error),
                        error) &&
               json_put(answer, "photo",
                        *request->photo_id ? cJSON_CreateString(request->photo_id)
                                           : cJSON_CreateNull(),
                        error) &&
               json_write_line(answer, stream, error);
    cJSON_Delete(answer);
    return done;
}

const struct protocol protocol_suggest = {.read = read_suggest,
                                          .write_words = write_words,
                                          .write_error = protocol_write_error,
                                          .takes_form = true,
                                          .type = "application/json",
                                          .stream_type = "application/json"};
