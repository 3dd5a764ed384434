/* The open connections, and how long each has kept the server waiting. Clients that send or read a
 * byte a second are never idle, so the time of a whole request counts, not that between bytes. */
#ifndef CAPTION_SERVE_CONNECTIONS_H
#define CAPTION_SERVE_CONNECTIONS_H

#include "base/error.h"

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
