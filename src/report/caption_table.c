#include "report/caption_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct table_output {
    struct caption_output output;
    struct caption_rows rows;
    enum caption_table_format format;
    bool begun;
};

/* Part of a field in quotes: quotes in it are doubled. */
static void write_quoted(FILE *stream, const char *text) {
    for (; *text; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
}

/* A field in quotes where it must be. `safe`: a field that a spreadsheet would interpret as a
 * formula gets an apostrophe before it (OWASP, CSV Injection). */
static void write_field(FILE *stream, const char *text, bool safe) {
    if (safe && *text && strchr("=+-@\t\r", *text)) {
        fputs("\"'", stream);
        write_quoted(stream, text);
        fputc('"', stream);
        return;
    }
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    write_quoted(stream, text);
    fputc('"', stream);
}

/* The field as in other outputs: names separated by ", ". */
static void write_tags(FILE *stream, const caption_result *result) {
    if (result->tag_count == 0) return;
    fputc('"', stream);
    for (size_t i = 0; i < result->tag_count; i++) {
        if (i > 0) fputs(", ", stream);
        write_quoted(stream, result->tags[i].name);
    }
    fputc('"', stream);
}

static void write_number(FILE *stream, double number) {
    if (isfinite(number)) fprintf(stream, "%.4f", number);
    fputc(',', stream);
}

static void write_caption(const struct table_output *table, const caption_text *caption) {
    FILE *stream = table->rows.stream;
    if (caption) write_field(stream, caption->text, table->rows.safe);
    fputc(',', stream);
    write_number(stream, caption ? caption->logprob : (double)NAN);
    if (table->rows.confidence) write_number(stream, caption ? caption->confidence : (double)NAN);
}

/* `caption`: NULL where there is none. */
static void write_record(const struct table_output *table, const struct caption_row *row,
                         const caption_text *caption) {
    FILE *stream = table->rows.stream;
    const bool safe = table->rows.safe;
    write_field(stream, row->path, safe);
    fputc(',', stream);
    if (table->rows.tags != TAGS_ALONE) write_caption(table, caption);
    if (table->rows.tags != TAGS_NOT_TOLD) {
        write_tags(stream, row->result);
        fputc(',', stream);
    }
    if (!caption) write_field(stream, row->result->error.message, safe);
    fputs("\r\n", stream);
}

static void write_csv(const struct table_output *table, const struct caption_row *row) {
    const caption_result *result = row->result;
    const bool all = table->rows.n_best && table->rows.tags != TAGS_ALONE;
    if (result->count == 0) write_record(table, row, NULL);
    for (size_t i = 0; i < (all || result->count == 0 ? result->count : 1); i++)
        write_record(table, row, &result->captions[i]);
}

static void write_csv_head(const struct caption_rows *rows) {
    fputs("path,", rows->stream);
    if (rows->tags != TAGS_ALONE) fputs("caption,logprob,", rows->stream);
    if (rows->tags != TAGS_ALONE && rows->confidence) fputs("confidence,", rows->stream);
    if (rows->tags != TAGS_NOT_TOLD) fputs("tags,", rows->stream);
    fputs("error\r\n", rows->stream);
}

/* Writes what precedes a row: a header before the first, or a separator. */
static void begin_row(struct table_output *table) {
    FILE *stream = table->rows.stream;
    if (table->format == CAPTION_TABLE_JSON) fputc(table->begun ? ',' : '[', stream);
    if (table->format == CAPTION_TABLE_CSV && !table->begun) write_csv_head(&table->rows);
    table->begun = true;
}

static bool flush(const struct table_output *table, caption_error *error) {
    errno = 0;
    if (fflush(table->rows.stream) == 0 && !ferror(table->rows.stream)) return true;
    return error_set(error, CAPTION_ERROR_IO, "standard output: cannot write: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    struct table_output *table = (struct table_output *)output;
    begin_row(table);
    if (table->format == CAPTION_TABLE_CSV)
        write_csv(table, row);
    else if (!caption_rows_write(&table->rows, row->path, row->result, error))
        return false;
    return flush(table, error);
}

/* An array or table without rows is valid, too. */
static bool end_table(struct caption_output *output, caption_error *error) {
    struct table_output *table = (struct table_output *)output;
    if (table->format == CAPTION_TABLE_JSON)
        fputs(table->begun ? "]\n" : "[]\n", table->rows.stream);
    else if (!table->begun)
        begin_row(table);
    return flush(table, error);
}

static void free_table(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_table_new(const struct caption_rows *rows,
                                         enum caption_table_format format, caption_error *error) {
    struct table_output *table = memory_zeroed(1, sizeof *table, "an output", error);
    if (!table) return NULL;
    table->output = (struct caption_output){.row = write_row, .end = end_table, .free = free_table};
    table->rows = *rows;
    table->rows.json_lines = format == CAPTION_TABLE_JSON || format == CAPTION_TABLE_JSON_LINES;
    table->format = format;
    return &table->output;
}
