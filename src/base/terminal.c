#include "base/terminal.h"

#include <stdbool.h>
#include <string.h>
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

static void write_clean(FILE *stream, const char *text, const char *end, bool in_a_line) {
    while (text < end) {
        const size_t length = control_length(text);
        const bool is_space = in_a_line && (*text == '\n' || *text == '\t');
        fputc(length > 0 ? '?' : is_space ? ' ' : *text, stream);
        text += length > 0 ? length : 1;
    }
}

void plain_text_write(FILE *stream, const char *text) {
    write_clean(stream, text, text + strlen(text), false);
}

void plain_text_write_line(FILE *stream, const char *text) {
    write_clean(stream, text, text + strlen(text), true);
}

static bool is_terminal(FILE *stream) {
    const int descriptor = fileno(stream);
    return descriptor >= 0 && isatty(descriptor);
}

void plain_text_part_to_reader(FILE *stream, const char *text, size_t length) {
    if (is_terminal(stream))
        write_clean(stream, text, text + length, true);
    else
        fwrite(text, 1, length, stream);
}

void plain_text_to_reader(FILE *stream, const char *text) {
    plain_text_part_to_reader(stream, text, strlen(text));
}

/* Of the control character of that many bytes that the text begins with. */
static unsigned code_point(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (length < 3) return bytes[length - 1];
    return 0x2000U | (bytes[1] & 0x3fU) << 6 | (bytes[2] & 0x3fU);
}

void plain_text_write_json(FILE *stream, const char *json) {
    while (*json) {
        const size_t length = control_length(json);
        if (length > 0)
            fprintf(stream, "\\u%04x", code_point(json, length));
        else
            fputc(*json, stream);
        json += length > 0 ? length : 1;
    }
}

void plain_text_json_to_reader(FILE *stream, const char *json) {
    if (is_terminal(stream))
        plain_text_write_json(stream, json);
    else
        fputs(json, stream);
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
