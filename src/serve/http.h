/* The HTTP side of the server, on GNU libmicrohttpd: connections, limits and who may ask. One
 * thread moves all bytes; it never waits for a client, and photos are captioned by the workers. */
#ifndef CAPTION_SERVE_HTTP_H
#define CAPTION_SERVE_HTTP_H

#include "serve/access.h"
#include "serve/log.h"
#include "serve/site.h"
#include "serve/workers.h"

struct http_options {
    int descriptor; /* listening; closed by http_free */
    bool
        keeps_listening; /* systemd's, where clients wait for the next server while this one ends */
    const struct access_rules *access;
    struct site *site; /* its gauges are set */
    struct metrics *metrics;
    size_t most_body;        /* bytes of a request's body */
    size_t most_bodies;      /* of all that are held together */
    size_t most_connections; /* as many as descriptors allow, in any case */
    double seconds;          /* that a client may keep the server waiting, for a request */
    FILE *log;               /* a line a request; NULL: none */
};

struct http;

/* Starts the thread, which answers 503 until http_open. NULL with `error` set where the library is
 * missing or nothing can be started. */
struct http *http_new(const struct http_options *options, caption_error *error);

/* The workers that photos are given to. */
void http_open(struct http *http, struct workers *workers);

/* Their answer is there: see workers_options.done; `context` is the struct http. */
void http_done(void *context, struct exchange *exchange);

/* Closes connections that are late; to be called about once a second. */
void http_tick(struct http *http);

/* Takes no more connections: new ones are refused at once, so that clients go elsewhere (unless
 * systemd keeps them). Those that are open end with their request. */
void http_drain(struct http *http);

/* Whether requests are still in hand. */
bool http_is_busy(struct http *http);

/* Ends the thread and all connections. No request may be with the workers. */
void http_free(struct http *http);

#endif
