/* What the server says of itself: log lines, and counters for Prometheus. Lines are in logfmt:
 * time=... level=info msg=... key=value. */
#ifndef CAPTION_SERVE_LOG_H
#define CAPTION_SERVE_LOG_H

#include <pthread.h>
#include <stdio.h>

#include "base/error.h"

/* What the log has of a request. */
struct log_request {
    const char *client, *method, *path; /* of the client's writing */
    unsigned status;
    size_t photos, bytes; /* captioned; of the body */
    double seconds, waited;
    const char *problem; /* NULL or "": none */
};

/* Writes a line at once, so that lines of several threads do not mix. */
void log_write_request(FILE *stream, const struct log_request *request);

/* A value in logfmt: in quotes where it must be, control characters escaped. */
void log_write_value(FILE *stream, const char *value);

/* Counters of a server, and their text for Prometheus (its text format, 0.0.4). */

enum { METRICS_ROUTES = 32, METRICS_CODES = 16, METRICS_BUCKETS = 14 };

struct metrics {
    pthread_mutex_t mutex;
    unsigned long long requests[METRICS_ROUTES][METRICS_CODES];
    unsigned long long photos, failures, late;
    unsigned long long buckets[METRICS_BUCKETS + 1]; /* the last: slower than all bounds */
    double seconds;                                  /* of all requests */
};

void metrics_init(struct metrics *metrics);
void metrics_free(struct metrics *metrics);

/* A request that was answered: its route's number, below METRICS_ROUTES. Those with photos count
 * in the histogram of latencies. */
void metrics_count(struct metrics *metrics, size_t route, unsigned status, size_t photos,
                   double seconds);

/* Connections that were closed because they kept the server waiting. */
void metrics_late(struct metrics *metrics, size_t connections);

/* What is now, as gauges. */
struct metrics_gauges {
    size_t queue, most_queue, connections, most_connections, body_bytes;
};

/* Writes everything; `paths` names the routes. */
void metrics_write(struct metrics *metrics, const char *const *paths, size_t route_count,
                   const struct metrics_gauges *gauges, FILE *stream);

#endif
