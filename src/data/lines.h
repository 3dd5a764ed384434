/* The lines of a text, one by one, without blank ones. */
#ifndef CAPTION_DATA_LINES_H
#define CAPTION_DATA_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct lines {
    const char *next, *end; /* the remaining text */
    size_t number;          /* of the line that was returned last, counted from 1, blank ones too */
};

struct lines lines_start(const char *text, size_t size);

/* The next line that is not blank, without white space (a CR is some) at either end; false after
 * the last. It points into the text. */
bool lines_next(struct lines *lines, const char **line, size_t *length);

/* A copy of such a line, with a terminating 0; valid during the call that it is given to. */
struct line {
    const char *text;
    size_t length, number;
};

/* Calls read(context, line, error) for every line that is not blank, as long as it is true. */
bool lines_each(const char *text, size_t size,
                bool (*read)(void *context, const struct line *line, caption_error *error),
                void *context, caption_error *error);

/* Faults of an untrusted text, counted before it is parsed. */

struct text_faults {
    size_t
        zeros; /* 0 bytes and \u0000: what stands behind one in a name or a caption is not read */
    size_t foreign; /* lines that are not in UTF-8 */
};

/* Adds those of text[size]. */
void text_faults_count(struct text_faults *faults, const char *text, size_t size);

/* False with `error` set, which names `path`, for a text in UTF-16. */
bool text_faults_check(const char *text, size_t size, const char *path, caption_error *error);

#endif
