/* A one-line progress bar. The caller provides the stream; nothing is drawn unless it is a
 * terminal. */
#ifndef CAPTION_BASE_PROGRESS_H
#define CAPTION_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct progress {
    FILE *stream; /* NULL: silent */
    size_t done, total;
    double started, drawn; /* seconds of the monotonic clock */
};

/* `stream` may be NULL. A stream that is not a terminal stays silent. */
struct progress progress_start(FILE *stream, size_t total);

/* Redraws at most ten times a second (always when done == total): bar, done/total, time left and
 * `note`. */
void progress_update(struct progress *progress, size_t done, const char *note);

/* Clears the line. */
void progress_finish(struct progress *progress);

/* Seconds of the monotonic clock. */
double progress_clock(void);

#endif
