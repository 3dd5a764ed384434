/* Ollama's /api/generate and /api/chat. What is asked in words is not read. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "serve/protocol.h"

/* "format": "json", or a schema: both are answered with the same JSON. */
static bool read_format(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *body, caption_error *error) {
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(body, "format");
    if (!format || cJSON_IsNull(format)) return true;
    if (cJSON_IsString(format) && format->valuestring[0] == '\0') return true;
    if (cJSON_IsObject(format) ||
        (cJSON_IsString(format) && strcmp(format->valuestring, "json") == 0)) {
        photo_request_json(request, rules);
        return true;
    }
    return error_set(error, CAPTION_ERROR_FORMAT, "format: expected \"json\" or a schema, found %s",
                     json_type(format));
}

static bool read_images(struct photo_request *request, const cJSON *object, caption_error *error) {
    const cJSON *images = cJSON_GetObjectItemCaseSensitive(object, "images");
    if (!images || cJSON_IsNull(images)) return true;
    if (!cJSON_IsArray(images))
        return error_set(error, CAPTION_ERROR_FORMAT, "images: expected an array, found %s",
                         json_type(images));
    size_t i = 0;
    for (cJSON *image = images->child; image; image = image->next, i++) {
        char place[32];
        snprintf(place, sizeof place, "images[%zu]", i);
        if (!photo_request_add(request, image, false, place, error)) return false;
    }
    return true;
}

/* What both endpoints have in common. */
static bool read_common(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *body, caption_error *error) {
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(body, "options");
    request->stream = true;
    return photo_request_model(request, body, error) &&
           photo_request_flag(body, "stream", &request->stream, error) &&
           read_format(request, rules, body, error) &&
           photo_request_sampling(request, rules, options, "options.", error) &&
           photo_request_length(request, options, "num_predict", "options.", error);
}

static bool expect_photo(const struct photo_request *request, const char *where,
                         caption_error *error) {
    if (request->photo_count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "this model says what a photo shows and answers no questions: expected a "
                     "photo in base64 in \"%s\"",
                     where);
}

static bool read_generate_body(struct photo_request *request,
                               const struct photo_request_rules *rules, const cJSON *body,
                               caption_error *error) {
    if (!read_common(request, rules, body, error) || !read_images(request, body, error))
        return false;
    const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(body, "prompt");
    const char *text = cJSON_IsString(prompt) ? prompt->valuestring : "";
    request->loads = request->photo_count == 0 && !*text;
    return request->loads || (expect_photo(request, "images", error) &&
                              photo_request_prompt(request, rules, text, error));
}

static bool has_images(const cJSON *message) {
    const cJSON *images = cJSON_GetObjectItemCaseSensitive(message, "images");
    return images && !cJSON_IsNull(images) && !(cJSON_IsArray(images) && !images->child);
}

/* The photos of the last message that has some. */
static bool read_chat_body(struct photo_request *request, const struct photo_request_rules *rules,
                           const cJSON *body, caption_error *error) {
    if (!read_common(request, rules, body, error)) return false;
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(body, "messages");
    if (messages && !cJSON_IsArray(messages))
        return error_set(error, CAPTION_ERROR_FORMAT, "messages: expected an array, found %s",
                         json_type(messages));
    request->loads = !messages || !messages->child;
    const cJSON *last = NULL;
    for (const cJSON *message = messages ? messages->child : NULL; message; message = message->next)
        if (has_images(message)) last = message;
    if (request->loads) return true;
    if (last && !read_images(request, last, error)) return false;
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(last, "content");
    return expect_photo(request, "messages[].images", error) &&
           photo_request_prompt(request, rules,
                                cJSON_IsString(content) ? content->valuestring : NULL, error);
}

static bool read_generate(struct photo_request *request, const struct photo_request_rules *rules,
                          struct protocol_body *body, caption_error *error) {
    return protocol_read(request, rules, body, read_generate_body, error);
}

static bool read_chat(struct photo_request *request, const struct photo_request_rules *rules,
                      struct protocol_body *body, caption_error *error) {
    return protocol_read(request, rules, body, read_chat_body, error);
}

/* An answer or a part of one. */
struct part {
    const struct photo_request *request;
    const struct protocol_facts *facts;
    const char *text; /* [length] */
    size_t length;
    bool chat, done;
};

