/* Log lines in logfmt: time=... level=info msg=... key=value. */
#ifndef CAPTION_SERVE_LOG_H
#define CAPTION_SERVE_LOG_H

#include <stdio.h>

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

#endif
