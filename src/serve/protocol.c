#include "serve/protocol.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* --- forms --- */

/* Bytes of a parameter's value, and of a field. */
enum { LONGEST_VALUE = 1024, LONGEST_FIELD = 1024 };

/* White space within a header; a line may be folded. */
static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static const char *skip_spaces(const char *at, const char *end) {
    while (at < end && is_space(*at)) at++;
    return at;
}

/* A parameter of a header: NAME=TOKEN or NAME="QUOTED". A longer value is cut. */
struct form_parameter {
    const char *name;
    size_t name_length;
    char value[LONGEST_VALUE + 1];
};

static bool parameter_is(const struct form_parameter *parameter, const char *name) {
    return parameter->name_length == strlen(name) &&
           strncasecmp(parameter->name, name, parameter->name_length) == 0;
}

/* Copies a quoted string, whose quote was passed, and returns what follows it. A backslash is one
 * of a path ("C:\dog.jpg") unless it stands before what needs it. */
static const char *copy_quoted(const char *at, const char *end, char *out) {
    size_t length = 0;
    for (; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end && (at[1] == '"' || at[1] == '\\')) at++;
        if (length < LONGEST_VALUE) out[length++] = *at;
    }
    out[length] = '\0';
    return at < end ? at + 1 : end;
}

static const char *copy_token(const char *at, const char *end, char *out) {
    const char *stop = memchr(at, ';', (size_t)(end - at));
    if (!stop) stop = end;
    const char *last = stop;
    while (last > at && is_space(last[-1])) last--;
    const size_t length = size_smaller((size_t)(last - at), LONGEST_VALUE);
    memcpy(out, at, length);
    out[length] = '\0';
    return stop;
}

/* The parameter that follows the next ';'; false where there is none. *at goes on behind it. */
static bool next_parameter(const char **at, const char *end, struct form_parameter *out) {
    const char *semicolon = memchr(*at, ';', (size_t)(end - *at));
    if (!semicolon) return false;
    const char *name = skip_spaces(semicolon + 1, end), *stop = name;
    while (stop < end && *stop != '=' && *stop != ';' && !is_space(*stop)) stop++;
    out->name = name;
    out->name_length = (size_t)(stop - name);
    out->value[0] = '\0';
    stop = skip_spaces(stop, end);
    if (stop < end && *stop == '=') {
        stop = skip_spaces(stop + 1, end);
        const bool quoted = stop < end && *stop == '"';
        stop = quoted ? copy_quoted(stop + 1, end, out->value) : copy_token(stop, end, out->value);
    }
    *at = stop;
    return true;
}

bool form_is_type(const char *type) {
    static const char form[] = "multipart/form-data";
    const size_t length = sizeof form - 1;
    return strncasecmp(type, form, length) == 0 &&
           (type[length] == '\0' || type[length] == ';' || is_space(type[length]));
}

bool form_boundary(const char *type, char boundary[FORM_LONGEST_BOUNDARY + 1]) {
    const char *at = type, *end = type + strlen(type);
    struct form_parameter parameter;
    while (next_parameter(&at, end, &parameter)) {
        if (!parameter_is(&parameter, "boundary")) continue;
        const size_t length = strlen(parameter.value);
        if (length == 0 || length > FORM_LONGEST_BOUNDARY) return false;
        memcpy(boundary, parameter.value, length + 1);
        return true;
    }
    return false;
}

/* A form while it is read. */
struct form {
    struct protocol_body *body;
    const char *at, *end;
    char delimiter[sizeof "\r\n--" + FORM_LONGEST_BOUNDARY];
    size_t length; /* of the delimiter */
    bool closed;   /* the last delimiter was that of the end */
    const char *photo;
    size_t photo_size;
};

/* Goes on behind a boundary where what follows belongs to it: "--" at the end of the form, or the
 * end of the line. */
static bool pass_boundary(struct form *form, const char *at) {
    form->closed = form->end - at >= 2 && memcmp(at, "--", 2) == 0;
    while (!form->closed && at < form->end && (*at == ' ' || *at == '\t')) at++;
    if (form->end - at < 2 || (!form->closed && memcmp(at, "\r\n", 2) != 0)) return false;
    form->at = at + 2;
    return true;
}

/* Goes on behind the next delimiter, which is returned; NULL: there is none. */
static const char *pass_delimiter(struct form *form) {
    const char *found = form->at;
    while ((found = memmem(found, (size_t)(form->end - found), form->delimiter, form->length))) {
        if (pass_boundary(form, found + form->length)) return found;
        found += form->length;
    }
    return NULL;
}

/* The first boundary may begin the body, without the end of a line before it. */
static bool pass_first(struct form *form) {
    const char *boundary = form->delimiter + 2;
    const size_t length = form->length - 2;
    const bool begins = (size_t)(form->end - form->at) >= length &&
                        memcmp(form->at, boundary, length) == 0 &&
                        pass_boundary(form, form->at + length);
    return begins || pass_delimiter(form) != NULL;
}

