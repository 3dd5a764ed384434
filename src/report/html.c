#include "report/html.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

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

static const char DASH[] = "\xE2\x80\x93";  /* U+2013 */
static const char MINUS[] = "\xE2\x88\x92"; /* U+2212 */
#define BETWEEN "\xC2\xA0"                  /* U+00A0: a number and its unit stay together */

void html_number_count(FILE *stream, size_t count) {
    if (count >= 1000) {
        html_number_count(stream, count / 1000);
        fprintf(stream, ",%03zu", count % 1000);
        return;
    }
    fprintf(stream, "%zu", count);
}

void html_number_fixed(FILE *stream, double value, unsigned decimals) {
    uint64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++) unit *= 10;
    double scaled = round(fabs(value) * (double)unit);
    if (!isfinite(scaled)) {
        fputs(DASH, stream);
        return;
    }
    if (value < 0 && scaled > 0) fputs(MINUS, stream);
    if (scaled > 9e15) { /* a double is no longer exact to the unit */
        fprintf(stream, "%.0e", fabs(value));
        return;
    }
    uint64_t whole = (uint64_t)scaled;
    fprintf(stream, "%" PRIu64, whole / unit);
    if (unit > 1) fprintf(stream, ".%0*" PRIu64, (int)decimals, whole % unit);
}

void html_number_duration(FILE *stream, double seconds) {
    if (!(seconds >= 0) || seconds > 1e12) {
        fputs(DASH, stream);
        return;
    }
    uint64_t minutes = (uint64_t)(seconds / 60 + 0.5);
    if (seconds < 10) {
        html_number_fixed(stream, seconds, 1);
        fputs(BETWEEN "s", stream);
    } else if (seconds < 100) {
        fprintf(stream, "%.0f" BETWEEN "s", seconds);
    } else if (minutes < 60) {
        fprintf(stream, "%" PRIu64 BETWEEN "min", minutes);
    } else {
        fprintf(stream, "%" PRIu64 BETWEEN "h" BETWEEN "%02" PRIu64 BETWEEN "min", minutes / 60,
                minutes % 60);
    }
}

/* It follows the title. */
enum { HEAD_BYTES = 4096 };

void html_page_begin(FILE *stream, const char *title, const char *const *styles) {
    fputs(asset_page_html, stream);
    fputs("<title>", stream);
    html_text_write(stream, title);
    fputs("</title>\n<style>\n", stream);
    fputs(asset_page_css, stream);
    for (; *styles; styles++) fputs(*styles, stream);
    fputs("</style>\n</head>\n<body>\n", stream);
}

bool html_page_recognise(const char *path, const char *title) {
    static const char begin[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n";
    static const char title_begin[] = "<title>", title_end[] = "</title>\n<style>\n";
    struct file_bytes beginning;
    if (!file_read_beginning(path, HEAD_BYTES, &beginning)) return false;
    const char *text = (const char *)beginning.data;
    const char *found = strstr(text, title_begin);
    const size_t length = strlen(title);
    const bool ours =
        strncmp(text, begin, sizeof begin - 1) == 0 && found &&
        strncmp(found + sizeof title_begin - 1, title, length) == 0 &&
        strncmp(found + sizeof title_begin - 1 + length, title_end, sizeof title_end - 1) == 0;
    file_bytes_free(&beginning);
    return ours;
}

void html_page_end(FILE *stream, const char *script) {
    if (script) fprintf(stream, "<script>\n%s</script>\n", script);
    fputs("</body>\n</html>\n", stream);
}
