/* Who may ask. A browser sends any page's requests to a server on the same machine, so the names
 * that the server is called by are checked (DNS rebinding), and where a page comes from. */
#ifndef CAPTION_SERVE_ACCESS_H
#define CAPTION_SERVE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Names, as the command line gave them; nothing is copied. */
struct access_names {
    const char *const *items; /* [count] */
    size_t count;
};

struct access_rules {
    const char *own;             /* name or address that the server listens on */
    struct access_names hosts;   /* further names of the server; "*": any */
    struct access_names origins; /* pages of other servers that may ask; "*": any */
    const char *token;           /* NULL: none is needed */
};

/* Whether a Host header (NULL: there is none) names this server: an IP address, localhost, the
 * machine's own name, `own` or one of `hosts`, with any port. A name that a page's owner can point
 * to 127.0.0.1 is none of these. */
bool access_host(const struct access_rules *rules, const char *host);

/* Whether a page from `origin` (the Origin header; NULL: no page) may ask `host`. */
bool access_origin(const struct access_rules *rules, const char *origin, const char *host);

/* Whether pages of that origin may read answers: it is one of `origins`. */
bool access_is_shared(const struct access_rules *rules, const char *origin);

/* Whether an Authorization header (NULL: none) is "Bearer TOKEN". Takes as long for a token that
 * is nearly right as for any other. */
bool access_token(const struct access_rules *rules, const char *authorization);

/* The open connections, and how long each has kept the server waiting. Clients that send or read a
 * byte a second are never idle, so the time of a whole request counts, not that between bytes. */

struct connections;
struct connection_entry;

/* For at most `most` connections, each of which may keep the server waiting for `seconds`, and a
 * tenth of that while nearly all are taken. NULL with `error` set when memory is short. */
struct connections *connections_new(size_t most, double seconds, caption_error *error);
void connections_free(struct connections *connections);

/* A new connection, which is waited for from `now` on (progress_clock); NULL: there is no place. */
struct connection_entry *connections_add(struct connections *connections, int descriptor,
                                         double now);

/* Its descriptor is about to be closed. */
void connections_remove(struct connections *connections, struct connection_entry *entry);

/* From `now` on the client is waited for; INFINITY: the client waits for us. */
void connections_wait(struct connections *connections, struct connection_entry *entry, double now);

/* Shuts down the sockets that are late; what reads them then sees their end. Returns how many. */
size_t connections_close_late(struct connections *connections, double now);

size_t connections_count(struct connections *connections);

#endif
