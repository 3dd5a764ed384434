/* The parts of the HTTP side: a call's beginning, body and answer. Internal to the http files. */
#ifndef CAPTION_SERVE_HTTP_PARTS_H
#define CAPTION_SERVE_HTTP_PARTS_H

#include "serve/http.h"
#include "serve/microhttpd.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <stdatomic.h>

#include "serve/connections.h"
#include "serve/routes.h"

struct http {
    struct http_options options;
    struct microhttpd mhd;
    struct MHD_Daemon *daemon;
    int listening; /* once it listens no more: to be closed after the daemon; else -1 */
    struct connections *connections;
    size_t most_connections;
    _Atomic(struct workers *) workers;
    atomic_size_t bodies, active; /* bytes, requests */
    atomic_bool draining;
};

/* A request under way. */
struct call {
    struct exchange exchange;
    struct http *http;
    struct MHD_Connection *connection;
    struct connection_entry *entry;
    const struct route *route;
    struct MHD_PostProcessor *form; /* NULL: the body is the photo, or JSON */
    char method[16], path[128];     /* for the log */
    double started;
    size_t received, capacity; /* of the body */
    unsigned refusal;          /* status; 0: it is not refused */
    char reason[256];
    bool all_there;    /* of the body */
    bool in_multipart; /* a file of the form was begun */
    bool head;
};

/* A header of the request, or NULL. */
const char *call_header(const struct call *call, const char *name);

/* Notes that the request is to be answered with this status and reason. The first reason stays. */
void call_refuse(struct call *call, unsigned status, const char *reason);

/* A call whose head is there: its route is found, and it is checked who may ask. NULL when memory
 * is short. */
struct call *call_new(struct http *http, struct MHD_Connection *connection, const char *path,
                      const char *method);

/* Takes a part of the body, in memory that is bounded for all bodies together. */
void call_take_bytes(struct call *call, const char *bytes, size_t size);
void call_refuse_large(struct call *call);
void call_drop_body(struct call *call);

/* Reads the query, and prepares for the fields of a form. */
void call_begin_body(struct call *call);

/* All of the request is there: answers, or gives it to the workers. */
enum MHD_Result call_complete(struct call *call);

/* Sends the answer that the exchange holds. */
enum MHD_Result call_send(struct call *call);

#endif
#endif
