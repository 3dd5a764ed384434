#include "serve/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static void write_time(FILE *stream) {
    struct timespec now;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stream, "time=%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* Bytes of the character at the start of the text; 0: it controls a terminal, or is none. */
static size_t shown_length(const char *text) {
    uint32_t code = 0;
    const size_t length = utf8_decode(text, strnlen(text, 4), &code);
    return code == ' ' || !utf8_is_space(code) ? length : 0;
}

static bool needs_quotes(const char *value) {
    if (*value == '\0') return true;
    for (size_t length; *value; value += length) {
        length = shown_length(value);
        if (length == 0 || strchr(" \"=\\", *value)) return true;
    }
    return false;
}

void log_write_value(FILE *stream, const char *value) {
    if (!needs_quotes(value)) {
        fputs(value, stream);
        return;
    }
    fputc('"', stream);
    while (*value) {
        const size_t length = shown_length(value);
        if (*value == '"' || *value == '\\')
            fprintf(stream, "\\%c", *value);
        else if (length == 0)
            fprintf(stream, "\\x%02x", (unsigned char)*value);
        else
            fwrite(value, 1, length, stream);
        value += length > 0 ? length : 1;
    }
    fputc('"', stream);
}

static void write_pair(FILE *stream, const char *key, const char *value) {
    fprintf(stream, " %s=", key);
    log_write_value(stream, value);
}

void log_write_request(FILE *stream, const struct log_request *request) {
    struct text_stream line;
    if (!text_stream_open(&line, "a log line", NULL)) return;
    write_time(line.stream);
    write_pair(line.stream, "level",
               request->status >= 500   ? "error"
               : request->status >= 400 ? "warn"
                                        : "info");
    write_pair(line.stream, "client", request->client);
    write_pair(line.stream, "method", request->method);
    write_pair(line.stream, "path", request->path);
    fprintf(line.stream, " status=%u ms=%.1f waited_ms=%.1f photos=%zu bytes=%zu", request->status,
            1e3 * request->seconds, 1e3 * request->waited, request->photos, request->bytes);
    if (request->problem && *request->problem) write_pair(line.stream, "error", request->problem);
    fputc('\n', line.stream);
    char *text = text_stream_close(&line, NULL);
    if (text) fputs(text, stream);
    free(text);
}

/* The last stands for any other. */
static const unsigned codes[METRICS_CODES] = {200, 204, 400, 401, 403, 404, 405, 408,
                                              411, 413, 415, 421, 500, 501, 503, 0};

static const double bounds[METRICS_BUCKETS] = {0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1,
                                               0.2,   0.5,  1,    2,    5,    10,    30};

void metrics_init(struct metrics *metrics) {
    *metrics = (struct metrics){0};
    pthread_mutex_init(&metrics->mutex, NULL);
}

void metrics_free(struct metrics *metrics) {
    pthread_mutex_destroy(&metrics->mutex);
}

static size_t place_of(unsigned status) {
    size_t i = 0;
    while (i + 1 < METRICS_CODES && codes[i] != status) i++;
    return i;
}

void metrics_count(struct metrics *metrics, size_t route, unsigned status, size_t photos,
                   double seconds) {
    size_t bucket = 0;
    while (bucket < METRICS_BUCKETS && seconds > bounds[bucket]) bucket++;
    pthread_mutex_lock(&metrics->mutex);
    metrics->requests[route][place_of(status)]++;
    metrics->photos += photos;
    metrics->failures += status >= 400;
    if (photos > 0) {
        metrics->buckets[bucket]++;
        metrics->seconds += seconds;
    }
    pthread_mutex_unlock(&metrics->mutex);
}

void metrics_late(struct metrics *metrics, size_t connections) {
    pthread_mutex_lock(&metrics->mutex);
    metrics->late += connections;
    pthread_mutex_unlock(&metrics->mutex);
}

static void head(FILE *stream, const char *name, const char *type, const char *help) {
    fprintf(stream, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_requests(const struct metrics *metrics, const char *const *paths,
                           size_t route_count, FILE *stream) {
    head(stream, "caption_requests_total", "counter", "Requests that were answered.");
    for (size_t route = 0; route < route_count; route++) {
        for (size_t i = 0; i < METRICS_CODES; i++) {
            const unsigned long long count = metrics->requests[route][i];
            if (count == 0) continue;
            fprintf(stream, "caption_requests_total{path=\"%s\",code=\"", paths[route]);
            fprintf(stream, codes[i] ? "%u" : "other", codes[i]);
            fprintf(stream, "\"} %llu\n", count);
        }
    }
}

static void write_histogram(const struct metrics *metrics, FILE *stream) {
    static const char name[] = "caption_request_seconds";
    unsigned long long below = 0;
    head(stream, name, "histogram", "From the end of a request with photos to its answer.");
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        below += metrics->buckets[i];
        fprintf(stream, "%s_bucket{le=\"%g\"} %llu\n", name, bounds[i], below);
    }
    below += metrics->buckets[METRICS_BUCKETS];
    fprintf(stream, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name, below, name,
            metrics->seconds, name, below);
}

static void write_value(FILE *stream, const char *name, const char *type, const char *help,
                        unsigned long long value) {
    head(stream, name, type, help);
    fprintf(stream, "%s %llu\n", name, value);
}

static void write_gauges(const struct metrics_gauges *gauges, FILE *stream) {
    write_value(stream, "caption_queue_length", "gauge", "Requests that wait for a worker.",
                gauges->queue);
    write_value(stream, "caption_queue_limit", "gauge", "Requests that may wait (--queue).",
                gauges->most_queue);
    write_value(stream, "caption_connections", "gauge", "Open connections.", gauges->connections);
    write_value(stream, "caption_connections_limit", "gauge",
                "Connections that may be open (--connections).", gauges->most_connections);
    write_value(stream, "caption_body_bytes", "gauge", "Bytes of bodies that are held.",
                gauges->body_bytes);
}

void metrics_write(struct metrics *metrics, const char *const *paths, size_t route_count,
                   const struct metrics_gauges *gauges, FILE *stream) {
    pthread_mutex_lock(&metrics->mutex);
    write_requests(metrics, paths, route_count, stream);
    write_value(stream, "caption_failures_total", "counter",
                "Requests that were answered with an error.", metrics->failures);
    write_value(stream, "caption_photos_total", "counter", "Photos that were looked at.",
                metrics->photos);
    write_value(stream, "caption_late_connections_total", "counter",
                "Connections closed because they kept the server waiting.", metrics->late);
    write_histogram(metrics, stream);
    pthread_mutex_unlock(&metrics->mutex);
    write_gauges(gauges, stream);
}
