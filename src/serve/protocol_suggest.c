/* POST /suggest?text=a%20do&top=5: the words most likely to come next, as one types. The body is a
 * photo's bytes, or nothing; ?photo=ID names one that was sent before. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/json_text.h"
#include "report/word_rows.h"
#include "serve/protocol.h"

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

static bool read_argument(struct photo_request *request, const struct protocol_argument *argument,
                          caption_error *error) {
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
        if (!read_argument(request, &body->arguments[i], error)) return false;
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
