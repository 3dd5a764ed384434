#include "data/formats.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/lines.h"

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* The bytes of NAME in a line NAME#NUMBER<TAB>CAPTION, 0 for any other line. A caption may be
 * missing, the tab with it. */
static size_t name_length(const char *line, size_t length) {
    const char *tab = memchr(line, '\t', length);
    const char *at = tab ? tab : line + length;
    const char *number_end = at;
    while (at > line && is_digit(at[-1])) at--;
    if (at == number_end || at == line || at[-1] != '#') return 0;
    return (size_t)(at - 1 - line);
}

bool token_text_recognises(const struct source *source) {
    struct lines lines = lines_start(source->text, source->size);
    const char *line;
    size_t length;
    return !source->json && lines_next(&lines, &line, &length) && name_length(line, length) > 0;
}

static bool read_line(void *context, const struct line *line, caption_error *error) {
    struct builder *builder = context;
    const size_t named = name_length(line->text, line->length);
    if (named == 0 || memchr(line->text, '\0', named)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: expected NAME#NUMBER<TAB>CAPTION, found something else",
                         builder->dataset->name, line->number);
    }
    const char *tab = memchr(line->text, '\t', line->length);
    const char *sentence = tab ? tab : line->text + line->length;
    char *name = memory_substring(line->text, named, error);
    const bool ok = name && builder_photo_once(builder, name, name, DATASET_NONE, error) &&
                    builder_sentence(builder, sentence, error);
    free(name);
    return ok;
}

bool token_text_read(const struct source *source, struct builder *builder, caption_error *error) {
    return lines_each(source->text, source->size, read_line, builder, error);
}
