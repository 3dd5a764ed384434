#include "data/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "image/photo.h"

struct lines lines_start(const char *text, size_t size) {
    return (struct lines){.next = text, .end = size > 0 ? text + size : text};
}

static bool is_space(char byte) {
    return isspace((unsigned char)byte) != 0;
}

bool lines_next(struct lines *lines, const char **line, size_t *length) {
    while (lines->next < lines->end) {
        const char *start = lines->next;
        const char *newline = memchr(start, '\n', (size_t)(lines->end - start));
        const char *stop = newline ? newline : lines->end;
        lines->next = newline ? newline + 1 : lines->end;
        lines->number++;
        while (start < stop && is_space(*start)) start++;
        while (start < stop && is_space(stop[-1])) stop--;
        if (start == stop) continue;
        *line = start;
        *length = (size_t)(stop - start);
        return true;
    }
    return false;
}

bool lines_each(const char *text, size_t size,
                bool (*read)(void *context, const struct line *line, caption_error *error),
                void *context, caption_error *error) {
    struct lines lines = lines_start(text, size);
    const char *start;
    size_t length;
    bool ok = true;
    while (ok && lines_next(&lines, &start, &length)) {
        char *copy = memory_substring(start, length, error);
        const struct line line = {.text = copy, .length = length, .number = lines.number};
        ok = copy && read(context, &line, error);
        free(copy);
    }
    return ok;
}

/* How many times \u0000 stands there. A backslash before it would make it six letters. */
static size_t count_escapes(const char *text, size_t size) {
    static const char escape[] = "\\u0000";
    const size_t length = sizeof escape - 1;
    size_t count = 0;
    for (size_t i = 0; i + length <= size; i++) {
        if (text[i] != '\\') continue;
        count += memcmp(text + i, escape, length) == 0;
        i++; /* what a backslash stands before begins nothing */
    }
    return count;
}

static bool is_utf8(const char *line, size_t length) {
    uint32_t code;
    for (size_t i = 0, taken; i < length; i += taken) {
        taken = (unsigned char)line[i] < 0x80 ? 1 : utf8_decode(line + i, length - i, &code);
        if (taken == 0) return false;
    }
    return true;
}

void text_faults_count(struct text_faults *faults, const char *text, size_t size) {
    faults->zeros += count_escapes(text, size);
    for (size_t start = 0; start < size;) {
        const char *newline = memchr(text + start, '\n', size - start);
        const size_t end = newline ? (size_t)(newline - text) : size;
        faults->foreign += !is_utf8(text + start, end - start);
        start = end + 1;
    }
    for (const char *zero = text; (zero = memchr(zero, 0, size - (size_t)(zero - text))); zero++) {
        faults->zeros++;
    }
}

static void write_fault(FILE *stream, const char *fault, size_t count, const char *what) {
    if (count > 0) fprintf(stream, "; %s: %zu %s%s", fault, count, what, count == 1 ? "" : "s");
}

void text_faults_write(const struct text_faults *faults, FILE *stream) {
    write_fault(stream, "not in UTF-8", faults->foreign, "line");
    write_fault(stream, "cut at a 0 byte", faults->zeros, "text");
}

bool text_faults_check(const char *text, size_t size, const char *path, caption_error *error) {
    static const char *const marks[] = {"\xFF\xFE", "\xFE\xFF"};
    const bool marked =
        size >= 2 && (memcmp(text, marks[0], 2) == 0 || memcmp(text, marks[1], 2) == 0);
    if (!marked) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a text in UTF-8, found one in UTF-16 (iconv -f UTF-16 -t UTF-8 "
                     "turns it)",
                     path);
}

/* The names of the columns that `caption` prints: of two, and of three with -n. */
static const char text_names[] = "path\0caption", best_names[] = "path\0logprob\0caption";

static bool is_blank(const char *line, size_t length) {
    return length == 0 || (length == 1 && *line == '\r');
}

