/* Text in memory: written through a stdio stream, and UTF-8. */
#ifndef CAPTION_BASE_TEXT_H
#define CAPTION_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Unlike open_memstream, whose error flag glibc leaves unset when memory runs out, this detects an
 * incomplete text.
 *
 *     struct text_stream text;
 *     if (!text_stream_open(&text, "a note", error)) return NULL;
 *     fprintf(text.stream, "%zu words", count);
 *     return text_stream_close(&text, error);
 *
 * Must not move while it is open: the stream points to it. */
struct text_stream {
    FILE *stream;
    char *text; /* [size], after text_stream_close a 0 follows */
    size_t size, capacity;
    const char *what; /* for messages */
};

/* `what` names the text in messages and must remain valid. False when memory is short. */
bool text_stream_open(struct text_stream *text, const char *what, caption_error *error);

/* The text, which the caller frees; its size stays in text->size. NULL with `error` set if it is
 * incomplete. */
char *text_stream_close(struct text_stream *text, caption_error *error);

/* Discards an open text; harmless after text_stream_close and for a struct of zeros. */
void text_stream_abandon(struct text_stream *text);

/* UTF-8, decoded strictly: overlong forms, surrogates and cut-off sequences are not characters. */

/* Decodes the character at the start of `bytes` (`size` of them, at least one) into *code; returns
 * how many bytes it takes, 0 where there is no valid character. */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/* Writes the character as 1 to 4 bytes, without a terminating 0; returns how many. */
size_t utf8_encode(uint32_t code, char bytes[4]);

/* Bytes of the byte order mark that the text begins with, 0: it has none. */
size_t utf8_mark(const char *text, size_t size);

/* How many of the text's bytes are whole characters, `most` bytes together or fewer. */
size_t utf8_cut(const char *text, size_t most);

/* Lower case of a Latin, Greek or Cyrillic letter; anything else is unchanged. */
uint32_t utf8_lower(uint32_t code);

/* White space or a control character, of ASCII or of the rest of Unicode. */
bool utf8_is_space(uint32_t code);

#endif
