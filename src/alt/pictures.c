#include "alt/pictures.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "report/html.h"

bool pictures_need(const char *library, const char *package, caption_error *error) {
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "built without %s, which this document needs: install %s and build again",
                     library, package);
}

bool pictures_add(struct alt_pictures *pictures, struct alt_picture picture, const char *url,
                  caption_error *error) {
    if (!memory_grow(&pictures->items, &pictures->capacity, pictures->count + 1,
                     sizeof *pictures->items, "pictures", error))
        return false;
    picture.url = memory_string(url, error);
    if (!picture.url) return false;
    pictures->items[pictures->count++] = picture;
    return true;
}

static bool is(const char *value, const char *word) {
    return value && strcasecmp(value, word) == 0;
}

bool pictures_add_tag(struct alt_pictures *pictures, const struct img_attributes *attributes,
                      size_t place, caption_error *error) {
    if (!attributes->src || !*attributes->src) return true;
    const bool is_decoration = is(attributes->role, "presentation") ||
                               is(attributes->role, "none") || is(attributes->aria_hidden, "true");
    const struct alt_picture picture = {
        .place = place, .is_tag = true, .lacks_alt = !attributes->alt && !is_decoration};
    return pictures_add(pictures, picture, attributes->src, error);
}

size_t pictures_behind_name(const char *bytes, size_t size, size_t at) {
    if (at < size) at++; /* the < */
    while (at < size && !isspace((unsigned char)bytes[at]) && bytes[at] != '/' && bytes[at] != '>')
        at++;
    return at;
}

static bool read_kind(enum alt_kind kind, const char *bytes, size_t size,
                      struct alt_pictures *pictures, caption_error *error) {
    switch (kind) {
    case ALT_HTML:
        return pictures_read_html(bytes, size, pictures, error);
    case ALT_XHTML:
        return pictures_read_xhtml(bytes, size, pictures, error);
    case ALT_MARKDOWN:
        break;
    }
    return pictures_read_markdown(bytes, size, pictures, error);
}

static int by_place(const void *a, const void *b) {
    const struct alt_picture *const *x = a, *const *y = b;
    return ((*x)->place > (*y)->place) - ((*x)->place < (*y)->place);
}

/* HTML moves pictures out of tables, so that they do not come in the order of their places. */
static bool count_lines(const char *bytes, struct alt_pictures *pictures, caption_error *error) {
    struct alt_picture **sorted = memory_zeroed(pictures->count, sizeof *sorted, "pictures", error);
    if (!sorted) return false;
    for (size_t i = 0; i < pictures->count; i++) sorted[i] = &pictures->items[i];
    if (pictures->count > 0) qsort(sorted, pictures->count, sizeof *sorted, by_place);
    size_t at = 0, line = 1;
    for (size_t i = 0; i < pictures->count; i++) {
        if (sorted[i]->place == 0) continue;
        for (; at < sorted[i]->place; at++) line += bytes[at] == '\n';
        sorted[i]->line = line;
    }
    free(sorted);
    return true;
}

bool alt_pictures_read(enum alt_kind kind, const char *bytes, size_t size,
                       struct alt_pictures *pictures, caption_error *error) {
    *pictures = (struct alt_pictures){0};
    if (size > ALT_LARGEST)
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "is a document of %zu bytes, at most %zu are "
                         "read",
                         size, ALT_LARGEST);
    if (memchr(bytes, 0, size))
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "expected a document in UTF-8, found bytes of 0 (UTF-16?)");
    return read_kind(kind, bytes, size, pictures, error) && count_lines(bytes, pictures, error);
}

/* Characters that mean something in the text of a picture; a pipe does in a table, a dollar in
 * formulas and a brace in templates, which not all that reads Markdown knows to be escaped. */
static void write_markdown(FILE *stream, const char *text) {
    for (; *text; text++) {
        if (strchr("<>&|~${}", *text)) {
            fprintf(stream, "&#%d;", *text);
            continue;
        }
        if (strchr("\\`*_[]!", *text)) fputc('\\', stream);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stream);
    }
}

/* Where the document is a template, or Markdown, some characters mean something in a tag, too.
 * Without `utf8`, others than ASCII are references, which are right in every encoding. */
static bool write_attribute(FILE *stream, const char *text, const char *special, bool utf8,
                            caption_error *error) {
    struct text_stream escaped;
    if (!text_stream_open(&escaped, "an alt text", error)) return false;
    html_text_write(escaped.stream, text);
    char *bytes = text_stream_close(&escaped, error);
    if (!bytes) return false;
    fputs(" alt=\"", stream);
    size_t length;
    for (const char *at = bytes; *at; at += length) {
        uint32_t code;
        length = utf8_decode(at, strlen(at), &code);
        if (strchr(special, *at) || (!utf8 && code >= 0x80))
            fprintf(stream, "&#%lu;", (unsigned long)code);
        else
            fwrite(at, 1, length, stream);
    }
    fputs("\"", stream);
    free(bytes);
    return true;
}

