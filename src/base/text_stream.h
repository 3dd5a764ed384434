/* Text written into memory through a stdio stream. Unlike open_memstream, whose error flag glibc
 * leaves unset when memory runs out, it detects an incomplete text.
 *
 *     struct text_stream text;
 *     if (!text_stream_open(&text, "a note", error)) return NULL;
 *     fprintf(text.stream, "%zu words", count);
 *     return text_stream_close(&text, error);
 */
#ifndef CAPTION_BASE_TEXT_STREAM_H
#define CAPTION_BASE_TEXT_STREAM_H

#include <stdio.h>

#include "base/error.h"

/* Must not move while it is open: the stream points to it. */
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

#endif
