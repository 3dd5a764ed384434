/* OpenAI's /v1/responses. What is asked in words is not read. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/json_text.h"
#include "serve/openai.h"

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

static bool put_string(cJSON *object, const char *key, const char *value, caption_error *error) {
    return json_put(object, key, cJSON_CreateString(value), error);
}

/* {"type": "output_text", "text", "annotations"}. */
static cJSON *new_content(const char *text, caption_error *error) {
    cJSON *content = cJSON_CreateObject();
    if (content && put_string(content, "type", "output_text", error) &&
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
    bool ok = message && put_string(message, "type", "message", error) &&
              put_string(message, "id", id, error) &&
              put_string(message, "status", done ? "completed" : "in_progress", error) &&
              put_string(message, "role", "assistant", error) &&
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

static bool put_usage(cJSON *answer, size_t words, caption_error *error) {
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
           put_string(answer, "tool_choice", "auto", error) &&
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
    return (!response->cut || put_string(details, "reason", "max_output_tokens", error)) &&
           put_usage(answer, protocol_words(response->text), error);
}

/* The response object, as far as it is known. */
static cJSON *new_response(const struct response *response, bool done, caption_error *error) {
    char id[32];
    snprintf(id, sizeof id, "resp_%016llx", response->facts->number);
    const char *model =
        response->request->model ? response->request->model : response->facts->model;
    const char *status = !done ? "in_progress" : response->cut ? "incomplete" : "completed";
    cJSON *answer = cJSON_CreateObject();
    if (answer && put_string(answer, "id", id, error) &&
        put_string(answer, "object", "response", error) &&
        json_put(answer, "created_at", cJSON_CreateNumber((double)response->facts->now.tv_sec),
                 error) &&
        put_string(answer, "status", status, error) &&
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
    if (put_string(event, "type", type, error) &&
        json_put(event, "sequence_number", cJSON_CreateNumber((double)response->events++), error) &&
        (of_response || json_put(event, "output_index", cJSON_CreateNumber(0), error)) &&
        (of_response || of_item ||
         (put_string(event, "item_id", id, error) &&
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