const char *pictures_find_value(const char *text, size_t size, const char *name) {
    const size_t length = strlen(name);
    for (size_t i = 0; i + length <= size; i++) {
        if (strncasecmp(text + i, name, length) != 0) continue;
        const char *value = text + i + length;
        value += strspn(value, " \t\r\n");
        if (*value == '=') return value + strspn(value, " \t\r\n=\"'");
    }
    return NULL;
}

/* Whether the document is in UTF-8 for sure: HTML that does not say so, and is ASCII alone, may be
 * put into a page of any encoding. */
static bool is_utf8(enum alt_kind kind, const struct file_bytes *document) {
    enum { DECLARATIONS = 1024 };
    if (kind == ALT_MARKDOWN) return true;
    const char *text = (const char *)document->data;
    const size_t size = size_smaller(document->size, DECLARATIONS);
    const char *declared = pictures_find_value(text, size, "encoding");
    if (!declared) declared = pictures_find_value(text, size, "charset");
    if (!declared) return kind == ALT_XHTML || utf8_mark(text, size) > 0;
    return strncasecmp(declared, "utf-8", 5) == 0 || strncasecmp(declared, "utf8", 4) == 0;
}

struct inserting {
    struct splices splices;
    enum alt_kind kind;
    bool utf8;
};

static bool add_text(struct inserting *inserting, const struct alt_picture *picture,
                     const char *text, caption_error *error) {
    struct text_stream inserted;
    if (!text_stream_open(&inserted, "an alt text", error)) return false;
    bool written = true;
    if (picture->is_tag)
        written = write_attribute(inserted.stream, text,
                                  inserting->kind == ALT_MARKDOWN ? "{}$\\`*_[]|~" : "{}$",
                                  inserting->utf8, error);
    else
        write_markdown(inserted.stream, text);
    if (!written) {
        text_stream_abandon(&inserted);
        return false;
    }
    char *bytes = text_stream_close(&inserted, error);
    const bool ok = bytes && splices_add(&inserting->splices, picture->place, picture->place, bytes,
                                         inserted.size, error);
    free(bytes);
    return ok;
}

/* Whether the changed document has the same pictures, and those that were to get a text lack none.
 */
static bool is_right(enum alt_kind kind, const struct file_bytes *made,
                     const struct alt_pictures *pictures, const char *const *texts) {
    struct alt_pictures again;
    bool right = alt_pictures_read(kind, (const char *)made->data, made->size, &again, NULL) &&
                 again.count == pictures->count;
    for (size_t i = 0; right && i < again.count; i++) {
        const struct alt_picture *old = &pictures->items[i], *new = &again.items[i];
        right = strcmp(old->url, new->url) == 0 && new->lacks_alt == (old->lacks_alt && !texts[i]);
    }
    alt_pictures_free(&again);
    return right;
}

bool alt_pictures_fill(enum alt_kind kind, const struct file_bytes *document,
                       const struct alt_pictures *pictures, const char *const *texts,
                       struct file_bytes *out, caption_error *error) {
    struct inserting inserting = {.kind = kind, .utf8 = is_utf8(kind, document)};
    bool ok = true;
    for (size_t i = 0; ok && i < pictures->count; i++)
        if (texts[i]) ok = add_text(&inserting, &pictures->items[i], texts[i], error);
    ok = ok && splices_apply(&inserting.splices, document->data, document->size, out, error);
    splices_free(&inserting.splices);
    if (!ok || is_right(kind, out, pictures, texts)) return ok;
    file_bytes_free(out);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "its pictures look like other text (code, perhaps): it stays as it "
                     "is");
}

void alt_pictures_free(struct alt_pictures *pictures) {
    for (size_t i = 0; i < pictures->count; i++) free(pictures->items[i].url);
    free(pictures->items);
    free(pictures->base);
    *pictures = (struct alt_pictures){0};
}

