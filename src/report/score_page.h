/* Scores of data sets as one HTML page, with a drawing of risk against coverage for each: how many
 * of the captions are wrong if only the surest are shown.
 *
 *     struct score_page *page = score_page_new("scores.html", &error);
 *     ... for each data set: score_page_add(page, &table, &error);
 *     bool ok = score_page_write(page, &error);
 *     score_page_free(page);
 */
#ifndef CAPTION_REPORT_SCORE_PAGE_H
#define CAPTION_REPORT_SCORE_PAGE_H

#include "report/score_table.h"

struct score_page;

/* A page to be written to the file `path`. NULL with `error` set when memory is short or the file
 * cannot be created. */
struct score_page *score_page_new(const char *path, caption_error *error);

/* Adds a table. False with `error` set when it cannot be written. */
bool score_page_add(struct score_page *page, const struct score_table *table, caption_error *error);

/* Ends the page and puts it in place atomically. */
bool score_page_write(struct score_page *page, caption_error *error);

/* A page that was not written is discarded. */
void score_page_free(struct score_page *page);

/* Whether a file is such a page. */
bool score_page_recognise(const char *path);

#endif
