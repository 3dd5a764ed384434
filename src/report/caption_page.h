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

/* A photo's path as the page shows it, for other pages with the style of captions.css. */
void caption_page_name(FILE *stream, const char *path);

/* Whether a file is such a page. */
bool caption_page_recognise(const char *path);

#endif
