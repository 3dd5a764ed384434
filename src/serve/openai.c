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

bool openai_read_content(struct photo_request *request, const cJSON *content, const char *place,
                         struct openai_content *out, caption_error *error) {
    if (cJSON_IsString(content)) out->text = content->valuestring;
    if (!content || cJSON_IsString(content) || cJSON_IsNull(content)) return true;
    if (!cJSON_IsArray(content))
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected a string or an array, found %s",
                         place, json_type(content));
    size_t i = 0;
    for (const cJSON *part = content->child; part; part = part->next, i++) {
        char where[96];
        snprintf(where, sizeof where, "%s[%zu].image_url", place, i);
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");
        if (strcmp(type_of(part), out->text_type) == 0 && cJSON_IsString(text))
            out->text = text->valuestring;
        if (strcmp(type_of(part), out->image_type) == 0 && !read_image(request, part, where, error))
            return false;
    }
    return true;
}

bool openai_has_photo(const cJSON *message, const char *image_type) {
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(message, "content");
    if (!cJSON_IsArray(content)) return false;
    for (const cJSON *part = content->child; part; part = part->next)
        if (strcmp(type_of(part), image_type) == 0) return true;
    return false;
}

bool openai_expect_photo(const struct photo_request *request, const char *example,
                         caption_error *error) {
    if (request->photo_count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "this model says what a photo shows and answers no questions: expected a "
                     "message with a photo, as %s",
                     example);
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

bool openai_read(struct photo_request *request, const struct photo_request_rules *rules,
                 struct protocol_body *body, openai_read_function *read, caption_error *error) {
    static const char name[] = "the request";
    cJSON *json = protocol_json(body, name, error);
    if (!json) return false;
    free(body->bytes); /* the photos of large bodies are there once, not twice */
    body->bytes = NULL;
    bool done = cJSON_IsObject(json);
    if (!done)
        error_set(error, CAPTION_ERROR_FORMAT, "%s: expected an object, found %s", name,
                  json_type(json));
    else
        done = photo_request_model(request, json, error) &&
               photo_request_flag(json, "stream", &request->stream, error) &&
               photo_request_sampling(request, rules, json, "", error) &&
               read(request, rules, json, error);
    cJSON_Delete(json);
    return done;
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
