/* The paths that are answered. */
#ifndef CAPTION_SERVE_ROUTES_H
#define CAPTION_SERVE_ROUTES_H

#include "serve/protocol.h"
#include "serve/site.h"

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
