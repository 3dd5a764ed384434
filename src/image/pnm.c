/* PNM: PBM, PGM and PPM, as text (P1 to P3) and as bytes (P4 to P6), with any largest value, and
 * PAM (P7), as Netpbm's manual pages have them. Of a file of several pictures, the first is read.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/decode.h"

struct pnm {
    size_t width, height, largest; /* 0 where the header ends before */
    size_t channels;               /* as in image_over_white; 0 where PAM has others */
    size_t start;                  /* pixels begin at this byte */
    bool is_text, is_bits;
};

static bool pnm_recognise(const uint8_t *bytes, size_t size) {
    if (size < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '7') return false;
    if (bytes[2] == '#') return true;
    size_t at = 2;
    while (at < size && isspace(bytes[at])) at++;
    if (at == 2) return false;
    /* Text may begin like that, too: a number follows, or a word in capitals in PAM. */
    return at == size || bytes[at] == '#' ||
           (bytes[1] == '7' ? isupper(bytes[at]) : isdigit(bytes[at]));
}

static size_t skip_space_and_comments(const uint8_t *bytes, size_t size, size_t at) {
    while (at < size && (isspace(bytes[at]) || bytes[at] == '#')) {
        if (bytes[at] == '#')
            while (at < size && bytes[at] != '\n') at++;
        else
            at++;
    }
    return at;
}

/* A decimal number, of which those from 10^9 on are all too large; 0 where there is none. */
static size_t read_number(const uint8_t *bytes, size_t size, size_t *at) {
    size_t number = 0;
    *at = skip_space_and_comments(bytes, size, *at);
    for (; *at < size && isdigit(bytes[*at]); ++*at)
        if (number < 1000000000) number = number * 10 + (size_t)(bytes[*at] - '0');
    return number;
}

/* Whether the word stands at `at`, which moves behind it then. */
static bool read_word(const uint8_t *bytes, size_t size, size_t *at, const char *word) {
    const size_t length = strlen(word);
    if (size - *at < length || memcmp(bytes + *at, word, length) != 0) return false;
    *at += length;
    return true;
}

/* Lines of a word and its value, in any order, up to the line ENDHDR. */
static struct pnm read_pam_header(const uint8_t *bytes, size_t size) {
    struct pnm pnm = {0};
    size_t depth = 0, at = 2;
    for (;;) {
        at = skip_space_and_comments(bytes, size, at);
        if (at >= size || read_word(bytes, size, &at, "ENDHDR")) break;
        if (read_word(bytes, size, &at, "WIDTH"))
            pnm.width = read_number(bytes, size, &at);
        else if (read_word(bytes, size, &at, "HEIGHT"))
            pnm.height = read_number(bytes, size, &at);
        else if (read_word(bytes, size, &at, "DEPTH"))
            depth = read_number(bytes, size, &at);
        else if (read_word(bytes, size, &at, "MAXVAL"))
            pnm.largest = read_number(bytes, size, &at);
        while (at < size && bytes[at] != '\n') at++;
    }
    pnm.channels = depth <= 4 ? depth : 0;
    pnm.start = at + 1;
    return pnm;
}

static struct pnm read_header(const uint8_t *bytes, size_t size) {
    const unsigned kind = bytes[1] - '0';
    if (kind == 7) return read_pam_header(bytes, size);
    struct pnm pnm = {
        .channels = kind % 3 == 0 ? 3 : 1, .is_text = kind <= 3, .is_bits = kind % 3 == 1};
    size_t at = 2;
    pnm.width = read_number(bytes, size, &at);
    pnm.height = read_number(bytes, size, &at);
    pnm.largest = pnm.is_bits ? 1 : read_number(bytes, size, &at);
    pnm.start = at + 1; /* exactly one white space before the pixels */
    return pnm;
}

