/* The frame of our HTML pages: one file that needs no other, its style for screens of any size,
 * light and dark, and for paper. A page may load nothing, which its Content-Security-Policy
 * enforces.
 *
 * Colours for further styles: --paper, --ink, --muted (lesser text), --rule (lines), --band
 * (shades), --card, --first and --second (curves).
 */
#ifndef CAPTION_REPORT_HTML_PAGE_H
#define CAPTION_REPORT_HTML_PAGE_H

#include <stdbool.h>
#include <stdio.h>

/* Everything up to the body's content. `styles` are further style sheets, the last one NULL. The
 * stream's own errors are left to its owner. */
void html_page_begin(FILE *stream, const char *title, const char *const *styles);

/* Whether a file is a page of ours with that title. */
bool html_page_recognise(const char *path, const char *title);

/* Everything after it. `script` (or NULL) is JavaScript without "</script". */
void html_page_end(FILE *stream, const char *script);

#endif
