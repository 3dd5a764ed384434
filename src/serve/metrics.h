/* Counters of a server, and their text for Prometheus (its text format, 0.0.4). */
#ifndef CAPTION_SERVE_METRICS_H
#define CAPTION_SERVE_METRICS_H

#include <pthread.h>
#include <stdio.h>

#include "base/error.h"

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
