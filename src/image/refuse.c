/* Names what is not a photo that we read: the commonest mistakes. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/format.h"

/* Formats that people have photos in, and what they may take for photos. */
static const struct refused_signature {
    size_t offset, length;
    const char *bytes, *name;
} signatures[] = {
    {4, 8, "ftypjp2 ", "a JPEG 2000 photo"},
    {4, 4, "ftyp", "a video"},
    {0, 4, "\0MRM", "a Minolta raw photo"},
    {0, 4, "FOVb", "a Sigma raw photo"},
    {4, 4, "jP  ", "a JPEG 2000 photo"},
    {0, 4, "\xff\x4f\xff\x51", "a JPEG 2000 photo"},
    {12, 4, "CgBI", "an iPhone app's own form of PNG (CgBI)"},
    {0, 4, "8BPS", "a Photoshop document"},
    {0, 9, "gimp xcf ", "a GIMP document"},
    {0, 4, "v/1\1", "an OpenEXR picture"},
    {0, 10, "#?RADIANCE", "a Radiance picture"},
    {0, 4, "qoif", "a QOI picture"},
    {0, 4, "DDS ", "a texture (DDS)"},
    {0, 4, "\0\0\1\0", "an icon (ICO)"},
    {0, 4, "icns", "an icon (ICNS)"},
    {0, 4, "<svg", "a drawing (SVG)"},
    {0, 3, "PF\n", "a PFM picture"},
    {0, 3, "Pf\n", "a PFM picture"},
};

static const char *find_name(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct refused_signature *s = &signatures[i];
        if (size >= s->offset + s->length && memcmp(bytes + s->offset, s->bytes, s->length) == 0)
            return s->name;
    }
    return signature_name(bytes, size);
}

bool format_is_unread_photo(const uint8_t *bytes, size_t size) {
    static const char end[] = " photo";
    const char *name = find_name(bytes, size);
    const size_t length = name ? strlen(name) : 0;
    return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

enum { shown = 24 };

static bool is_text(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isprint(bytes[i]) && !isspace(bytes[i])) return false;
    return true;
}

/* The first bytes as a line of text, white space as spaces. */
static void write_text(const uint8_t *bytes, size_t count, char *out) {
    for (size_t i = 0; i < count; i++) out[i] = isspace(bytes[i]) ? ' ' : (char)bytes[i];
    out[count] = 0;
}

static void write_numbers(const uint8_t *bytes, size_t count, char *out) {
    *out = 0;
    for (size_t i = 0; i < count; i++) out += sprintf(out, i ? " %02x" : "%02x", bytes[i]);
}

/* "the text \"hello\"" or "the bytes 00 01". */
static void write_beginning(const uint8_t *bytes, size_t size, char *out) {
    const size_t count = size < shown ? size : shown;
    if (is_text(bytes, count)) {
        out += sprintf(out, "the text \"");
        write_text(bytes, count, out);
        strcat(out, "\"");
    } else {
        out += sprintf(out, "the bytes ");
        write_numbers(bytes, count < 8 ? count : 8, out);
    }
}

bool format_refuse(const uint8_t *bytes, size_t size, caption_error *error) {
    const char *name = find_name(bytes, size);
    const char *known = signature_name(bytes, size);
    if (known) return error_set(error, CAPTION_ERROR_FORMAT, "is not a photo: it is %s", known);
    if (name) return error_set(error, CAPTION_ERROR_FORMAT, "is %s, which is not supported", name);
    char beginning[IMAGE_DESCRIPTION];
    write_beginning(bytes, size, beginning);
    return error_set(error, CAPTION_ERROR_FORMAT, "is not a photo: it begins with %s", beginning);
}

void format_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]) {
    const char *name = find_name(bytes, size);
    if (name) {
        snprintf(out, IMAGE_DESCRIPTION, "%s", name);
        return;
    }
    out += sprintf(out, "a file that begins with ");
    write_beginning(bytes, size, out);
}
