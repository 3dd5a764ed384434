#include "serve/openai.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/json_text.h"

static const char *type_of(const cJSON *part) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(part, "type");
    return cJSON_IsString(type) ? type->valuestring : "";
}

/* {"image_url": "data:..."}, or {"image_url": {"url": "data:..."}}. */
static bool read_image(struct photo_request *request, const cJSON *part, const char *place,
                       caption_error *error) {
    cJSON *image = cJSON_GetObjectItemCaseSensitive(part, "image_url");
    if (cJSON_IsObject(image)) image = cJSON_GetObjectItemCaseSensitive(image, "url");
    return photo_request_add(request, image, true, place, error);
}

/* Photos and text of an array of parts; of several texts the last counts. */
static bool read_content(struct photo_request *request, const cJSON *content, const char *place,
                         const struct openai_messages *names, const char **text,
                         caption_error *error) {
    size_t i = 0;
    for (const cJSON *part = content->child; part; part = part->next, i++) {
        char where[96];
        snprintf(where, sizeof where, "%s[%zu].image_url", place, i);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(part, "text");
        if (strcmp(type_of(part), names->text_type) == 0 && cJSON_IsString(value))
            *text = value->valuestring;
        if (strcmp(type_of(part), names->image_type) == 0 &&
            !read_image(request, part, where, error))
            return false;
    }
    return true;
}

/* The content of a message, if it is an array with a photo, else NULL. */
static const cJSON *content_with_photo(const cJSON *message, const char *image_type) {
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(message, "content");
    if (!cJSON_IsArray(content)) return NULL;
    for (const cJSON *part = content->child; part; part = part->next)
        if (strcmp(type_of(part), image_type) == 0) return content;
    return NULL;
}

bool openai_read_messages(struct photo_request *request, const struct photo_request_rules *rules,
                          const cJSON *messages, const struct openai_messages *names,
                          caption_error *error) {
    const cJSON *last = NULL, *message = cJSON_IsArray(messages) ? messages->child : NULL;
    const char *prompt = NULL;
    char place[48];
    for (size_t i = 0; message; message = message->next, i++) {
        const cJSON *content = content_with_photo(message, names->image_type);
        if (!content) continue;
        last = content;
        snprintf(place, sizeof place, "%s[%zu].content", names->list, i);
    }
    if (!last)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "this model says what a photo shows and answers no questions: expected a "
                         "message with a photo, as %s",
                         names->example);
    return read_content(request, last, place, names, &prompt, error) &&
           photo_request_prompt(request, rules, prompt, error);
}

bool openai_read_format(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *format, const char *place, caption_error *error) {
    if (!format || cJSON_IsNull(format)) return true;
    const char *type = type_of(format);
    if (strcmp(type, "json_object") == 0 || strcmp(type, "json_schema") == 0) {
        photo_request_json(request, rules);
        return true;
    }
    return strcmp(type, "text") == 0 ||
           error_set(error, CAPTION_ERROR_FORMAT,
                     "%s.type: expected text, json_object or json_schema", place);
}

bool openai_read_common(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *body, caption_error *error) {
    return photo_request_model(request, body, error) &&
           photo_request_flag(body, "stream", &request->stream, error) &&
           photo_request_sampling(request, rules, body, "", error);
}

static const char *code_of(unsigned status) {
    if (status == 401) return "invalid_api_key";
    if (status == 413) return "request_too_large";
    return status == 503 ? "server_busy" : NULL;
}

