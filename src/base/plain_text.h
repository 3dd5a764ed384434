/* Makes untrusted text (names of files and tensors, a model's metadata) safe for a terminal.
 * Control characters could otherwise clear the screen, change the title or fake output. */
#ifndef CAPTION_BASE_PLAIN_TEXT_H
#define CAPTION_BASE_PLAIN_TEXT_H

#include <stdio.h>

/* Writes the text with '?' in place of every control character (C0 but newline and tab, DEL, and C1
 * in UTF-8). */
void plain_text_write(FILE *stream, const char *text);

/* The same for a part of a line: newlines and tabs become spaces. */
void plain_text_write_line(FILE *stream, const char *text);

/* Like plain_text_write if the stream is a terminal; otherwise writes every byte unchanged. */
void plain_text_to_reader(FILE *stream, const char *text);

/* Replaces the control characters in place. */
void plain_text_clean(char *text);

#endif
