#include "data/text_faults.h"

#include <string.h>

#include "text/utf8.h"

/* How many times \u0000 stands there. A backslash before it would make it six letters. */
static size_t count_escapes(const char *text, size_t size) {
    static const char escape[] = "\\u0000";
    const size_t length = sizeof escape - 1;
    size_t count = 0;
    for (size_t i = 0; i + length <= size; i++) {
        if (text[i] != '\\') continue;
        count += memcmp(text + i, escape, length) == 0;
        i++; /* what a backslash stands before begins nothing */
    }
    return count;
}

static bool is_utf8(const char *line, size_t length) {
    uint32_t code;
    for (size_t i = 0, taken; i < length; i += taken) {
        taken = (unsigned char)line[i] < 0x80 ? 1 : utf8_decode(line + i, length - i, &code);
        if (taken == 0) return false;
    }
    return true;
}

void text_faults_count(struct text_faults *faults, const char *text, size_t size) {
    faults->zeros += count_escapes(text, size);
    for (size_t start = 0; start < size;) {
        const char *newline = memchr(text + start, '\n', size - start);
        const size_t end = newline ? (size_t)(newline - text) : size;
        faults->foreign += !is_utf8(text + start, end - start);
        start = end + 1;
    }
    for (const char *zero = text; (zero = memchr(zero, 0, size - (size_t)(zero - text))); zero++) {
        faults->zeros++;
    }
}

bool text_faults_check(const char *text, size_t size, const char *path, caption_error *error) {
    static const char *const marks[] = {"\xFF\xFE", "\xFE\xFF"};
    const bool marked =
        size >= 2 && (memcmp(text, marks[0], 2) == 0 || memcmp(text, marks[1], 2) == 0);
    if (!marked) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a text in UTF-8, found one in UTF-16 (iconv -f UTF-16 -t UTF-8 "
                     "turns it)",
                     path);
}