/* Where the row that begins at `start` ends: at a newline outside quotes. NULL: a quote without
 * end. */
static const char *row_end(const struct table *table, const char *start) {
    bool quoted = false, begins = true;
    for (const char *at = start; at < table->end; at++) {
        if (quoted) {
            quoted = *at != '"'; /* of two in a row, the second opens them again */
            begins = !quoted;
            continue;
        }
        if (*at == '\n') return at;
        quoted = table->quotes && begins && *at == '"';
        begins = *at == table->delimiter;
    }
    return quoted ? NULL : table->end;
}

static const char *skip_spaces(const char *at, const char *stop) {
    while (at < stop && *at == ' ') at++;
    return at;
}

/* Whether text follows the quote that closes a field of several lines. The quote that opened it was
 * then part of a text, and the rows behind it would be lost in the field. */
static bool swallows_rows(const struct table *table, const char *start, const char *stop) {
    const char *opened = NULL; /* the quote that the field begins with */
    bool quoted = false, begins = true;
    /* Nearly all rows are a line. */
    if (start >= stop || !memchr(start, '\n', (size_t)(stop - start))) return false;
    for (const char *at = start; at < stop; at++) {
        if (quoted) {
            quoted = *at != '"';
            begins = !quoted;
            if (quoted) continue;
            const char *next = skip_spaces(at + 1, stop);
            const bool ends = next == stop || *next == table->delimiter || strchr("\"\r\n", *next);
            if (!ends && memchr(opened, '\n', (size_t)(at - opened))) return true;
            continue;
        }
        quoted = table->quotes && begins && *at == '"';
        if (quoted && !opened) opened = at;
        begins = *at == table->delimiter;
        if (begins) opened = NULL;
    }
    return false;
}

static char *trim_spaces(const char *start, char *end) {
    while (end > start && end[-1] == ' ') end--;
    return end;
}

/* Copies a field up to the delimiter or `stop` without its quotes; returns where it ends. */
static const char *copy_field(const struct table *table, const char *at, const char *stop,
                              char **out) {
    const char *start = *out;
    if (table->delimiter == '|') at = skip_spaces(at, stop);
    bool quoted = table->quotes && at < stop && *at == '"';
    at += quoted;
    for (; at < stop; at++) {
        if (quoted && *at == '"') {
            quoted = at + 1 < stop && at[1] == '"';
            if (quoted) *(*out)++ = *at++;
            continue;
        }
        if (!quoted && *at == table->delimiter) break;
        if (*at) *(*out)++ = *at; /* a 0 byte would end the field */
    }
    if (table->delimiter == '|') *out = trim_spaces(start, *out);
    *(*out)++ = 0;
    return at;
}

/* Parts a row into fields. */
static bool part(struct table *table, const char *start, const char *stop, caption_error *error) {
    if (stop > start && stop[-1] == '\r') stop--;
    const size_t needed = (size_t)(stop - start) + 1;
    if (!memory_grow(&table->record, &table->capacity, needed, 1, "a row of a table", error))
        return false;
    char *out = table->record;
    table->fields = 0;
    for (const char *at = start;; at++) {
        at = copy_field(table, at, stop, &out);
        table->fields++;
        if (at == stop) return true;
    }
}

static void count_lines(struct table *table, const char *start, const char *stop) {
    table->line = table->lines + 1;
    table->lines++;
    while (start < stop && (start = memchr(start, '\n', (size_t)(stop - start)))) {
        table->lines++;
        start++;
    }
}

/* *found is false at the end. */
static bool read_record(struct table *table, const char *name, bool *found, caption_error *error) {
    *found = false;
    while (table->next < table->end) {
        const char *start = table->next, *stop = row_end(table, start);
        if (!stop)
            return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: a quote without an end",
                             name, table->lines + 1);
        if (swallows_rows(table, start, stop))
            return error_set(
                error, CAPTION_ERROR_FORMAT,
                "%s: line %zu: a field in quotes goes on over the next lines, and text "
                "follows its closing quote: expected a quote within a field to be doubled",
                name, table->lines + 1);
        count_lines(table, start, stop);
        table->next = stop < table->end ? stop + 1 : stop;
        if (is_blank(start, (size_t)(stop - start))) continue;
        *found = true;
        return part(table, start, stop, error);
    }
    return true;
}

