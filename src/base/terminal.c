#include "base/terminal.h"

#include <stdbool.h>
#include <time.h>
#include <unistd.h>

enum { DELETE = 0x7f, C1_LEAD = 0xc2, C1_FIRST = 0x80, C1_LAST = 0x9f };

/* Whether the text begins with a character that changes the order in which what follows is shown:
 * U+202A to U+202E and U+2066 to U+2069 ("Trojan Source", Boucher and Anderson 2021). */
static bool changes_order(const unsigned char *text) {
    if (text[0] != 0xe2 || (text[1] != 0x80 && text[1] != 0x81)) return false;
    return text[1] == 0x80 ? text[2] >= 0xaa && text[2] <= 0xae
                           : text[2] >= 0xa6 && text[2] <= 0xa9;
}

/* Bytes of the control character that the text begins with, 0: it begins with none. */
static size_t control_length(const char *text) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] == '\n' || bytes[0] == '\t' || bytes[0] == 0) return 0;
    if (bytes[0] < ' ' || bytes[0] == DELETE) return 1;
    if (bytes[0] == C1_LEAD && bytes[1] >= C1_FIRST && bytes[1] <= C1_LAST) return 2;
    return changes_order(bytes) ? 3 : 0;
}

static void write_clean(FILE *stream, const char *text, bool in_a_line) {
    while (*text) {
        const size_t length = control_length(text);
        const bool is_space = in_a_line && (*text == '\n' || *text == '\t');
        fputc(length > 0 ? '?' : is_space ? ' ' : *text, stream);
        text += length > 0 ? length : 1;
    }
}

void plain_text_write(FILE *stream, const char *text) {
    write_clean(stream, text, false);
}

void plain_text_write_line(FILE *stream, const char *text) {
    write_clean(stream, text, true);
}

void plain_text_to_reader(FILE *stream, const char *text) {
    const int descriptor = fileno(stream);
    if (descriptor >= 0 && isatty(descriptor))
        plain_text_write_line(stream, text);
    else
        fputs(text, stream);
}

void plain_text_clean(char *text) {
    char *to = text;
    while (*text) {
        const size_t length = control_length(text);
        const bool is_space = *text == '\n' || *text == '\t';
        *to++ = length > 0 ? '?' : is_space ? ' ' : *text;
        text += length > 0 ? length : 1;
    }
    *to = 0;
}

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
