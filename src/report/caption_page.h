/* An HTML page: the photos of a run in a gallery, each with its captions. One file that needs no
 * other and no network; it can be searched, printed and read by a screen reader.
 *
 * The page is written photo by photo, so that memory does not grow with their number, and replaces
 * an older one atomically. Photos without a caption are listed at its end. */
#ifndef CAPTION_REPORT_CAPTION_PAGE_H
#define CAPTION_REPORT_CAPTION_PAGE_H

#include <stdio.h>

#include "report/caption_output.h"

/* Pixels of a thumbnail's longest side: about the width that the page gives it. */
enum { CAPTION_PAGE_THUMBNAIL = 192 };

/* An output that writes the page to the file `path`. Where a row has no thumbnail, its photo is
 * read for one. NULL with `error` set when memory is short or the file cannot be created. */
struct caption_output *caption_page_new(const char *path, enum tags_shown tags,
                                        caption_error *error);

/* What other pages with the style of captions.css show of a photo, too: */

/* Its path. */
void caption_page_name(FILE *stream, const char *path);

/* Its thumbnail: between the two calls the caller writes the alternative text. False where there is
 * none (zeros), which the page says; there is no second call then. */
bool caption_page_photo_begin(FILE *stream, const caption_thumbnail *thumbnail);
void caption_page_photo_end(FILE *stream, const caption_thumbnail *thumbnail);

/* A bar of a length from 0 to 1; the caller writes what it stands for, and "</p>". */
void caption_page_bar(FILE *stream, double share);

/* Whether a file is such a page. */
bool caption_page_recognise(const char *path);

#endif
