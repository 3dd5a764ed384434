#include "base/progress.h"

#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 24 };

double progress_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct progress progress_start(FILE *stream, size_t total) {
    bool visible = stream && isatty(fileno(stream));
    return (struct progress){
        .stream = visible ? stream : NULL, .total = total, .started = progress_clock()};
}

void progress_update(struct progress *progress, size_t done, const char *note) {
    progress->done = done;
    if (!progress->stream || progress->total == 0) return;
    double now = progress_clock();
    if (done < progress->total && now - progress->drawn < 0.1) return;
    progress->drawn = now;

    double share = (double)done / (double)progress->total;
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < (int)(share * BAR_WIDTH) ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    double elapsed = now - progress->started;
    unsigned long left = done ? (unsigned long)(elapsed / share - elapsed + 0.5) : 0;
    fprintf(progress->stream, "\r\033[K[%s] %zu/%zu %lu:%02lu left %s", bar, done, progress->total,
            left / 60, left % 60, note ? note : "");
    fflush(progress->stream);
}

void progress_finish(struct progress *progress) {
    if (!progress->stream) return;
    fprintf(progress->stream, "\r\033[K");
    fflush(progress->stream);
}
