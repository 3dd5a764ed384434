#include "base/text_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/memory.h"

/* The write function of fopencookie; returning 0 sets the stream's error flag. */
static ssize_t add_bytes(void *cookie, const char *bytes, size_t size) {
    struct text_stream *text = cookie;
    size_t needed;
    errno = ENOMEM;
    if (!size_add(text->size, size, &needed) || !size_add(needed, 1, &needed) ||
        !memory_grow(&text->text, &text->capacity, needed, 1, text->what, NULL))
        return 0;
    memcpy(text->text + text->size, bytes, size);
    text->size += size;
    text->text[text->size] = 0;
    return (ssize_t)size;
}

bool text_stream_open(struct text_stream *text, const char *what, caption_error *error) {
    *text = (struct text_stream){.what = what};
    text->text = memory_string("", error); /* the empty text is valid, too */
    if (!text->text) return false;
    text->capacity = 1;
    text->stream = fopencookie(text, "w", (cookie_io_functions_t){.write = add_bytes});
    if (text->stream) return true;
    text_stream_abandon(text);
    return error_memory(error, what);
}

char *text_stream_close(struct text_stream *text, caption_error *error) {
    const bool whole = fflush(text->stream) == 0 && !ferror(text->stream);
    fclose(text->stream);
    text->stream = NULL;
    char *result = text->text;
    text->text = NULL;
    if (whole) return result;
    free(result);
    error_memory(error, text->what);
    return NULL;
}

void text_stream_abandon(struct text_stream *text) {
    if (text->stream) fclose(text->stream);
    free(text->text);
    *text = (struct text_stream){0};
}
