#include "base/plain_text.h"

#include <stdbool.h>
#include <unistd.h>

enum { DELETE = 0x7f, C1_LEAD = 0xc2, C1_FIRST = 0x80, C1_LAST = 0x9f };

/* Bytes of the control character that the text begins with, 0: it begins with none. */
static size_t control_length(const char *text) {
    const unsigned char first = (unsigned char)text[0];
    if (first == '\n' || first == '\t' || first == 0) return 0;
    if (first < ' ' || first == DELETE) return 1;
    const unsigned char second = (unsigned char)text[1];
    return first == C1_LEAD && second >= C1_FIRST && second <= C1_LAST ? 2 : 0;
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
        plain_text_write(stream, text);
    else
        fputs(text, stream);
}

void plain_text_clean(char *text) {
    char *to = text;
    while (*text) {
        const size_t length = control_length(text);
        *to++ = length > 0 ? '?' : *text;
        text += length > 0 ? length : 1;
    }
    *to = 0;
}
