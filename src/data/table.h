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

#include "base/error.h"

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
 * has more fields than there are columns, or a quote without an end; `name` is for messages. */
bool table_next(struct table *table, const char *name, cJSON **row, caption_error *error);

void table_close(struct table *table);

#endif
