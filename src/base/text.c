#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/memory.h"

#ifndef _WIN32 /* where windows.c has these: there is no fopencookie */

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

#endif

static bool is_continuation(char byte) {
    return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t utf8_decode(const char *bytes, size_t size, uint32_t *code) {
    /* By length: the lead byte's fixed bits and the smallest character that needs the length. */
    static const struct {
        unsigned char mask, lead;
        uint32_t smallest;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    const unsigned char lead = (unsigned char)bytes[0];
    size_t length = 0;
    while (length < 4 && (lead & forms[length].mask) != forms[length].lead) length++;
    if (length == 4 || length >= size) return 0;
    uint32_t value = lead & (unsigned char)~forms[length].mask;
    for (size_t i = 1; i <= length; i++) {
        if (!is_continuation(bytes[i])) return 0;
        value = value << 6 | ((unsigned char)bytes[i] & 0x3F);
    }
    if (value < forms[length].smallest || value > 0x10FFFF) return 0;
    if (value >= 0xD800 && value <= 0xDFFF) return 0;
    *code = value;
    return length + 1;
}

size_t utf8_encode(uint32_t code, char bytes[4]) {
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)((0xF00 >> length & 0xFF) | code);
    return length;
}

size_t utf8_mark(const char *text, size_t size) {
    static const char mark[] = "\xEF\xBB\xBF";
    const size_t length = sizeof mark - 1;
    return size >= length && memcmp(text, mark, length) == 0 ? length : 0;
}

size_t utf8_cut(const char *text, size_t most) {
    size_t length = 0;
    const size_t size = strlen(text);
    while (length < size) {
        uint32_t code;
        const size_t decoded = utf8_decode(text + length, size - length, &code);
        const size_t next = decoded > 0 ? decoded : 1;
        if (length + next > most) break;
        length += next;
    }
    return length;
}

uint32_t utf8_lower(uint32_t code) {
    /* Ranges of capitals and the distance to their small letters. `alternating`: capitals and small
     * letters alternate; the capitals have the parity of `first`. */
    static const struct {
        uint32_t first, last, distance;
        bool alternating;
    } ranges[] = {
        {0xC0, 0xD6, 32, false},   {0xD8, 0xDE, 32, false},   {0x100, 0x12E, 1, true},
        {0x132, 0x136, 1, true},   {0x139, 0x147, 1, true},   {0x14A, 0x176, 1, true},
        {0x179, 0x17D, 1, true},   {0x218, 0x21E, 1, true},   {0x391, 0x3A1, 32, false},
        {0x3A3, 0x3AB, 32, false}, {0x400, 0x40F, 80, false}, {0x410, 0x42F, 32, false},
        {0x1E00, 0x1E94, 1, true}, {0x1EA0, 0x1EFE, 1, true},
    };
    if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
    if (code == 0x178) return 0xFF; /* Y with diaeresis is far from its small letter */
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code < ranges[i].first || code > ranges[i].last) continue;
        if (ranges[i].alternating && (code - ranges[i].first) % 2 != 0) return code;
        return code + ranges[i].distance;
    }
    return code;
}

bool utf8_is_space(uint32_t code) {
    return code <= ' ' || (code >= 0x7F && code <= 0xA0) || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
           code == 0x202F || code == 0x205F || code == 0x3000;
}
