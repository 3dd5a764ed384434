/* Photos that were found, as `caption search` and `caption similar` print them.
 *
 *     text    path<TAB>score, a line each, best first
 *     JSON    {"path": ..., "score": ...} or, of a photo that cannot be read,
 *             {"path": ..., "error": ...}
 *     page    one HTML file that needs no other: thumbnails in the order of their scores
 */
#ifndef CAPTION_REPORT_FOUND_H
#define CAPTION_REPORT_FOUND_H

#include <stdio.h>

#include "base/error.h"

struct found_photo {
    char *path; /* owned by who made it */
    double score;
};

/* Writes a row. False when memory is short; the stream's own errors are left to its owner, here and
 * below. */
bool found_write(const struct found_photo *photo, bool json_lines, FILE *stream,
                 caption_error *error);

/* Writes the row of JSON of a photo that cannot be read. */
bool found_write_problem(const char *path, const caption_error *problem, FILE *stream,
                         caption_error *error);

/* What a page shows. */
struct found_page {
    const char *query; /* the sentence, or the photo's path */
    bool is_photo;     /* which of them it is */
    const struct found_photo *photos;
    size_t count;
    size_t searched; /* photos among which they were found */
    size_t failed;   /* photos that could not be read */
};

/* Writes the page to the file `path`, atomically. A photo that cannot be read any more has no
 * thumbnail. */
bool found_page_write(const struct found_page *page, const char *path, caption_error *error);

/* Whether a file is such a page. */
bool found_page_recognise(const char *path);

#endif
