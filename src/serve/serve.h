/* The server: captions for programs that speak Ollama's or OpenAI's protocol or plain HTTP, and a
 * page for people. Whatever comes in is hostile; nothing goes out but answers. */
#ifndef CAPTION_SERVE_SERVE_H
#define CAPTION_SERVE_SERVE_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
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

/* The socket that requests come in by. */

struct listening {
    int descriptor;
    char address[320]; /* "127.0.0.1:11434", "[::1]:11434" */
    bool is_public;    /* other machines may reach it */
    bool is_kept;      /* systemd's, which listens on when the server ends */
};

/* Takes the socket that systemd opened, if it did (sd_listen_fds(3): $LISTEN_FDS and $LISTEN_PID),
 * else listens on the port of the host, a name or an address; port 0 is any that is free. False
 * with `error` set, which names the flag that helps. The caller closes the descriptor. */
bool listen_open(const char *host, size_t port, struct listening *out, caption_error *error);

/* Asks a server on this machine whether it is well: what a container runs now and then. */

/* Whether /healthz of a server that listens on `host` and `port` answers 200 within `seconds`; of
 * one that listens on every address, the local one is asked. */
bool health_ask(const char *host, size_t port, size_t seconds, caption_error *error);

#endif
