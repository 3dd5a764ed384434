/* Tables: CSV (RFC 4180) and its kin with ; or tabs, or with | and spaces around fields
 * (Flickr30k's results.csv), whose first row names the columns, and what `caption photo.jpg
 * other.png` prints, which has no such row: PATH<TAB>CAPTION, with -n 3
 * PATH<TAB>LOGPROB<TAB>CAPTION.
 *
 *     struct table table;
 *     if (!table_open(&table, text, size, error)) return false;
 *     bool ok = table_has(&table, "path");
 *     cJSON *row;
 *     while (ok && (ok = table_next(&table, name, &row, error)) && row) ...
 *     table_close(&table);
 */
#ifndef CAPTION_DATA_TABLE_H
#define CAPTION_DATA_TABLE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* The lines of a text, one by one, without blank ones. */

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

/* "; not in UTF-8: 2 lines; cut at a 0 byte: 1 text", of those that there are. */
void text_faults_write(const struct text_faults *faults, FILE *stream);

/* False with `error` set, which names `path`, for a text in UTF-16. */
bool text_faults_check(const char *text, size_t size, const char *path, caption_error *error);

struct table {
    const char *next, *end; /* what is left of the text */
    size_t line;            /* the row that was given last begins in it, counted from 1 */
    size_t lines;           /* that were read */
    char delimiter;
    bool quotes; /* a field may stand in quotes */
    char *head;  /* names of the columns, each with its terminating 0; owned */
    size_t columns;
    char *record; /* the fields of the last row in the same way; owned */
    size_t capacity, fields;
};

/* Reads the names of the columns of text[size], which must stay. False when memory is short; a text
 * that is no table is one without columns of use. */
bool table_open(struct table *table, const char *text, size_t size, caption_error *error);

/* Whether a column has that name. */
bool table_has(const struct table *table, const char *column);

/* The next row that is not blank as an object of strings, without the fields that are empty, which
 * the caller frees with cJSON_Delete; *row is NULL at the end. False with `error` set where a row
 * has more fields than there are columns, a quote without an end, or one that ends lines later in
 * the midst of a text; `name` is for messages. */
bool table_next(struct table *table, const char *name, cJSON **row, caption_error *error);

void table_close(struct table *table);

#endif
