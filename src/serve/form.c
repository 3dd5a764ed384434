#include "serve/form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Bytes of a parameter's value, and of a field. */
enum { LONGEST_VALUE = 1024, LONGEST_FIELD = 1024 };

/* White space within a header; a line may be folded. */
static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static const char *skip_spaces(const char *at, const char *end) {
    while (at < end && is_space(*at)) at++;
    return at;
}

/* A parameter of a header: NAME=TOKEN or NAME="QUOTED". A longer value is cut. */
struct parameter {
    const char *name;
    size_t name_length;
    char value[LONGEST_VALUE + 1];
};

static bool parameter_is(const struct parameter *parameter, const char *name) {
    return parameter->name_length == strlen(name) &&
           strncasecmp(parameter->name, name, parameter->name_length) == 0;
}

/* Copies a quoted string, whose quote was passed, and returns what follows it. A backslash is one
 * of a path ("C:\dog.jpg") unless it stands before what needs it. */
static const char *copy_quoted(const char *at, const char *end, char *out) {
    size_t length = 0;
    for (; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end && (at[1] == '"' || at[1] == '\\')) at++;
        if (length < LONGEST_VALUE) out[length++] = *at;
    }
    out[length] = '\0';
    return at < end ? at + 1 : end;
}

static const char *copy_token(const char *at, const char *end, char *out) {
    const char *stop = memchr(at, ';', (size_t)(end - at));
    if (!stop) stop = end;
    const char *last = stop;
    while (last > at && is_space(last[-1])) last--;
    const size_t length = size_smaller((size_t)(last - at), LONGEST_VALUE);
    memcpy(out, at, length);
    out[length] = '\0';
    return stop;
}

/* The parameter that follows the next ';'; false where there is none. *at goes on behind it. */
static bool next_parameter(const char **at, const char *end, struct parameter *out) {
    const char *semicolon = memchr(*at, ';', (size_t)(end - *at));
    if (!semicolon) return false;
    const char *name = skip_spaces(semicolon + 1, end), *stop = name;
    while (stop < end && *stop != '=' && *stop != ';' && !is_space(*stop)) stop++;
    out->name = name;
    out->name_length = (size_t)(stop - name);
    out->value[0] = '\0';
    stop = skip_spaces(stop, end);
    if (stop < end && *stop == '=') {
        stop = skip_spaces(stop + 1, end);
        const bool quoted = stop < end && *stop == '"';
        stop = quoted ? copy_quoted(stop + 1, end, out->value) : copy_token(stop, end, out->value);
    }
    *at = stop;
    return true;
}

bool form_is_type(const char *type) {
    static const char form[] = "multipart/form-data";
    const size_t length = sizeof form - 1;
    return strncasecmp(type, form, length) == 0 &&
           (type[length] == '\0' || type[length] == ';' || is_space(type[length]));
}

bool form_boundary(const char *type, char boundary[FORM_LONGEST_BOUNDARY + 1]) {
    const char *at = type, *end = type + strlen(type);
    struct parameter parameter;
    while (next_parameter(&at, end, &parameter)) {
        if (!parameter_is(&parameter, "boundary")) continue;
        const size_t length = strlen(parameter.value);
        if (length == 0 || length > FORM_LONGEST_BOUNDARY) return false;
        memcpy(boundary, parameter.value, length + 1);
        return true;
    }
    return false;
}

/* A form while it is read. */
struct form {
    struct protocol_body *body;
    const char *at, *end;
    char delimiter[sizeof "\r\n--" + FORM_LONGEST_BOUNDARY];
    size_t length; /* of the delimiter */
    bool closed;   /* the last delimiter was that of the end */
    const char *photo;
    size_t photo_size;
};

/* Goes on behind a boundary where what follows belongs to it: "--" at the end of the form, or the
 * end of the line. */
static bool pass_boundary(struct form *form, const char *at) {
    form->closed = form->end - at >= 2 && memcmp(at, "--", 2) == 0;
    while (!form->closed && at < form->end && (*at == ' ' || *at == '\t')) at++;
    if (form->end - at < 2 || (!form->closed && memcmp(at, "\r\n", 2) != 0)) return false;
    form->at = at + 2;
    return true;
}

/* Goes on behind the next delimiter, which is returned; NULL: there is none. */
static const char *pass_delimiter(struct form *form) {
    const char *found = form->at;
    while ((found = memmem(found, (size_t)(form->end - found), form->delimiter, form->length))) {
        if (pass_boundary(form, found + form->length)) return found;
        found += form->length;
    }
    return NULL;
}

/* The first boundary may begin the body, without the end of a line before it. */
static bool pass_first(struct form *form) {
    const char *boundary = form->delimiter + 2;
    const size_t length = form->length - 2;
    const bool begins = (size_t)(form->end - form->at) >= length &&
                        memcmp(form->at, boundary, length) == 0 &&
                        pass_boundary(form, form->at + length);
    return begins || pass_delimiter(form) != NULL;
}

