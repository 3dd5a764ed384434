/* The socket that requests come in by. */
#ifndef CAPTION_SERVE_LISTEN_H
#define CAPTION_SERVE_LISTEN_H

#include <stddef.h>

#include "base/error.h"

struct listening {
    int descriptor;
    char address[320]; /* "127.0.0.1:11434", "[::1]:11434" */
    bool is_public;    /* other machines may reach it */
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
