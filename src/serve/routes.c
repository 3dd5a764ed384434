#include "serve/routes.h"

#include <string.h>

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
