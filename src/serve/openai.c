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
