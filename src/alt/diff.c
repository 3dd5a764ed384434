#include "alt/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"

enum { CONTEXT = 3 };

/* Where lines begin; the last number is the end. */
struct diff_lines {
    const struct file_bytes *text;
    size_t *begins; /* [count + 1], owned */
    size_t count, capacity;
};

static bool find_lines(const struct file_bytes *text, struct diff_lines *lines,
                       caption_error *error) {
    *lines = (struct diff_lines){.text = text};
    for (size_t at = 0;; lines->count++) {
        if (!memory_grow(&lines->begins, &lines->capacity, lines->count + 1, sizeof *lines->begins,
                         "lines", error))
            return false;
        lines->begins[lines->count] = at;
        if (at == text->size) return true;
        const uint8_t *end = memchr(text->data + at, '\n', text->size - at);
        at = end ? (size_t)(end - text->data) + 1 : text->size;
    }
}

static size_t length_of(const struct diff_lines *lines, size_t line) {
    return lines->begins[line + 1] - lines->begins[line];
}

static bool is_changed(const struct diff_lines *old, const struct diff_lines *new, size_t line) {
    return length_of(old, line) != length_of(new, line) ||
           memcmp(old->text->data + old->begins[line], new->text->data + new->begins[line],
                  length_of(old, line)) != 0;
}

static bool write_line(FILE *stream, char mark, const struct diff_lines *lines, size_t line,
                       caption_error *error) {
    const char *text = (const char *)lines->text->data + lines->begins[line];
    const size_t length = length_of(lines, line);
    char *copy = memory_substring(text, length, error);
    if (!copy) return false;
    fputc(mark, stream);
    plain_text_to_reader(stream, copy);
    if (length == 0 || text[length - 1] != '\n') fputs("\n\\ No newline at end of file\n", stream);
    free(copy);
    return true;
}

/* The lines from `begin` to `end`. */
static bool write_hunk(FILE *stream, const struct diff_lines *old, const struct diff_lines *new,
                       size_t begin, size_t end, caption_error *error) {
    fprintf(stream, "@@ -%zu,%zu +%zu,%zu @@\n", begin + 1, end - begin, begin + 1, end - begin);
    for (size_t line = begin; line < end;) {
        if (!is_changed(old, new, line)) {
            if (!write_line(stream, ' ', old, line++, error)) return false;
            continue;
        }
        size_t last = line;
        while (last < end && is_changed(old, new, last)) last++;
        for (size_t i = line; i < last; i++)
            if (!write_line(stream, '-', old, i, error)) return false;
        for (size_t i = line; i < last; i++)
            if (!write_line(stream, '+', new, i, error)) return false;
        line = last;
    }
    return true;
}

static bool write_hunks(FILE *stream, const struct diff_lines *old, const struct diff_lines *new,
                        caption_error *error) {
    const size_t count = size_smaller(old->count, new->count);
    for (size_t line = 0; line < count;) {
        if (!is_changed(old, new, line)) {
            line++;
            continue;
        }
        const size_t begin = line > CONTEXT ? line - CONTEXT : 0;
        size_t last = line; /* changed; another one so near belongs to the same hunk */
        for (size_t i = line; i < count && i <= last + 2 * CONTEXT; i++)
            if (is_changed(old, new, i)) last = i;
        const size_t end = size_smaller(last + 1 + CONTEXT, count);
        if (!write_hunk(stream, old, new, begin, end, error)) return false;
        line = end;
    }
    return true;
}

bool alt_diff_write(FILE *stream, const char *name, const struct file_bytes *old,
                    const struct file_bytes *new, caption_error *error) {
    struct diff_lines before = {0}, after = {0};
    fputs("--- ", stream);
    plain_text_to_reader(stream, name);
    fputs("\n+++ ", stream);
    plain_text_to_reader(stream, name);
    fputc('\n', stream);
    const bool ok = find_lines(old, &before, error) && find_lines(new, &after, error) &&
                    write_hunks(stream, &before, &after, error);
    free(before.begins);
    free(after.begins);
    return ok;
}