/* Bytes of a row; of text, the least that it can have. False where that is too much. */
static bool row_size(const struct pnm *pnm, size_t *row) {
    if (pnm->is_bits && !pnm->is_text) {
        *row = pnm->width / 8 + (pnm->width % 8 != 0);
        return true;
    }
    const bool wide = pnm->largest > 255 && !pnm->is_text;
    return size_multiply(pnm->width, pnm->channels * (wide ? 2 : 1), row);
}

static void pnm_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct pnm pnm = read_header(bytes, size);
    size_t row, end;
    header->width = pnm.width;
    header->height = pnm.height;
    if (!row_size(&pnm, &row) || !size_multiply(row, pnm.height, &end) ||
        !size_add(end, pnm.start, &end) || end > size)
        header->missing = "its last row of pixels";
}

static uint8_t to_byte(size_t value, size_t largest) {
    return (uint8_t)(value >= largest ? 255 : (value * 255 + largest / 2) / largest);
}

/* A row of `count` values. */
static void read_bytes(const struct pnm *pnm, const uint8_t *from, size_t count, uint8_t *values) {
    const size_t step = pnm->largest > 255 ? 2 : 1;
    for (size_t i = 0; i < count; i++, from += step)
        values[i] = to_byte(step == 2 ? bytes_big_16(from) : *from, pnm->largest);
}

/* A row of bits, of which 1 is black. */
static void read_bits(const uint8_t *from, size_t count, uint8_t *values) {
    for (size_t i = 0; i < count; i++) values[i] = from[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
}

/* A row of numbers; of single digits that need no space between them where 1 is black. False where
 * the file has no more, or a larger one than the largest. */
static bool read_text(const struct pnm *pnm, const uint8_t *bytes, size_t size, size_t *at,
                      size_t count, uint8_t *values) {
    for (size_t i = 0; i < count; i++) {
        *at = skip_space_and_comments(bytes, size, *at);
        if (*at >= size || !isdigit(bytes[*at])) return false;
        if (pnm->is_bits) {
            values[i] = bytes[(*at)++] == '0' ? 255 : 0;
            continue;
        }
        const size_t value = read_number(bytes, size, at);
        if (value > pnm->largest) return false;
        values[i] = to_byte(value, pnm->largest);
    }
    return true;
}

/* `values` holds a row. */
static bool read_rows(const struct pnm *pnm, const uint8_t *bytes, size_t size,
                      struct image_rows *rows, uint8_t *values, caption_error *error) {
    const size_t count = rows->width * pnm->channels;
    size_t at = pnm->start, row;
    if (!row_size(pnm, &row)) return error_memory(error, "a row of pixels");
    for (size_t y = 0; y < rows->height; y++) {
        if (pnm->is_text) {
            if (!read_text(pnm, bytes, size, &at, count, values))
                return error_set(error, CAPTION_ERROR_FORMAT,
                                 "PNM ends after row %zu of %zu, or has something else than "
                                 "numbers up to %zu there",
                                 y, rows->height, pnm->largest);
        } else if (pnm->is_bits) {
            read_bits(bytes + at, count, values);
        } else {
            read_bytes(pnm, bytes + at, count, values);
        }
        if (!pnm->is_text) at += row;
        image_over_white(values, pnm->channels, rows->width, image_rows_at(rows, y));
        image_rows_take(rows, y);
    }
    return true;
}

static bool pnm_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    struct pnm pnm = read_header(bytes, size);
    if (pnm.largest == 0 || pnm.largest > 65535)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "PNM whose largest value is not a number of 1..65535");
    if (pnm.channels == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "PAM whose depth is not a number of 1..4");
    struct image_rows rows;
    if (!image_rows_begin(&rows, header, size, min_side, out, error)) return false;
    uint8_t *values = memory_uninitialised(rows.width, pnm.channels, "a row of pixels", error);
    bool ok = values && read_rows(&pnm, bytes, size, &rows, values, error);
    free(values);
    return image_rows_end(&rows, ok);
}

const struct format format_pnm = {"PNM", pnm_recognise, pnm_inspect, pnm_decode, NULL};