static const char *next_field(const char *field) {
    return field + strlen(field) + 1;
}

static bool is_number(const char *text) {
    char *end;
    strtod(text, &end);
    return end != text && *end == 0;
}

/* Whether the first row, in `record`, is one of what `caption` prints. */
static bool is_printed(const struct table *table) {
    if (table->delimiter != '\t' || !photo_named(table->record)) return false;
    return table->fields == 2 || (table->fields == 3 && is_number(next_field(table->record)));
}

/* The delimiter that the first line has. */
static char find_delimiter(const char *text, size_t size) {
    static const char delimiters[] = "\t,;|";
    const char *newline = size > 0 ? memchr(text, '\n', size) : NULL;
    const size_t length = newline ? (size_t)(newline - text) : size;
    for (const char *d = delimiters; *d; d++)
        if (length > 0 && memchr(text, *d, length)) return *d;
    return ',';
}

static bool name_columns(struct table *table, const char *names, size_t size, size_t columns,
                         caption_error *error) {
    table->head = memory_uninitialised(size, 1, "the columns of a table", error);
    if (!table->head) return false;
    memcpy(table->head, names, size);
    table->columns = columns;
    return true;
}

static bool begin_printed(struct table *table, const char *text, caption_error *error) {
    table->next = text;
    table->lines = 0;
    table->quotes = false;
    return table->fields == 2 ? name_columns(table, text_names, sizeof text_names, 2, error)
                              : name_columns(table, best_names, sizeof best_names, 3, error);
}

bool table_open(struct table *table, const char *text, size_t size, caption_error *error) {
    *table = (struct table){.next = text, .end = size > 0 ? text + size : text, .quotes = true};
    table->delimiter = find_delimiter(text, size);
    caption_error unclosed;
    bool found;
    if (!read_record(table, "", &found, &unclosed)) {
        if (unclosed.status == CAPTION_ERROR_FORMAT) return true;
        table_close(table);
        return error_set(error, unclosed.status, "%s", unclosed.message);
    }
    if (!found) return true;
    bool ok;
    if (is_printed(table)) {
        ok = begin_printed(table, text, error);
    } else {
        const char *end = table->record;
        for (size_t i = 0; i < table->fields; i++) end = next_field(end);
        ok =
            name_columns(table, table->record, (size_t)(end - table->record), table->fields, error);
    }
    if (!ok) table_close(table);
    return ok;
}

bool table_has(const struct table *table, const char *column) {
    const char *name = table->head;
    for (size_t i = 0; i < table->columns; i++, name = next_field(name))
        if (strcmp(name, column) == 0) return true;
    return false;
}

static cJSON *object_of(const struct table *table, caption_error *error) {
    cJSON *row = cJSON_CreateObject();
    bool ok = row != NULL;
    const char *name = table->head, *field = table->record;
    for (size_t i = 0; ok && i < table->fields; i++) {
        if (*field) ok = cJSON_AddStringToObject(row, name, field) != NULL;
        name = next_field(name);
        field = next_field(field);
    }
    if (ok) return row;
    cJSON_Delete(row);
    error_memory(error, "a row of a table");
    return NULL;
}

bool table_next(struct table *table, const char *name, cJSON **row, caption_error *error) {
    bool found;
    *row = NULL;
    if (!read_record(table, name, &found, error)) return false;
    if (!found) return true;
    if (table->fields > table->columns)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: expected %zu fields, as the first row has, found %zu", name,
                         table->line, table->columns, table->fields);
    *row = object_of(table, error);
    return *row != NULL;
}

void table_close(struct table *table) {
    free(table->head);
    free(table->record);
    *table = (struct table){0};
}
