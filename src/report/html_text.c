#include "report/html_text.h"

#include <stdbool.h>
#include <string.h>

#include "text/utf8.h"

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Characters that no HTML page may hold: control characters of ASCII and Latin-1, and Unicode
 * noncharacters. */
static bool is_forbidden(uint32_t code) {
    if (code == '\t' || code == '\n' || code == '\r') return false;
    return code < ' ' || (code >= 0x7F && code <= 0x9F) || (code & 0xFFFE) == 0xFFFE ||
           (code >= 0xFDD0 && code <= 0xFDEF);
}

static const char *entity(uint32_t code) {
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text_write(FILE *stream, const char *bytes) {
    html_text_write_part(stream, bytes, strlen(bytes));
}

void html_text_write_part(FILE *stream, const char *bytes, size_t left) {
    while (left > 0) {
        uint32_t code = 0;
        size_t length = utf8_decode(bytes, left, &code), taken = length ? length : 1;
        const char *name = entity(code);
        if (length == 0 || is_forbidden(code)) {
            fputs(REPLACEMENT, stream);
        } else if (name) {
            fputs(name, stream);
        } else {
            fwrite(bytes, 1, length, stream);
        }
        bytes += taken;
        left -= taken;
    }
}

void html_text_write_words(FILE *stream, const struct tokens *words) {
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0) fputc(' ', stream);
        html_text_write(stream, words->words[i]);
    }
}

/* Three bytes as four characters of six bits; the end is padded with "=". */
static void write_group(FILE *stream, const uint8_t *bytes, size_t count) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; i++) bits = bits << 8 | (i < count ? bytes[i] : 0);
    char group[4];
    for (size_t i = 0; i < 4; i++) group[i] = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
    fwrite(group, 1, sizeof group, stream);
}

void html_text_write_data(FILE *stream, const char *type, const uint8_t *bytes, size_t size) {
    fprintf(stream, "data:%s;base64,", type);
    for (size_t at = 0; at < size; at += 3)
        write_group(stream, bytes + at, size - at < 3 ? size - at : 3);
}
