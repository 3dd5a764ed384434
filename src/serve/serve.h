/* The server: captions for programs that speak Ollama's or OpenAI's protocol or plain HTTP, and a
 * page for people. Whatever comes in is hostile; nothing goes out but answers. */
#ifndef CAPTION_SERVE_SERVE_H
#define CAPTION_SERVE_SERVE_H

#include <stdio.h>

#include "serve/access.h"
#include "serve/photo_request.h"

struct serve_options {
    const char *model; /* file; NULL: the usual one */
    const char *host;  /* name or address to listen on */
    size_t port;       /* 0: any */
    struct access_rules access;
    caption_options captioning; /* of requests that ask for nothing else; threads: the workers */
    bool prompt_as_prefix, no_sampling;
    size_t most_body, most_bodies; /* megabytes: of a request, of all together */
    size_t most_connections, most_queue;
    size_t seconds; /* that a client may keep the server waiting, and a request a worker */
    FILE *log;      /* a line a request; NULL: none */
};

/* What the command line uses when no flag is given. */
struct serve_options serve_options_default(void);

struct server;

/* Opens the model and listens: clients wait from here on. What the options point to must stay. NULL
 * with `error` set when the model cannot be opened or the port is taken. */
struct server *server_new(const struct serve_options *options, caption_error *error);

/* Starts the threads, which open no file and no connection but those of clients. False with `error`
 * set when an option is out of range or the library of HTTP is missing. */
bool server_start(struct server *server, caption_error *error);

/* Where it listens: "127.0.0.1:11434". */
const char *server_address(const struct server *server);

/* Whether other machines may ask, without a token. */
bool server_is_open(const struct server *server);

/* Serves until `stop`, which is asked ten times a second, returns true; then takes no more
 * connections and returns once all requests that are in hand have their answers. */
void server_run(struct server *server, bool (*stop)(void));

void server_free(struct server *server);

#endif
