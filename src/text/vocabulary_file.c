/* The text of a vocabulary: one `word<TAB>count` a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "text/vocabulary.h"

/* More than the words of any language. */
static const size_t largest_file = (size_t)256 << 20;

/* The digits of a 64-bit number, a tab and a newline. */
enum { COUNT_SIZE = 22 };

struct line {
    const char *text;
    size_t size;
    size_t number; /* from 1 */
};

static bool line_error(const struct line *line, const char *name, const char *message,
                       caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: %s", name, line->number, message);
}

/* Decimal digits only. */
static bool parse_count(const char *text, size_t size, uint64_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10u, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value)) return false;
    }
    *out = value;
    return size > 0;
}

static bool parse_line(struct vocabulary *vocabulary, const struct line *line, const char *name,
                       caption_error *error) {
    const char *tab = memchr(line->text, '\t', line->size);
    if (!tab) return line_error(line, name, "expected word<TAB>count, found no tab", error);
    const size_t length = (size_t)(tab - line->text);
    if (!vocabulary_is_word(line->text, length)) {
        return line_error(line, name,
                          "expected a word: valid UTF-8, not empty, without white space or control "
                          "characters, not a special word",
                          error);
    }
    uint64_t times;
    if (!parse_count(tab + 1, line->size - length - 1, &times)) {
        return line_error(line, name, "expected a whole number below 2^64 after the tab", error);
    }
    char word[VOCABULARY_LONGEST_WORD + 1];
    memcpy(word, line->text, length);
    word[length] = '\0';
    const size_t before = vocabulary->count;
    if (!vocabulary_count(vocabulary, word, times, error)) return false;
    if (vocabulary->count > before) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: \"%s\" for a second time", name,
                     line->number, word);
}

bool vocabulary_parse(struct vocabulary *vocabulary, const char *text, size_t size,
                      const char *name, caption_error *error) {
    if (!vocabulary_init(vocabulary, error)) return false;
    struct line line = {.text = text, .number = 1};
    for (const char *end = text + size; line.text < end; line.number++) {
        const char *newline = memchr(line.text, '\n', (size_t)(end - line.text));
        const char *next = newline ? newline + 1 : end;
        line.size = (size_t)((newline ? newline : end) - line.text);
        if (line.size > 0 && line.text[line.size - 1] == '\r') line.size--;
        if (!parse_line(vocabulary, &line, name, error)) {
            vocabulary_free(vocabulary);
            return false;
        }
        line.text = next;
    }
    return true;
}

bool vocabulary_read(struct vocabulary *vocabulary, const char *path, caption_error *error) {
    *vocabulary = (struct vocabulary){0};
    struct file_bytes file;
    if (!file_read(path, largest_file, &file, error)) return false;
    bool ok = vocabulary_parse(vocabulary, (const char *)file.data, file.size, path, error);
    file_bytes_free(&file);
    return ok;
}

char *vocabulary_format(const struct vocabulary *vocabulary, caption_error *error) {
    size_t size = 1;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        if (!size_add(size, strlen(vocabulary->words[i]) + COUNT_SIZE, &size)) size = SIZE_MAX;
    }
    char *text = memory_uninitialised(size, 1, "a vocabulary", error);
    if (!text) return NULL;
    char *end = text;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        const size_t room = size - (size_t)(end - text);
        end +=
            snprintf(end, room, "%s\t%" PRIu64 "\n", vocabulary->words[i], vocabulary->counts[i]);
    }
    *end = '\0';
    return text;
}

bool vocabulary_write(const struct vocabulary *vocabulary, const char *path, caption_error *error) {
    char *text = vocabulary_format(vocabulary, error);
    if (!text) return false;
    struct file_writer writer;
    bool ok = file_writer_open(&writer, path, error);
    if (ok) {
        fputs(text, writer.stream); /* a failure shows in the commit */
        ok = file_writer_commit(&writer, error);
    }
    free(text);
    return ok;
}