struct part {
    const char *headers, *headers_end, *bytes;
    size_t size;
};

static bool read_part(struct form *form, struct part *part, caption_error *error) {
    enum { LONGEST_HEADERS = 1 << 14 };
    /* The line end of the boundary counts: a part may have no headers. */
    const char *from = form->at - 2;
    const size_t left = size_smaller((size_t)(form->end - from), LONGEST_HEADERS);
    const char *blank = memmem(from, left, "\r\n\r\n", 4);
    if (!blank)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "a part of the form: expected a blank line after its headers, found none "
                         "in %d bytes",
                         LONGEST_HEADERS);
    part->headers = form->at;
    part->headers_end = blank < form->at ? form->at : blank;
    part->bytes = form->at = blank + 4;
    const char *end = pass_delimiter(form);
    if (!end)
        return error_set(error, CAPTION_ERROR_FORMAT, "the form has no end: expected %.80s--",
                         form->delimiter + 2);
    part->size = (size_t)(end - part->bytes);
    return true;
}

/* Where the header's line ends: a line that begins with white space belongs to the one before. */
static const char *line_end(const char *at, const char *end) {
    for (; at + 2 < end; at++)
        if (at[0] == '\r' && at[1] == '\n' && at[2] != ' ' && at[2] != '\t') return at;
    return end;
}

/* The value of a part's Content-Disposition, which ends at *end; NULL: it has none. */
static const char *find_disposition(const struct part *part, const char **end) {
    static const char name[] = "content-disposition:";
    const size_t length = sizeof name - 1;
    for (const char *line = part->headers; line < part->headers_end; line = *end + 2) {
        *end = line_end(line, part->headers_end);
        if ((size_t)(*end - line) >= length && strncasecmp(line, name, length) == 0)
            return line + length;
        if (*end == part->headers_end) break;
    }
    return NULL;
}

struct disposition {
    struct parameter name, filename;
    bool is_named, is_file;
};

/* ("filename*", which RFC 7578 forbids and .NET adds, says again what "filename" does.) */
static void read_disposition(const struct part *part, struct disposition *out) {
    const char *end, *at = find_disposition(part, &end);
    struct parameter parameter;
    *out = (struct disposition){0};
    while (at && next_parameter(&at, end, &parameter)) {
        if (parameter_is(&parameter, "name")) {
            out->name = parameter;
            out->is_named = true;
        } else if (parameter_is(&parameter, "filename")) {
            out->filename = parameter;
            out->is_file = true;
        } else if (parameter_is(&parameter, "filename*")) {
            out->is_file = true;
        }
    }
}

static bool take_file(struct form *form, const struct part *part, const char *name,
                      caption_error *error) {
    if (part->size == 0 && !*name) return true; /* an input that was left empty */
    if (form->photo)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "expected one photo in the form, found several");
    form->photo = part->bytes;
    form->photo_size = part->size;
    if (!*name) return true;
    form->body->name = memory_string(name, error);
    return form->body->name != NULL;
}

static bool take_field(struct form *form, const struct part *part, const char *name,
                       caption_error *error) {
    if (part->size > LONGEST_FIELD || memchr(part->bytes, 0, part->size))
        return error_set(
            error, CAPTION_ERROR_FORMAT,
            "the field %.80s of the form: expected a text of at most %d bytes (a photo "
            "has a filename)",
            name, LONGEST_FIELD);
    char *value = memory_substring(part->bytes, part->size, error);
    const bool added = value && protocol_add_argument(form->body, name, value, error);
    free(value);
    return added;
}

static bool take_part(struct form *form, const struct part *part, caption_error *error) {
    struct disposition disposition;
    read_disposition(part, &disposition);
    if (disposition.is_file) return take_file(form, part, disposition.filename.value, error);
    if (disposition.is_named) return take_field(form, part, disposition.name.value, error);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "a part of the form: expected a name in its Content-Disposition, found none");
}

bool form_take(struct protocol_body *body, const char *boundary, caption_error *error) {
    struct form form = {.body = body, .at = body->bytes, .end = body->bytes + body->size};
    const int length = snprintf(form.delimiter, sizeof form.delimiter, "\r\n--%s", boundary);
    form.length = (size_t)length;
    if (body->size == 0 || !pass_first(&form))
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "the form: expected the boundary of its Content-Type, found none");
    struct part part = {0};
    while (!form.closed)
        if (!read_part(&form, &part, error) || !take_part(&form, &part, error)) return false;
    if (form.photo) memmove(body->bytes, form.photo, form.photo_size);
    body->size = form.photo ? form.photo_size : 0;
    return true;
}
