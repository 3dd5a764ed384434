/* The frame of our HTML pages: one file that needs no other, its style for screens of any size,
 * light and dark, and for paper. A page may load nothing, which its Content-Security-Policy
 * enforces.
 *
 * Colours for further styles: --paper, --ink, --muted (lesser text), --rule (lines), --band
 * (shades), --card, --first and --second (curves).
 */
#ifndef CAPTION_REPORT_HTML_H
#define CAPTION_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "text/tokenizer.h"

/* Text of unknown origin (file names, captions) and bytes as parts of an HTML page. The stream's
 * own errors are left to its owner. */

/* Any bytes as text of an element or as value of an attribute in quotes: markup is escaped; invalid
 * UTF-8 and control characters other than white space become U+FFFD. */
void html_text_write(FILE *stream, const char *bytes);

/* The same for the first `size` bytes. */
void html_text_write_part(FILE *stream, const char *bytes, size_t size);

/* The words with spaces between them, likewise. */
void html_text_write_words(FILE *stream, const struct tokens *words);

/* Bytes as a URI that holds them ("data:image/jpeg;base64,..."; RFC 2397 and 4648). `type` is taken
 * as it is. */
void html_text_write_data(FILE *stream, const char *type, const uint8_t *bytes, size_t size);

/* Numbers as people read them. Written the same in every locale. The stream's own errors are left
 * to its owner. */

/* 30,000 */
void html_number_count(FILE *stream, size_t count);

/* `decimals` (0..9) digits after the point; a dash for NaN and infinity. A minus is U+2212. */
void html_number_fixed(FILE *stream, double value, unsigned decimals);

/* "8 s", "12 min", "3 h 05 min"; a dash for NaN and infinity. */
void html_number_duration(FILE *stream, double seconds);

/* Everything up to the body's content. `styles` are further style sheets, the last one NULL. The
 * stream's own errors are left to its owner. */
void html_page_begin(FILE *stream, const char *title, const char *const *styles);

/* Whether a file is a page of ours with that title. */
bool html_page_recognise(const char *path, const char *title);

/* Everything after it. `script` (or NULL) is JavaScript without "</script". */
void html_page_end(FILE *stream, const char *script);

/* The files of report/assets and serve/assets, as CMake puts them into the program (cmake writes
 * assets.c). Text that ends with a 0 byte. */

/* Of every page: everything before its title, its colours and fonts. */

extern const char asset_page_html[], asset_page_css[];

/* The page of captions. Its search field needs the script and is hidden until the script shows it.
 */
extern const char asset_captions_css[], asset_filter_html[], asset_filter_js[];

/* The training report. Its script steps through the epochs: the photos' captions, the table's row
 * and the charts' cursors; without it the page shows everything too. */
extern const char asset_training_css[], asset_training_js[];

/* The page of scores, beside the rules of the training report. */
extern const char asset_scores_css[];

/* Charts. It uses the colours of page.css. */
extern const char asset_chart_css[];

/* The server's page, which captions what is dropped on it (serve/assets). It uses page.css of the
 * reports. */
extern const char asset_captioner_html[], asset_captioner_css[], asset_captioner_js[],
    asset_drop_js[], asset_writing_js[];

#endif
