/* OpenAI's protocol: /v1/chat/completions and /v1/responses. What is asked in words is not read. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "serve/protocol.h"

/* What an endpoint calls its messages and the parts of their content. */
struct openai_messages {
    const char *list, *text_type, *image_type;
    const char *example; /* of a part that is a photo, for errors */
};

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

/* Reads photos and prompt of the last message that has photos. There must be one. */
static bool openai_read_messages(struct photo_request *request,
                                 const struct photo_request_rules *rules, const cJSON *messages,
                                 const struct openai_messages *names, caption_error *error) {
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

/* {"type": "json_object"} or "json_schema": the answer is JSON. */
static bool openai_read_format(struct photo_request *request,
                               const struct photo_request_rules *rules, const cJSON *format,
                               const char *place, caption_error *error) {
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

/* Model, stream and sampling of a request. */
static bool openai_read_common(struct photo_request *request,
                               const struct photo_request_rules *rules, const cJSON *body,
                               caption_error *error) {
    return photo_request_model(request, body, error) &&
           photo_request_flag(body, "stream", &request->stream, error) &&
           photo_request_sampling(request, rules, body, "", error);
}

static const char *code_of(unsigned status) {
    if (status == 401) return "invalid_api_key";
    if (status == 413) return "request_too_large";
    return status == 503 ? "server_busy" : NULL;
}

/* {"error": {"message", "type", "param", "code"}}. */
static bool openai_write_error(unsigned status, const char *message, FILE *stream,
                               caption_error *error) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *inner = answer ? cJSON_AddObjectToObject(answer, "error") : NULL;
    const char *type = status >= 500 ? "server_error" : "invalid_request_error";
    const char *code = code_of(status);
    if (inner && json_put(inner, "message", json_text(message, error), error) &&
        json_put_string(inner, "type", type, error) &&
        json_put(inner, "param", cJSON_CreateNull(), error) &&
        json_put(inner, "code", code ? cJSON_CreateString(code) : cJSON_CreateNull(), error))
        return protocol_put(stream, "", answer, "\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

/* --- /v1/chat/completions --- */

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
    if (answer && json_put_string(answer, "id", id, error) &&
        json_put_string(answer, "object", object, error) &&
        json_put(answer, "created", cJSON_CreateNumber((double)facts->now.tv_sec), error) &&
        json_put(answer, "model", json_text(model, error), error) &&
        json_put(answer, "choices", cJSON_CreateArray(), error))
        return answer;
    cJSON_Delete(answer);
    error_memory(error, "an answer");
    return NULL;
}

static bool put_chat_usage(cJSON *answer, size_t words, caption_error *error) {
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
    const bool done = message && json_put_string(message, "role", "assistant", error) &&
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
    if (done && put_chat_usage(answer, words, error))
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
    if (delta && (!role || json_put_string(delta, "role", role, error)) &&
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
    if (answer && put_chat_usage(answer, words, error))
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

/* --- /v1/responses --- */

static bool read_input(struct photo_request *request, const struct photo_request_rules *rules,
                       const cJSON *body, caption_error *error) {
    static const struct openai_messages names = {
        "input", "input_text", "input_image",
        "{\"type\": \"input_image\", \"image_url\": \"data:image/jpeg;base64,...\"}"};
    return openai_read_messages(request, rules, cJSON_GetObjectItemCaseSensitive(body, "input"),
                                &names, error);
}

static bool read_responses_body(struct photo_request *request,
                                const struct photo_request_rules *rules, const cJSON *body,
                                caption_error *error) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(body, "text");
    return openai_read_common(request, rules, body, error) &&
           photo_request_length(request, body, "max_output_tokens", "", error) &&
           openai_read_format(request, rules, cJSON_GetObjectItemCaseSensitive(text, "format"),
                              "text.format", error) &&
           read_input(request, rules, body, error);
}

static bool read_responses(struct photo_request *request, const struct photo_request_rules *rules,
                           struct protocol_body *body, caption_error *error) {
    return protocol_read(request, rules, body, read_responses_body, error);
}

/* An answer under way. */
struct response {
    const struct photo_request *request;
    const struct protocol_facts *facts;
    FILE *stream;
    const char *text;
    bool cut;
    size_t events; /* written so far */
};

/* {"type": "output_text", "text", "annotations"}. */
static cJSON *new_content(const char *text, caption_error *error) {
    cJSON *content = cJSON_CreateObject();
    if (content && json_put_string(content, "type", "output_text", error) &&
        json_put(content, "text", json_text(text, error), error) &&
        json_put(content, "annotations", cJSON_CreateArray(), error) &&
        json_put(content, "logprobs", cJSON_CreateArray(), error))
        return content;
    cJSON_Delete(content);
    return NULL;
}

static void name_message(const struct response *response, char id[32]) {
    snprintf(id, 32, "msg_%016llx", response->facts->number);
}

/* The message, with its text where it is done. */
static cJSON *new_message(const struct response *response, bool done, caption_error *error) {
    char id[32];
    name_message(response, id);
    cJSON *message = cJSON_CreateObject(), *list = NULL;
    bool ok = message && json_put_string(message, "type", "message", error) &&
              json_put_string(message, "id", id, error) &&
              json_put_string(message, "status", done ? "completed" : "in_progress", error) &&
              json_put_string(message, "role", "assistant", error) &&
              (list = cJSON_AddArrayToObject(message, "content")) != NULL;
    if (ok && done) {
        cJSON *content = new_content(response->text, error);
        ok = content && cJSON_AddItemToArray(list, content);
        if (!ok) cJSON_Delete(content);
    }
    if (ok) return message;
    cJSON_Delete(message);
    return NULL;
}

static bool put_responses_usage(cJSON *answer, size_t words, caption_error *error) {
    cJSON *usage = cJSON_AddObjectToObject(answer, "usage");
    cJSON *input = usage ? cJSON_AddObjectToObject(usage, "input_tokens_details") : NULL;
    cJSON *output = usage ? cJSON_AddObjectToObject(usage, "output_tokens_details") : NULL;
    return input && output && json_put(input, "cached_tokens", cJSON_CreateNumber(0), error) &&
           json_put(output, "reasoning_tokens", cJSON_CreateNumber(0), error) &&
           json_put(usage, "input_tokens", cJSON_CreateNumber(0), error) &&
           json_put(usage, "output_tokens", cJSON_CreateNumber((double)words), error) &&
           json_put(usage, "total_tokens", cJSON_CreateNumber((double)words), error);
}

/* What clients want to be there though nothing is to be said of it. */
static bool put_rest(cJSON *answer, caption_error *error) {
    static const char *const nulls[] = {
        "error",       "instructions", "max_output_tokens", "previous_response_id",
        "temperature", "top_p"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (!json_put(answer, nulls[i], cJSON_CreateNull(), error)) return false;
    return json_put(answer, "tools", cJSON_CreateArray(), error) &&
           json_put_string(answer, "tool_choice", "auto", error) &&
           json_put(answer, "parallel_tool_calls", cJSON_CreateFalse(), error) &&
           json_put(answer, "metadata", cJSON_CreateObject(), error);
}

static bool put_output(cJSON *answer, const struct response *response, bool done,
                       caption_error *error) {
    cJSON *output = cJSON_AddArrayToObject(answer, "output");
    cJSON *details = response->cut && done ? cJSON_AddObjectToObject(answer, "incomplete_details")
                                           : cJSON_AddNullToObject(answer, "incomplete_details");
    if (!output || !details) return false;
    if (!done) return true;
    cJSON *message = new_message(response, true, error);
    if (!message || !cJSON_AddItemToArray(output, message)) {
        cJSON_Delete(message);
        return false;
    }
    return (!response->cut || json_put_string(details, "reason", "max_output_tokens", error)) &&
           put_responses_usage(answer, protocol_words(response->text), error);
}

/* The response object, as far as it is known. */
static cJSON *new_response(const struct response *response, bool done, caption_error *error) {
    char id[32];
    snprintf(id, sizeof id, "resp_%016llx", response->facts->number);
    const char *model =
        response->request->model ? response->request->model : response->facts->model;
    const char *status = !done ? "in_progress" : response->cut ? "incomplete" : "completed";
    cJSON *answer = cJSON_CreateObject();
    if (answer && json_put_string(answer, "id", id, error) &&
        json_put_string(answer, "object", "response", error) &&
        json_put(answer, "created_at", cJSON_CreateNumber((double)response->facts->now.tv_sec),
                 error) &&
        json_put_string(answer, "status", status, error) &&
        json_put(answer, "model", json_text(model, error), error) && put_rest(answer, error) &&
        put_output(answer, response, done, error))
        return answer;
    cJSON_Delete(answer);
    error_memory(error, "an answer");
    return NULL;
}

/* Writes an event with a member of its own, which it takes over. */
static bool write_event(struct response *response, const char *type, const char *key, cJSON *value,
                        caption_error *error) {
    char head[96], id[32];
    snprintf(head, sizeof head, "event: %s\ndata: ", type);
    name_message(response, id);
    cJSON *event = cJSON_CreateObject();
    if (!event || !json_put(event, key, value, error)) {
        if (!event) cJSON_Delete(value);
        cJSON_Delete(event);
        return error_memory(error, "an answer");
    }
    const bool of_response = strcmp(key, "response") == 0, of_item = strcmp(key, "item") == 0;
    if (json_put_string(event, "type", type, error) &&
        json_put(event, "sequence_number", cJSON_CreateNumber((double)response->events++), error) &&
        (of_response || json_put(event, "output_index", cJSON_CreateNumber(0), error)) &&
        (of_response || of_item ||
         (json_put_string(event, "item_id", id, error) &&
          json_put(event, "content_index", cJSON_CreateNumber(0), error) &&
          (strcmp(key, "part") == 0 || json_put(event, "logprobs", cJSON_CreateArray(), error)))))
        return protocol_put(response->stream, head, event, "\n\n", error);
    cJSON_Delete(event);
    return error_memory(error, "an answer");
}

static bool write_deltas(struct response *response, caption_error *error) {
    const char *rest = response->text;
    for (size_t length; (length = protocol_part(rest)) > 0; rest += length) {
        char *part = strndup(rest, length);
        if (!part) return error_memory(error, "an answer");
        const bool done = write_event(response, "response.output_text.delta", "delta",
                                      json_text(part, error), error);
        free(part);
        if (!done) return false;
    }
    return true;
}

static bool write_events(struct response *response, caption_error *error) {
    const char *last = response->cut ? "response.incomplete" : "response.completed";
    return write_event(response, "response.created", "response",
                       new_response(response, false, error), error) &&
           write_event(response, "response.in_progress", "response",
                       new_response(response, false, error), error) &&
           write_event(response, "response.output_item.added", "item",
                       new_message(response, false, error), error) &&
           write_event(response, "response.content_part.added", "part", new_content("", error),
                       error) &&
           write_deltas(response, error) &&
           write_event(response, "response.output_text.done", "text",
                       json_text(response->text, error), error) &&
           write_event(response, "response.content_part.done", "part",
                       new_content(response->text, error), error) &&
           write_event(response, "response.output_item.done", "item",
                       new_message(response, true, error), error) &&
           write_event(response, last, "response", new_response(response, true, error), error);
}

static bool write_responses(const struct photo_request *request, const caption_result *results,
                            const struct protocol_facts *facts, FILE *stream,
                            caption_error *error) {
    char *text = protocol_text(request, results, 0, error);
    if (!text) return false;
    struct response response = {.request = request,
                                .facts = facts,
                                .stream = stream,
                                .text = text,
                                .cut = protocol_is_cut(request, results, 0)};
    const bool done =
        request->stream
            ? write_events(&response, error)
            : protocol_put(stream, "", new_response(&response, true, error), "\n", error);
    free(text);
    return done;
}

const struct protocol protocol_openai_responses = {.read = read_responses,
                                                   .write = write_responses,
                                                   .write_error = openai_write_error,
                                                   .type = "application/json",
                                                   .stream_type =
                                                       "text/event-stream; charset=utf-8"};
