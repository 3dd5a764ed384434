/* The lines of a text, one by one, without blank ones. */
#ifndef CAPTION_DATA_LINES_H
#define CAPTION_DATA_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    const char *next, *end; /* the remaining text */
    size_t number;          /* of the line that was returned last, counted from 1, blank ones too */
};

struct lines lines_start(const char *text, size_t size);

/* The next line that is not blank, without white space (a CR is some) at either end; false after
 * the last. It points into the text. */
bool lines_next(struct lines *lines, const char **line, size_t *length);

#endif
