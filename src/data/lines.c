#include "data/lines.h"

#include <ctype.h>
#include <string.h>

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
