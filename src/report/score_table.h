/* Scores of a set of captions, for people (x 100, aligned), as one JSON object (fractions, as in
 * the reference scorers) or as a page. */
#ifndef CAPTION_REPORT_SCORE_TABLE_H
#define CAPTION_REPORT_SCORE_TABLE_H

#include <stdio.h>

#include "eval/evaluate.h"
#include "eval/perplexity.h"
#include "eval/retrieval.h"
#include "eval/scores.h"

struct score_table {
    const char *name;      /* of the photos, where there are several tables; or NULL */
    const char *precision; /* of the captions; or NULL */
    size_t photos;
    size_t references;
    size_t distinct; /* different captions */
    struct scores scores;
    double perplexity;          /* of the references under the model; 0: there was no model */
    struct swaps swaps;         /* count 0: none were made */
    struct next_word next_word; /* places 0: none were looked at */
    struct retrieval retrieval; /* photos 0: none were searched */
    struct tag_scores tags;     /* all zero: there were none */
    struct confidence_scores confidence; /* the same */
};

/* With a name, the table follows a line with it, and "name" precedes the scores in JSON. False when
 * memory is short; the stream's own errors are left to its owner. */
bool score_table_write(const struct score_table *table, bool json, FILE *stream,
                       caption_error *error);

/* The quality of caption confidences alone, under a name, or as one JSON object with "name". False
 * when memory is short; the stream's own errors are left to its owner. */
bool confidence_table_write(const char *name, const struct confidence_scores *scores, bool json,
                            FILE *stream, caption_error *error);

/* Scores of data sets as one HTML page, with a drawing of risk against coverage for each: how many
 * of the captions are wrong if only the surest are shown.
 *
 *     struct score_page *page = score_page_new("scores.html", &error);
 *     ... for each data set: score_page_add(page, &table, &error);
 *     bool ok = score_page_write(page, &error);
 *     score_page_free(page);
 */

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
