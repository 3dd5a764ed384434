/* HTML pages of photos: those of a run in a gallery, each with its captions, and those that a
 * search found. One file that needs no other and no network; it can be searched, printed and read
 * by a screen reader.
 *
 * The page of captions is written photo by photo, so that memory does not grow with their number,
 * and replaces an older one atomically. Photos without a caption are listed at its end. */
#ifndef CAPTION_REPORT_CAPTION_PAGE_H
#define CAPTION_REPORT_CAPTION_PAGE_H

#include <stdio.h>

#include "base/error.h"
#include "report/caption_output.h"

/* Pixels of a thumbnail's longest side: about the width that the page gives it. */
enum { CAPTION_PAGE_THUMBNAIL = 192 };

/* An output that writes the page to the file `path`. Where a row has no thumbnail, its photo is
 * read for one. NULL with `error` set when memory is short or the file cannot be created. */
struct caption_output *caption_page_new(const char *path, enum tags_shown tags,
                                        caption_error *error);

/* Whether a file is such a page. */
bool caption_page_recognise(const char *path);

/* Photos that were found, as `caption search` and `caption similar` print them.
 *
 *     text    path<TAB>score, a line each, best first
 *     JSON    {"path": ..., "score": ...} or, of a photo that cannot be read,
 *             {"path": ..., "error": ...}
 *     page    one HTML file that needs no other: thumbnails in the order of their scores
 */

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
