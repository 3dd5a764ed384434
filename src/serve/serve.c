#include "serve/serve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "model/model.h"
#include "serve/http.h"
#include "serve/listen.h"

static const char MODEL_NAME[] = "caption:latest";

enum { TICKS_A_SECOND = 10 };

struct server {
    struct serve_options options;
    struct photo_request_rules rules;
    struct listening listening;
    struct metrics metrics;
    struct site site;
    caption_model *model;
    struct workers *workers;
    struct http *http;
};

static bool open_model(struct server *server, caption_error *error) {
    struct model_place place;
    const char *path = model_path(server->options.model, &place, error);
    if (!path || !site_init(&server->site, path, error)) return false;
    server->rules =
        (struct photo_request_rules){.options = &server->options.captioning,
                                     .prompt_as_prefix = server->options.prompt_as_prefix,
                                     .no_sampling = server->options.no_sampling,
                                     .has_tags = server->site.has_tags};
    server->model = caption_model_open(path, error);
    return server->model != NULL;
}

static bool start_http(struct server *server, caption_error *error) {
    static const size_t megabyte = 1000 * 1000;
    const struct serve_options *options = &server->options;
    const struct http_options http = {.descriptor = server->listening.descriptor,
                                      .access = &options->access,
                                      .site = &server->site,
                                      .metrics = &server->metrics,
                                      .most_body = options->most_body * megabyte,
                                      .most_bodies = options->most_bodies * megabyte,
                                      .most_connections = options->most_connections,
                                      .seconds = (double)options->seconds,
                                      .log = options->log};
    server->http = http_new(&http, error);
    return server->http != NULL;
}

static bool start_workers(struct server *server, caption_error *error) {
    const struct workers_options options = {.model = server->model,
                                            .rules = &server->rules,
                                            .model_name = MODEL_NAME,
                                            .most_wait = (double)server->options.seconds,
                                            .most_queue = server->options.most_queue,
                                            .done = http_done,
                                            .context = server->http};
    server->workers = workers_new(&options, error);
    if (server->workers) http_open(server->http, server->workers);
    return server->workers != NULL;
}

struct server *server_new(const struct serve_options *options, caption_error *error) {
    struct server *server = memory_zeroed(1, sizeof *server, "a server", error);
    if (!server) return NULL;
    server->options = *options;
    server->site.model_name = MODEL_NAME;
    server->site.metrics = &server->metrics;
    server->listening.descriptor = -1;
    metrics_init(&server->metrics);
    if (open_model(server, error) &&
        listen_open(options->host, options->port, &server->listening, error))
        return server;
    server_free(server);
    return NULL;
}

bool server_start(struct server *server, caption_error *error) {
    return start_http(server, error) && start_workers(server, error);
}

const char *server_address(const struct server *server) {
    return server->listening.address;
}

bool server_is_open(const struct server *server) {
    return server->listening.is_public && !server->options.access.token;
}

static void pause_a_tick(void) {
    const struct timespec tick = {.tv_nsec = 1000000000L / TICKS_A_SECOND};
    nanosleep(&tick, NULL);
}

void server_run(struct server *server, bool (*stop)(void)) {
    for (size_t ticks = 0; !stop(); ticks++) {
        if (ticks % TICKS_A_SECOND == 0) http_tick(server->http);
        pause_a_tick();
    }
    http_drain(server->http);
    while (http_is_busy(server->http)) {
        http_tick(server->http);
        pause_a_tick();
    }
}

void server_free(struct server *server) {
    if (!server) return;
    if (server->http) http_open(server->http, NULL);
    workers_free(server->workers);
    http_free(server->http);
    if (!server->http && server->listening.descriptor >= 0) close(server->listening.descriptor);
    caption_model_close(server->model);
    site_free(&server->site);
    metrics_free(&server->metrics);
    free(server);
}
