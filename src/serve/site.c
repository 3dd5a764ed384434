#include "serve/site.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "model/model.h"
#include "report/html.h"
#include "serve/protocol.h"

/* Sixty-four digits, for clients that show the first twelve. */
static bool digest_file(const char *path, char digest[65], caption_error *error) {
    enum { PART = 1 << 16, WORDS = 4 };
    struct file_parts file;
    uint8_t bytes[PART];
    uint64_t hash = HASH_START;
    if (!file_parts_open(&file, path, error)) return false;
    bool ok = true;
    for (size_t at = 0; ok && at < file.size; at += PART) {
        const size_t size = file.size - at < PART ? file.size - at : PART;
        ok = file_parts_read(&file, path, at, size, bytes, error);
        if (ok) hash = hash_bytes(hash, bytes, size);
    }
    file_parts_close(&file);
    for (size_t i = 0; i < WORDS; i++) {
        hash_text(hash, digest + i * (HASH_TEXT - 1));
        hash = hash_bytes(hash, &i, sizeof i);
    }
    return ok;
}

bool site_init(struct site *site, const char *path, caption_error *error) {
    struct model model;
    struct stat status;
    if (!digest_file(path, site->digest, error) || !model_open(&model, path, error)) return false;
    site->info = model_info_json(&model, path, error);
    site->has_tags = model.tags.count > 0;
    model_free(&model);
    if (stat(path, &status) == 0) site->modified = status.st_mtime;
    return site->info != NULL;
}

void site_free(struct site *site) {
    cJSON_Delete(site->info);
    site->info = NULL;
}

