/* Text of others (names of files, of tensors, what a model says of itself) on its way to a
 * terminal, which control characters in it could rule: clear it, name its window, write what was
 * never printed. */
#ifndef CAPTION_BASE_PLAIN_TEXT_H
#define CAPTION_BASE_PLAIN_TEXT_H

#include <stdio.h>

/* Writes the text with '?' in place of every control character (C0 but newline and tab, DEL, and C1
 * in UTF-8). */
void plain_text_write(FILE *stream, const char *text);

/* The same for a part of a line: newlines and tabs become spaces. */
void plain_text_write_line(FILE *stream, const char *text);

/* As plain_text_write where the stream is a terminal, else as it is: programs read every byte. */
void plain_text_to_reader(FILE *stream, const char *text);

/* Makes the text so, in place. */
void plain_text_clean(char *text);

#endif
