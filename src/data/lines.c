#include "data/lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

struct lines lines_start(const char *text, size_t size) {
    return (struct lines){.next = text, .end = size > 0 ? text + size : text};
}

static bool is_space(char byte) {
    return isspace((unsigned char)byte) != 0;
}

bool lines_next(struct lines *lines, const char **line, size_t *length) {
    while (lines->next < lines->end) {
        const char *start = lines->next;
        const char *newline = memchr(start, '\n', (size_t)(lines->end - start));
        const char *stop = newline ? newline : lines->end;
        lines->next = newline ? newline + 1 : lines->end;
        lines->number++;
        while (start < stop && is_space(*start)) start++;
        while (start < stop && is_space(stop[-1])) stop--;
        if (start == stop) continue;
        *line = start;
        *length = (size_t)(stop - start);
        return true;
    }
    return false;
}

bool lines_each(const char *text, size_t size,
                bool (*read)(void *context, const struct line *line, caption_error *error),
                void *context, caption_error *error) {
    struct lines lines = lines_start(text, size);
    const char *start;
    size_t length;
    bool ok = true;
    while (ok && lines_next(&lines, &start, &length)) {
        char *copy = memory_substring(start, length, error);
        const struct line line = {.text = copy, .length = length, .number = lines.number};
        ok = copy && read(context, &line, error);
        free(copy);
    }
    return ok;
}

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
