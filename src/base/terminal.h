/* What a terminal shows: text made safe for it, and a progress bar. */
#ifndef CAPTION_BASE_TERMINAL_H
#define CAPTION_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Untrusted text (names of files and tensors, a model's metadata): control characters could clear
 * the screen, change the title or fake output, such as "gpj.exe" shown from right to left. */

/* Writes the text with '?' in place of every control character (C0 but newline and tab, DEL, C1 in
 * UTF-8, and those that embed, override or isolate a direction of writing). */
void plain_text_write(FILE *stream, const char *text);

/* The same for a part of a line: newlines and tabs become spaces. */
void plain_text_write_line(FILE *stream, const char *text);

/* Like plain_text_write_line if the stream is a terminal; otherwise writes every byte unchanged. */
void plain_text_to_reader(FILE *stream, const char *text);

/* The same of the first bytes of a text, which do not end inside a character. */
void plain_text_part_to_reader(FILE *stream, const char *text, size_t length);

/* JSON without line breaks, with control characters in its strings as \u009b: the same JSON. */
void plain_text_write_json(FILE *stream, const char *json);

/* The same if the stream is a terminal; otherwise writes every byte unchanged. */
void plain_text_json_to_reader(FILE *stream, const char *json);

/* Makes it a part of a line in place. */
void plain_text_clean(char *text);

/* A one-line progress bar. The caller provides the stream; nothing is drawn unless it is a
 * terminal. */
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