struct form_part {
    const char *headers, *headers_end, *bytes;
    size_t size;
};

static bool read_part(struct form *form, struct form_part *part, caption_error *error) {
    enum { LONGEST_HEADERS = 1 << 14 };
    /* The line end of the boundary counts: a part may have no headers. */
    const char *from = form->at - 2;
    const size_t left = size_smaller((size_t)(form->end - from), LONGEST_HEADERS);
    const char *blank = memmem(from, left, "\r\n\r\n", 4);
    if (!blank)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "a part of the form: expected a blank line after its headers, found none "
                         "in %d bytes",
                         LONGEST_HEADERS);
    part->headers = form->at;
    part->headers_end = blank < form->at ? form->at : blank;
    part->bytes = form->at = blank + 4;
    const char *end = pass_delimiter(form);
    if (!end)
        return error_set(error, CAPTION_ERROR_FORMAT, "the form has no end: expected %.80s--",
                         form->delimiter + 2);
    part->size = (size_t)(end - part->bytes);
    return true;
}

/* Where the header's line ends: a line that begins with white space belongs to the one before. */
static const char *line_end(const char *at, const char *end) {
    for (; at + 2 < end; at++)
        if (at[0] == '\r' && at[1] == '\n' && at[2] != ' ' && at[2] != '\t') return at;
    return end;
}

/* The value of a part's Content-Disposition, which ends at *end; NULL: it has none. */
static const char *find_disposition(const struct form_part *part, const char **end) {
    static const char name[] = "content-disposition:";
    const size_t length = sizeof name - 1;
    for (const char *line = part->headers; line < part->headers_end; line = *end + 2) {
        *end = line_end(line, part->headers_end);
        if ((size_t)(*end - line) >= length && strncasecmp(line, name, length) == 0)
            return line + length;
        if (*end == part->headers_end) break;
    }
    return NULL;
}

struct disposition {
    struct form_parameter name, filename;
    bool is_named, is_file;
};

/* ("filename*", which RFC 7578 forbids and .NET adds, says again what "filename" does.) */
static void read_disposition(const struct form_part *part, struct disposition *out) {
    const char *end, *at = find_disposition(part, &end);
    struct form_parameter parameter;
    *out = (struct disposition){0};
    while (at && next_parameter(&at, end, &parameter)) {
        if (parameter_is(&parameter, "name")) {
            out->name = parameter;
            out->is_named = true;
        } else if (parameter_is(&parameter, "filename")) {
            out->filename = parameter;
            out->is_file = true;
        } else if (parameter_is(&parameter, "filename*")) {
            out->is_file = true;
        }
    }
}

static bool take_file(struct form *form, const struct form_part *part, const char *name,
                      caption_error *error) {
    if (part->size == 0 && !*name) return true; /* an input that was left empty */
    if (form->photo)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "expected one photo in the form, found several");
    form->photo = part->bytes;
    form->photo_size = part->size;
    if (!*name) return true;
    form->body->name = memory_string(name, error);
    return form->body->name != NULL;
}

static bool take_field(struct form *form, const struct form_part *part, const char *name,
                       caption_error *error) {
    if (part->size > LONGEST_FIELD || memchr(part->bytes, 0, part->size))
        return error_set(
            error, CAPTION_ERROR_FORMAT,
            "the field %.80s of the form: expected a text of at most %d bytes (a photo "
            "has a filename)",
            name, LONGEST_FIELD);
    char *value = memory_substring(part->bytes, part->size, error);
    const bool added = value && protocol_add_argument(form->body, name, value, error);
    free(value);
    return added;
}

static bool take_part(struct form *form, const struct form_part *part, caption_error *error) {
    struct disposition disposition;
    read_disposition(part, &disposition);
    if (disposition.is_file) return take_file(form, part, disposition.filename.value, error);
    if (disposition.is_named) return take_field(form, part, disposition.name.value, error);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "a part of the form: expected a name in its Content-Disposition, found none");
}

bool form_take(struct protocol_body *body, const char *boundary, caption_error *error) {
    struct form form = {.body = body, .at = body->bytes, .end = body->bytes + body->size};
    const int length = snprintf(form.delimiter, sizeof form.delimiter, "\r\n--%s", boundary);
    form.length = (size_t)length;
    if (body->size == 0 || !pass_first(&form))
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "the form: expected the boundary of its Content-Type, found none");
    struct form_part part = {0};
    while (!form.closed)
        if (!read_part(&form, &part, error) || !take_part(&form, &part, error)) return false;
    if (form.photo) memmove(body->bytes, form.photo, form.photo_size);
    body->size = form.photo ? form.photo_size : 0;
    return true;
}
