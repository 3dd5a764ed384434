/* This program's own protocol: POST /caption and POST /suggest. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/caption_table.h"
#include "report/json_text.h"
#include "report/word_rows.h"
#include "serve/protocol.h"

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
    static const char *const names[] = {"auto", "f32", "bf16", "int8"};
    const char *text = argument->value ? argument->value : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *out = (caption_precision)i;
        return true;
    }
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "precision: '%s' is not one of auto, f32, bf16, int8", text);
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