bool openai_write_error(unsigned status, const char *message, FILE *stream, caption_error *error) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *inner = answer ? cJSON_AddObjectToObject(answer, "error") : NULL;
    const char *type = status >= 500 ? "server_error" : "invalid_request_error";
    const char *code = code_of(status);
    if (inner && json_put(inner, "message", json_text(message, error), error) &&
        json_put(inner, "type", cJSON_CreateString(type), error) &&
        json_put(inner, "param", cJSON_CreateNull(), error) &&
        json_put(inner, "code", code ? cJSON_CreateString(code) : cJSON_CreateNull(), error))
        return protocol_put(stream, "", answer, "\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

/* OpenAI's /v1/chat/completions. What is asked in words is not read. */

static bool read_messages(struct photo_request *request, const struct photo_request_rules *rules,
                          const cJSON *body, caption_error *error) {
    static const struct openai_messages names = {
        "messages", "text", "image_url",
        "{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:image/jpeg;base64,...\"}}"};
    const cJSON *messages = json_array(body, "messages", "the request", "", error);
    return messages && openai_read_messages(request, rules, messages, &names, error);
}

static bool read_count(struct photo_request *request, const cJSON *body, caption_error *error) {
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(body, "n");
    if (!count || cJSON_IsNull(count)) return true;
    if (!cJSON_IsNumber(count))
        return error_set(error, CAPTION_ERROR_FORMAT, "n: expected a number, found %s",
                         json_type(count));
    return photo_request_top(request, count->valuedouble, "n", error);
}

static bool read_chat_body(struct photo_request *request, const struct photo_request_rules *rules,
                           const cJSON *body, caption_error *error) {
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(body, "stream_options");
    return openai_read_common(request, rules, body, error) &&
           photo_request_length(request, body, "max_tokens", "", error) &&
           photo_request_length(request, body, "max_completion_tokens", "", error) &&
           read_count(request, body, error) &&
           photo_request_flag(options, "include_usage", &request->stream_usage, error) &&
           openai_read_format(request, rules,
                              cJSON_GetObjectItemCaseSensitive(body, "response_format"),
                              "response_format", error) &&
           read_messages(request, rules, body, error);
}

static bool read_chat(struct photo_request *request, const struct photo_request_rules *rules,
                      struct protocol_body *body, caption_error *error) {
    return protocol_read(request, rules, body, read_chat_body, error);
}

static const char *finish_reason(const struct photo_request *request, const caption_result *results,
                                 size_t rank) {
    return protocol_is_cut(request, results, rank) ? "length" : "stop";
}

/* Everything of an answer or of a part of one but what it says; "choices" is empty. */
static cJSON *new_answer(const struct photo_request *request, const struct protocol_facts *facts,
                         caption_error *error) {
    char id[48];
    snprintf(id, sizeof id, "chatcmpl-%016llx", facts->number);
    const char *object = request->stream ? "chat.completion.chunk" : "chat.completion";
    const char *model = request->model ? request->model : facts->model;
    cJSON *answer = cJSON_CreateObject();
    if (answer && json_put(answer, "id", cJSON_CreateString(id), error) &&
        json_put(answer, "object", cJSON_CreateString(object), error) &&
        json_put(answer, "created", cJSON_CreateNumber((double)facts->now.tv_sec), error) &&
        json_put(answer, "model", json_text(model, error), error) &&
        json_put(answer, "choices", cJSON_CreateArray(), error))
        return answer;
    cJSON_Delete(answer);
    error_memory(error, "an answer");
    return NULL;
}

static bool put_usage(cJSON *answer, size_t words, caption_error *error) {
    cJSON *usage = cJSON_AddObjectToObject(answer, "usage");
    return usage && json_put(usage, "prompt_tokens", cJSON_CreateNumber(0), error) &&
           json_put(usage, "completion_tokens", cJSON_CreateNumber((double)words), error) &&
           json_put(usage, "total_tokens", cJSON_CreateNumber((double)words), error);
}

/* Adds {"index", KEY: {members}, "finish_reason"} and returns the inner object. */
static cJSON *add_choice(cJSON *answer, size_t rank, const char *key, const char *reason) {
    cJSON *choice = cJSON_CreateObject();
    if (!choice ||
        !cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(answer, "choices"), choice)) {
        cJSON_Delete(choice);
        return NULL;
    }
    cJSON *inner = cJSON_AddNumberToObject(choice, "index", (double)rank)
                       ? cJSON_AddObjectToObject(choice, key)
                       : NULL;
    cJSON *end = reason ? cJSON_AddStringToObject(choice, "finish_reason", reason)
                        : cJSON_AddNullToObject(choice, "finish_reason");
    return cJSON_AddNullToObject(choice, "logprobs") && end ? inner : NULL;
}