static double info_number(const struct site *site, const char *group, const char *key) {
    const cJSON *object = group ? cJSON_GetObjectItemCaseSensitive(site->info, group) : site->info;
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

static double parameters(const struct site *site) {
    return info_number(site, "parameters", "encoder") + info_number(site, "parameters", "decoder");
}

static bool put_time(cJSON *object, const char *key, time_t time, caption_error *error) {
    char text[32];
    struct tm utc;
    gmtime_r(&time, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_put_string(object, key, text, error);
}

/* Ollama's details of a model. */
static bool put_details(cJSON *object, const struct site *site, caption_error *error) {
    char size[32];
    snprintf(size, sizeof size, "%.1fM", parameters(site) / 1e6);
    cJSON *details = cJSON_AddObjectToObject(object, "details");
    cJSON *families = details ? cJSON_AddArrayToObject(details, "families") : NULL;
    cJSON *family = cJSON_CreateString("caption");
    if (!families || !family || !cJSON_AddItemToArray(families, family)) {
        cJSON_Delete(family);
        return error_memory(error, "an answer");
    }
    return json_put_string(details, "parent_model", "", error) &&
           json_put_string(details, "format", "safetensors", error) &&
           json_put_string(details, "family", "caption", error) &&
           json_put_string(details, "parameter_size", size, error) &&
           json_put_string(details, "quantization_level", "F16", error);
}

/* {"models": [the model]}, without what is different between lists; *model is the inner one. */
static cJSON *new_list(const struct site *site, cJSON **model, caption_error *error) {
    cJSON *list = cJSON_CreateObject();
    cJSON *models = list ? cJSON_AddArrayToObject(list, "models") : NULL;
    *model = models ? cJSON_CreateObject() : NULL;
    if (*model && !cJSON_AddItemToArray(models, *model)) {
        cJSON_Delete(*model);
        *model = NULL;
    }
    if (*model && json_put_string(*model, "name", site->model_name, error) &&
        json_put_string(*model, "model", site->model_name, error) &&
        json_put(*model, "size", cJSON_CreateNumber(info_number(site, NULL, "bytes")), error) &&
        json_put_string(*model, "digest", site->digest, error) && put_details(*model, site, error))
        return list;
    cJSON_Delete(list);
    error_memory(error, "an answer");
    return NULL;
}

static bool finish(FILE *stream, cJSON *answer, bool ok, caption_error *error) {
    if (ok) return protocol_put(stream, "", answer, "\n", error);
    cJSON_Delete(answer);
    return error_memory(error, "an answer");
}

bool site_running(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    (void)error;
    fputs("Ollama is running", stream);
    return true;
}

bool site_page(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    (void)error;
    fputs(asset_captioner_html, stream);
    return true;
}

bool site_page_css(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    (void)error;
    fputs(asset_page_css, stream);
    return true;
}

bool site_captioner_css(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    (void)error;
    fputs(asset_captioner_css, stream);
    return true;
}

bool site_captioner_js(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    (void)error;
    fputs(asset_drop_js, stream);
    fputs(asset_writing_js, stream);
    fputs(asset_captioner_js, stream);
    return true;
}

bool site_version(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    cJSON *answer = cJSON_CreateObject();
    return finish(stream, answer,
                  answer && json_put_string(answer, "version", CAPTION_VERSION, error), error);
}

bool site_tags(const struct site *site, FILE *stream, caption_error *error) {
    cJSON *model, *answer = new_list(site, &model, error);
    return finish(stream, answer, answer && put_time(model, "modified_at", site->modified, error),
                  error);
}

bool site_ps(const struct site *site, FILE *stream, caption_error *error) {
    const time_t century = (time_t)100 * 365 * 24 * 3600;
    cJSON *model, *answer = new_list(site, &model, error);
    return finish(stream, answer,
                  answer && put_time(model, "expires_at", time(NULL) + century, error) &&
                      json_put(model, "size_vram", cJSON_CreateNumber(0), error),
                  error);
}

bool site_show(const struct site *site, FILE *stream, caption_error *error) {
    static const char *const abilities[] = {"completion", "vision"};
    cJSON *answer = cJSON_CreateObject();
    bool ok = answer && json_put_string(answer, "modelfile", "", error) &&
              json_put_string(answer, "parameters", "", error) &&
              json_put_string(answer, "template", "{{ .Prompt }}", error) &&
              put_details(answer, site, error) &&
              put_time(answer, "modified_at", site->modified, error) &&
              json_put(answer, "capabilities", cJSON_CreateStringArray(abilities, 2), error);
    cJSON *info = ok ? cJSON_AddObjectToObject(answer, "model_info") : NULL;
    ok = info && json_put_string(info, "general.architecture", "caption", error) &&
         json_put(info, "general.parameter_count", cJSON_CreateNumber(parameters(site)), error) &&
         json_put(info, "caption.vision.image_size",
                  cJSON_CreateNumber(info_number(site, NULL, "image_size")), error);
    return finish(stream, answer, ok, error);
}

bool site_models(const struct site *site, FILE *stream, caption_error *error) {
    cJSON *answer = cJSON_CreateObject(), *model = cJSON_CreateObject();
    cJSON *list = answer ? cJSON_AddArrayToObject(answer, "data") : NULL;
    if (!list || !model || !cJSON_AddItemToArray(list, model)) {
        cJSON_Delete(model);
        return finish(stream, answer, false, error);
    }
    return finish(
        stream, answer,
        json_put_string(answer, "object", "list", error) &&
            json_put_string(model, "id", site->model_name, error) &&
            json_put_string(model, "object", "model", error) &&
            json_put(model, "created", cJSON_CreateNumber((double)site->modified), error) &&
            json_put_string(model, "owned_by", "caption", error),
        error);
}

bool site_health(const struct site *site, FILE *stream, caption_error *error) {
    (void)site;
    cJSON *answer = cJSON_CreateObject();
    return finish(stream, answer, answer && json_put_string(answer, "status", "ok", error), error);
}

bool site_metrics(const struct site *site, FILE *stream, caption_error *error) {
    (void)error;
    const char *paths[METRICS_ROUTES];
    const struct metrics_gauges gauges = site->gauges(site->context);
    const size_t count = routes_paths(paths);
    metrics_write(site->metrics, paths, count, &gauges, stream);
    return true;
}

#define JSON_TYPE "application/json; charset=utf-8"
#define HTML_TYPE "text/html; charset=utf-8"
#define CSS_TYPE "text/css; charset=utf-8"
#define SCRIPT_TYPE "text/javascript; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Those of OpenAI's shape are recognised by their beginning. */
static const char OPENAI[] = "/v1/";

static const struct route routes[] = {
    {"/", true, false, true, false, &protocol_plain, site_running, TEXT_TYPE},
    {"/", true, false, true, true, &protocol_plain, site_page, HTML_TYPE},
    {"/page.css", true, false, true, true, &protocol_plain, site_page_css, CSS_TYPE},
    {"/captioner.css", true, false, true, true, &protocol_plain, site_captioner_css, CSS_TYPE},
    {"/captioner.js", true, false, true, true, &protocol_plain, site_captioner_js, SCRIPT_TYPE},
    {"/healthz", true, false, true, false, &protocol_plain, site_health, JSON_TYPE},
    {"/metrics", true, false, false, false, &protocol_plain, site_metrics, METRICS_TYPE},
    {"/caption", false, true, false, false, &protocol_plain, NULL, NULL},
    {"/suggest", false, true, false, false, &protocol_suggest, NULL, NULL},
    {"/api/version", true, false, false, false, &protocol_plain, site_version, JSON_TYPE},
    {"/api/tags", true, false, false, false, &protocol_plain, site_tags, JSON_TYPE},
    {"/api/ps", true, false, false, false, &protocol_plain, site_ps, JSON_TYPE},
    {"/api/show", false, true, false, false, &protocol_plain, site_show, JSON_TYPE},
    {"/api/generate", false, true, false, false, &protocol_ollama_generate, NULL, NULL},
    {"/api/chat", false, true, false, false, &protocol_ollama_chat, NULL, NULL},
    {"/v1/models", true, false, false, false, &protocol_openai_chat, site_models, JSON_TYPE},
    {"/v1/chat/completions", false, true, false, false, &protocol_openai_chat, NULL, NULL},
    {"/v1/responses", false, true, false, false, &protocol_openai_responses, NULL, NULL},
    /* Any other path: never found by its name. */
    {"other", false, false, false, false, &protocol_plain, NULL, NULL},
    {"/v1/other", false, false, false, false, &protocol_openai_chat, NULL, NULL},
};
enum { PAGE = 1 };
enum { ROUTES = sizeof routes / sizeof *routes, NAMED = ROUTES - 2, OTHER = NAMED, OTHER_OPENAI };

const struct route *route_find(const char *path, bool accepts_html, const struct route **other) {
    *other = &routes[strncmp(path, OPENAI, strlen(OPENAI)) == 0 ? OTHER_OPENAI : OTHER];
    const struct route *found = NULL;
    for (size_t i = 0; i < NAMED; i++) {
        if (strcmp(routes[i].path, path) != 0) continue;
        if (!found || accepts_html) found = &routes[i];
    }
    return found;
}

size_t route_number(const struct route *route) {
    return (size_t)(route - routes);
}

size_t routes_paths(const char *paths[METRICS_ROUTES]) {
    _Static_assert((int)ROUTES <= (int)METRICS_ROUTES, "the metrics have a place for every route");
    for (size_t i = 0; i < ROUTES; i++) paths[i] = routes[i].path;
    paths[PAGE] = "/ (page)"; /* a name of its own */
    return ROUTES;
}