/* "https:", "data:", "//host", and what a template or a component (JSX: {logo}) fills in. */
static bool is_remote(const char *url) {
    static const char *const templates[] = {"{{", "{%", "<?", "<%", "${"};
    if (*url == '{' && strchr(url, '}')) return true;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (strstr(url, templates[i])) return true;
    const size_t scheme =
        strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return (scheme > 0 && url[scheme] == ':') || strncmp(url, "//", 2) == 0;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = tolower((unsigned char)c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The path of a URL, without "?..." and "#...", %20 as a space; NULL when memory is short. */
static char *decode(const char *url, caption_error *error) {
    url += strspn(url, " \t\r\n\f");
    char *path = memory_substring(url, strcspn(url, "?#"), error), *to = path;
    if (!path) return NULL;
    for (const char *from = path; *from; from++) {
        const bool is_escape = *from == '%' && digit(from[1]) >= 0 && digit(from[2]) >= 0;
        const int byte = is_escape ? digit(from[1]) * 16 + digit(from[2]) : *from;
        if (is_escape && byte > 0) from += 2;
        *to++ = byte > 0 || !is_escape ? (char)byte : '%';
    }
    while (to > path && isspace((unsigned char)to[-1])) to--;
    *to = '\0';
    return path;
}

/* Takes "." and ".." out of a relative path, in place; false where it leads out of its top. */
static bool flatten(char *path) {
    char *to = path; /* behind what is kept, which has no slash at its end */
    for (const char *from = path; *from;) {
        const size_t length = strcspn(from, "/");
        const bool is_same = length == 0 || (length == 1 && *from == '.');
        if (length == 2 && memcmp(from, "..", 2) == 0) {
            if (to == path) return false;
            while (to > path && *--to != '/') {
            }
        } else if (!is_same) {
            if (to > path) *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
        from += strspn(from, "/");
    }
    *to = '\0';
    return true;
}

/* Whether a file lies in a folder, links followed. What does not exist lies where its name says. */
static bool is_inside(const char *path, const char *root) {
    char real_path[PATH_MAX], real_root[PATH_MAX];
    if (!realpath(root, real_root)) return false;
    char *folder = realpath(path, real_path) ? NULL : file_directory(path, NULL);
    if (folder && !realpath(folder, real_path)) {
        free(folder);
        return !strstr(path, "..");
    }
    free(folder);
    const size_t length = strcmp(real_root, "/") == 0 ? 0 : strlen(real_root);
    return strncmp(real_path, real_root, length) == 0 &&
           (real_path[length] == '/' || real_path[length] == '\0');
}

/* The folder that a relative URL is relative to; NULL when memory is short. */
static char *start_of(const char *base, const struct alt_folders *folders, caption_error *error) {
    if (!base) return memory_string(folders->document, error);
    char *path = decode(base, error);
    if (!path) return NULL;
    const char *from = *path == '/' ? folders->root : folders->document;
    char *slash = strrchr(path, '/');
    if (slash) *slash = '\0';
    char *folder =
        slash ? file_join(from, path + (*path == '/'), error) : memory_string(from, error);
    free(path);
    return folder;
}

static char *join(const char *url, const char *base, const struct alt_folders *folders,
                  caption_error *error) {
    char *path = decode(url, error);
    if (!path) return NULL;
    char *start =
        *path == '/' ? memory_string(folders->root, error) : start_of(base, folders, error);
    char *joined = start ? file_join(start, path + strspn(path, "/"), error) : NULL;
    free(start);
    free(path);
    return joined;
}

bool alt_picture_path(const char *url, const char *base, const struct alt_folders *folders,
                      enum alt_place *place, char **path, caption_error *error) {
    *path = NULL;
    *place = ALT_REMOTE;
    url += strspn(url, " \t\r\n\f");
    if (strchr("?#", *url)) return true; /* no file, but the document */
    if (is_remote(url) || (base && is_remote(base) && *url != '/')) return true;
    *path = join(url, base, folders, error);
    if (!*path) return false;
    const bool inside = folders->in_archive ? flatten(*path) : is_inside(*path, folders->root);
    *place = inside ? ALT_LOCAL : ALT_OUTSIDE;
    if (inside) return true;
    free(*path);
    *path = NULL;
    return true;
}

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
    const bool ends = length > 0 && text[length - 1] == '\n';
    char *copy = memory_substring(text, length - ends, error);
    if (!copy) return false;
    fputc(mark, stream);
    plain_text_to_reader(stream, copy);
    fputs(ends ? "\n" : "\n\\ No newline at end of file\n", stream);
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

/* As GNU diff does and patch reads it: a tab ends a name with spaces, and one with characters that
 * mean something there stands in quotes, with these in octal digits. */
static void write_diff_name(FILE *stream, const char *mark, const char *name) {
    bool quoted = false;
    for (const char *c = name; *c; c++)
        quoted |= (unsigned char)*c < ' ' || *c == 0x7f || *c == '"' || *c == '\\' || *c == '\xc2';
    fprintf(stream, quoted ? "%s \"" : "%s ", mark);
    for (const char *c = name; *c; c++) {
        const bool is_plain = *c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\';
        if (quoted && !is_plain)
            fprintf(stream, "\\%03o", (unsigned char)*c);
        else
            fputc(*c, stream);
    }
    fputs(quoted ? "\"\n" : strchr(name, ' ') ? "\t\n" : "\n", stream);
}

bool alt_diff_write(FILE *stream, const char *name, const struct file_bytes *old,
                    const struct file_bytes *new, caption_error *error) {
    struct diff_lines before = {0}, after = {0};
    write_diff_name(stream, "---", name);
    write_diff_name(stream, "+++", name);
    const bool ok = find_lines(old, &before, error) && find_lines(new, &after, error) &&
                    write_hunks(stream, &before, &after, error);
    free(before.begins);
    free(after.begins);
    return ok;
}