static bool put_message(cJSON *answer, const struct photo_request *request,
                        const caption_result *results, size_t rank, size_t *words,
                        caption_error *error) {
    char *text = protocol_text(request, results, rank, error);
    if (!text) return false;
    cJSON *message = add_choice(answer, rank, "message", finish_reason(request, results, rank));
    const bool done = message &&
                      json_put(message, "role", cJSON_CreateString("assistant"), error) &&
                      json_put(message, "content", json_text(text, error), error) &&
                      json_put(message, "refusal", cJSON_CreateNull(), error);
    *words += protocol_words(text);
    free(text);
    return done || error_memory(error, "an answer");
}

static bool write_whole(const struct photo_request *request, const caption_result *results,
                        const struct protocol_facts *facts, FILE *stream, caption_error *error) {
    cJSON *answer = new_answer(request, facts, error);
    size_t words = 0;
    bool done = answer != NULL;
    for (size_t rank = 0; done && rank < protocol_ranks(request, results); rank++)
        done = put_message(answer, request, results, rank, &words, error);
    if (done && put_usage(answer, words, error))
        return protocol_put(stream, "", answer, "\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

/* What all parts of a stream need. */
struct parts {
    const struct photo_request *request;
    const struct protocol_facts *facts;
    FILE *stream;
};

/* A part: the role, some text, or (`reason`) the end. */
static bool write_part(const struct parts *parts, size_t rank, const char *role, const char *text,
                       const char *reason, caption_error *error) {
    cJSON *answer = new_answer(parts->request, parts->facts, error);
    cJSON *delta = answer ? add_choice(answer, rank, "delta", reason) : NULL;
    if (delta && (!role || json_put(delta, "role", cJSON_CreateString(role), error)) &&
        (!text || json_put(delta, "content", json_text(text, error), error)))
        return protocol_put(parts->stream, "data: ", answer, "\n\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

static bool write_words(const struct parts *parts, size_t rank, char *text, caption_error *error) {
    for (size_t length; (length = protocol_part(text)) > 0; text += length) {
        const char next = text[length];
        text[length] = '\0';
        const bool done = write_part(parts, rank, NULL, text, NULL, error);
        text[length] = next;
        if (!done) return false;
    }
    return true;
}

static bool write_usage(const struct parts *parts, size_t words, caption_error *error) {
    cJSON *answer = new_answer(parts->request, parts->facts, error);
    if (answer && put_usage(answer, words, error))
        return protocol_put(parts->stream, "data: ", answer, "\n\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

/* Server-sent events. */
static bool write_parts(const struct parts *parts, const caption_result *results,
                        caption_error *error) {
    const struct photo_request *request = parts->request;
    size_t words = 0;
    for (size_t rank = 0; rank < protocol_ranks(request, results); rank++) {
        char *text = protocol_text(request, results, rank, error);
        const bool done =
            text && write_part(parts, rank, "assistant", "", NULL, error) &&
            write_words(parts, rank, text, error) &&
            write_part(parts, rank, NULL, NULL, finish_reason(request, results, rank), error);
        if (text) words += protocol_words(text);
        free(text);
        if (!done) return false;
    }
    if (request->stream_usage && !write_usage(parts, words, error)) return false;
    fputs("data: [DONE]\n\n", parts->stream);
    return true;
}

static bool write_chat(const struct photo_request *request, const caption_result *results,
                       const struct protocol_facts *facts, FILE *stream, caption_error *error) {
    const struct parts parts = {request, facts, stream};
    return request->stream ? write_parts(&parts, results, error)
                           : write_whole(request, results, facts, stream, error);
}

const struct protocol protocol_openai_chat = {.read = read_chat,
                                              .write = write_chat,
                                              .write_error = openai_write_error,
                                              .type = "application/json",
                                              .stream_type = "text/event-stream; charset=utf-8"};
