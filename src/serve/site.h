/* What the server answers without a photo: about itself and its model. */
#ifndef CAPTION_SERVE_SITE_H
#define CAPTION_SERVE_SITE_H

#include <cjson/cJSON.h>
#include <stdio.h>
#include <time.h>

#include "serve/log.h"
#include "serve/protocol.h"

struct site {
    const char *model_name; /* "caption:latest" */
    cJSON *info;            /* model_info_json; owned */
    char digest[65];        /* of the model's file, hexadecimal */
    time_t modified;        /* when the file was */
    bool has_tags;          /* the model knows some */
    struct metrics *metrics;
    /* What is now; called from the thread that answers. */
    struct metrics_gauges (*gauges)(void *context);
    void *context;
};

/* Reads the description of the model at `path`. False with `error` set when it cannot be read. */
bool site_init(struct site *site, const char *path, caption_error *error);
void site_free(struct site *site);

typedef bool site_write(const struct site *site, FILE *stream, caption_error *error);

site_write site_running, site_page, site_page_css, site_captioner_css, site_captioner_js;
site_write site_version, site_tags, site_ps, site_show; /* Ollama's */
site_write site_models;                                 /* OpenAI's */
site_write site_health, site_metrics;

/* The paths that are answered. */

struct route {
    const char *path;
    bool get, post;                  /* HEAD is as GET */
    bool open;                       /* needs no token */
    bool page;                       /* for browsers: its answers may load each other */
    const struct protocol *protocol; /* of captions, and of errors in any case */
    site_write *write;               /* NULL: captions */
    const char *type;                /* of what is written */
};

/* The route of a path. Browsers, which accept HTML, get the page at "/". NULL where there is none:
 * then *other is what errors are written by. */
const struct route *route_find(const char *path, bool accepts_html, const struct route **other);

/* A route's number, for metrics. */
size_t route_number(const struct route *route);

/* The paths of all routes, by number; returns how many. */
size_t routes_paths(const char *paths[METRICS_ROUTES]);

#endif
