#include "model/styles.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char none[] = "none", automatic[] = "auto", what[] = "caption styles";

void styles_free(struct styles *styles) {
    for (size_t i = 0; i < styles->count; i++) free(styles->names[i]);
    free(styles->names);
    *styles = (struct styles){0};
}

size_t styles_find(const struct styles *styles, const char *name) {
    for (size_t i = 0; name && i < styles->count; i++) {
        if (strcmp(styles->names[i], name) == 0) return i;
    }
    return STYLE_NONE;
}

const char *styles_name(const struct styles *styles, size_t style) {
    return style == STYLE_NONE ? NULL : styles->names[style];
}

static bool is_name(const char *name) {
    const size_t length = strlen(name);
    if (length == 0 || length > STYLES_LONGEST_NAME) return false;
    if (strcmp(name, none) == 0 || strcmp(name, automatic) == 0) return false;
    for (size_t i = 0; i < length;) {
        uint32_t code;
        const size_t taken = utf8_decode(name + i, length - i, &code);
        if (taken == 0 || utf8_is_space(code)) return false;
        i += taken;
    }
    return true;
}

bool styles_add(struct styles *styles, const char *name, caption_error *error) {
    if (styles_find(styles, name) != STYLE_NONE) return true;
    if (!is_name(name)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "styles: expected a word of at most %d bytes other than none and auto, "
                         "found \"%.80s\"",
                         STYLES_LONGEST_NAME, name);
    }
    if (styles->count == STYLES_MOST) {
        return error_set(error, CAPTION_ERROR_LIMIT, "styles: expected at most %d, found more",
                         STYLES_MOST);
    }
    if (!memory_grow(&styles->names, &styles->capacity, styles->count + 1, sizeof *styles->names,
                     what, error)) {
        return false;
    }
    char *copy = memory_string(name, error);
    if (!copy) return false;
    styles->names[styles->count++] = copy;
    return true;
}

size_t styles_of(const struct styles *styles, const char *source, const char *set) {
    const size_t style = styles_find(styles, source);
    return style != STYLE_NONE ? style : styles_find(styles, set);
}

/* The names concatenated, each between `before` and `after`; freed with free(). */
static char *join(const struct styles *styles, const char *before, const char *after,
                  caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, what, error)) return NULL;
    for (size_t i = 0; i < styles->count; i++)
        fprintf(text.stream, "%s%s%s", before, styles->names[i], after);
    return text_stream_close(&text, error);
}

bool styles_choose(const struct styles *styles, const char *name, size_t *style,
                   caption_error *error) {
    *style = name || styles->count == 0 ? STYLE_NONE : 0;
    if (!name || strcmp(name, none) == 0) return true;
    *style = styles_find(styles, name);
    if (*style != STYLE_NONE) return true;
    char *known = join(styles, ", ", "", error);
    if (!known) return false;
    error_set(error, CAPTION_ERROR_ARGUMENT,
              "style: expected one that the model has (none%.300s), found \"%.80s\"", known, name);
    free(known);
    return false;
}

char *styles_format(const struct styles *styles, caption_error *error) {
    return join(styles, "", "\n", error);
}

/* Adds the first line of a text; returns the rest, or NULL with `error` set. */
static const char *take_line(struct styles *styles, const char *text, caption_error *error) {
    const size_t length = strcspn(text, "\n");
    char line[STYLES_LONGEST_NAME + 1];
    if (length >= sizeof line || text[length] != '\n') {
        error_set(error, CAPTION_ERROR_FORMAT,
                  "expected lines of at most %d bytes, each with its newline, found \"%.80s\"",
                  STYLES_LONGEST_NAME, text);
        return NULL;
    }
    memcpy(line, text, length);
    line[length] = '\0';
    if (styles_find(styles, line) != STYLE_NONE) {
        error_set(error, CAPTION_ERROR_FORMAT, "expected each name once, found \"%s\" twice", line);
        return NULL;
    }
    return styles_add(styles, line, error) ? text + length + 1 : NULL;
}

bool styles_parse(struct styles *styles, const char *text, const char *name, caption_error *error) {
    *styles = (struct styles){0};
    while (text && *text) text = take_line(styles, text, error);
    if (text) return true;
    styles_free(styles);
    return error_prefix(error, name);
}
