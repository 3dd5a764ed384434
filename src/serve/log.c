#include "serve/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text_stream.h"

static void write_time(FILE *stream) {
    struct timespec now;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stream, "time=%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static bool needs_quotes(const char *value) {
    if (*value == '\0') return true;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return true;
    return false;
}

void log_write_value(FILE *stream, const char *value) {
    if (!needs_quotes(value)) {
        fputs(value, stream);
        return;
    }
    fputc('"', stream);
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(stream, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            fprintf(stream, "\\x%02x", (unsigned char)*c);
        else
            fputc(*c, stream);
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
