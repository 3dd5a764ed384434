/* POST /caption?top=3&neutral=1&precision=int8&tags=5: a photo's bytes in, JSON out. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "report/caption_table.h"
#include "serve/protocol.h"

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

static bool read_argument(struct photo_request *request, const struct protocol_argument *argument,
                          caption_error *error) {
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
        if (!read_argument(request, &body->arguments[i], error)) return false;
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