static bool put_time(cJSON *answer, struct timespec now, caption_error *error) {
    char text[64];
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    const size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, sizeof text - length, ".%06ldZ", now.tv_nsec / 1000);
    return json_put_string(answer, "created_at", text, error);
}

static bool put_text(cJSON *answer, const struct part *part, char *text, caption_error *error) {
    if (!part->chat) return json_put(answer, "response", json_text(text, error), error);
    cJSON *message = cJSON_CreateObject();
    if (!message || !json_put_string(message, "role", "assistant", error) ||
        !json_put(message, "content", json_text(text, error), error)) {
        cJSON_Delete(message);
        return error_memory(error, "an answer");
    }
    return json_put(answer, "message", message, error);
}

static bool put_nanoseconds(cJSON *answer, const char *key, double seconds, caption_error *error) {
    return json_put(answer, key, cJSON_CreateNumber((double)(long long)(seconds * 1e9)), error);
}

static bool put_end(cJSON *answer, const struct part *part, size_t words, bool cut,
                    caption_error *error) {
    const struct protocol_facts *facts = part->facts;
    const char *reason = part->request->loads ? "load" : cut ? "length" : "stop";
    return json_put_string(answer, "done_reason", reason, error) &&
           put_nanoseconds(answer, "total_duration", facts->seconds, error) &&
           put_nanoseconds(answer, "load_duration", facts->waited, error) &&
           json_put(answer, "prompt_eval_count", cJSON_CreateNumber(0), error) &&
           put_nanoseconds(answer, "prompt_eval_duration", 0, error) &&
           json_put(answer, "eval_count", cJSON_CreateNumber((double)words), error) &&
           put_nanoseconds(answer, "eval_duration", facts->seconds - facts->waited, error);
}

/* The start of an answer, up to "done". */
static cJSON *new_part(const struct part *part, caption_error *error) {
    char *text = strndup(part->text, part->length);
    cJSON *answer = text ? cJSON_CreateObject() : NULL;
    const char *model = part->request->model ? part->request->model : part->facts->model;
    const bool done = answer && json_put(answer, "model", json_text(model, error), error) &&
                      put_time(answer, part->facts->now, error) &&
                      put_text(answer, part, text, error) &&
                      json_put(answer, "done", cJSON_CreateBool(part->done), error);
    free(text);
    if (done) return answer;
    cJSON_Delete(answer);
    error_memory(error, "an answer");
    return NULL;
}

static bool write_text(struct part part, const char *text, bool cut, FILE *stream,
                       caption_error *error) {
    const char *rest = text;
    while (part.request->stream && *rest) {
        part.text = rest;
        part.length = protocol_part(rest);
        rest += part.length;
        if (!protocol_put(stream, "", new_part(&part, error), "\n", error)) return false;
    }
    part.text = rest;
    part.length = strlen(rest);
    part.done = true;
    cJSON *last = new_part(&part, error);
    if (last && put_end(last, &part, protocol_words(text), cut, error))
        return protocol_put(stream, "", last, "\n", error);
    cJSON_Delete(last);
    return false;
}

static bool write_answer(const struct photo_request *request, const caption_result *results,
                         const struct protocol_facts *facts, bool chat, FILE *stream,
                         caption_error *error) {
    const struct part part = {.request = request, .facts = facts, .chat = chat};
    if (request->loads) return write_text(part, "", false, stream, error);
    char *text = protocol_text(request, results, 0, error);
    const bool done =
        text && write_text(part, text, protocol_is_cut(request, results, 0), stream, error);
    free(text);
    return done;
}

static bool write_generate(const struct photo_request *request, const caption_result *results,
                           const struct protocol_facts *facts, FILE *stream, caption_error *error) {
    return write_answer(request, results, facts, false, stream, error);
}

static bool write_chat(const struct photo_request *request, const caption_result *results,
                       const struct protocol_facts *facts, FILE *stream, caption_error *error) {
    return write_answer(request, results, facts, true, stream, error);
}

const struct protocol protocol_ollama_generate = {.read = read_generate,
                                                  .write = write_generate,
                                                  .write_error = protocol_write_error,
                                                  .type = "application/json; charset=utf-8",
                                                  .stream_type = "application/x-ndjson"};

const struct protocol protocol_ollama_chat = {.read = read_chat,
                                              .write = write_chat,
                                              .write_error = protocol_write_error,
                                              .type = "application/json; charset=utf-8",
                                              .stream_type = "application/x-ndjson"};
