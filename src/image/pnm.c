/* PNM: PGM (P5) and PPM (P6) with any largest value. Read here, as stb_image ignores the largest
 * value, the byte order of 16-bit values and the end of the file. */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "image/bytes.h"
#include "image/format.h"

struct pnm {
    size_t width, height, largest; /* 0 where the header ends before */
    size_t channels, start;        /* pixels begin at byte `start` */
};

static bool pnm_recognise(const uint8_t *bytes, size_t size) {
    return size >= 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
           (isspace(bytes[2]) || bytes[2] == '#');
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

/* A decimal number below 10^9; 0 where there is none. */
static size_t read_number(const uint8_t *bytes, size_t size, size_t *at) {
    size_t number = 0;
    *at = skip_space_and_comments(bytes, size, *at);
    for (; *at < size && isdigit(bytes[*at]); ++*at) {
        number = number * 10 + (size_t)(bytes[*at] - '0');
        if (number >= 1000000000) return 0;
    }
    return number;
}

static struct pnm read_header(const uint8_t *bytes, size_t size) {
    struct pnm pnm = {.channels = bytes[1] == '6' ? 3 : 1};
    size_t at = 2;
    pnm.width = read_number(bytes, size, &at);
    pnm.height = read_number(bytes, size, &at);
    pnm.largest = read_number(bytes, size, &at);
    pnm.start = at + 1; /* exactly one white space before the pixels */
    return pnm;
}

static size_t value_size(const struct pnm *pnm) {
    return pnm->largest > 255 ? 2 : 1;
}

static void pnm_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct pnm pnm = read_header(bytes, size);
    size_t pixels, end;
    header->width = pnm.width;
    header->height = pnm.height;
    if (!size_multiply(pnm.width, pnm.height, &pixels) ||
        !size_multiply(pixels, pnm.channels * value_size(&pnm), &end) ||
        !size_add(end, pnm.start, &end) || end > size)
        header->missing = "its last row of pixels";
}

static uint8_t to_byte(size_t value, size_t largest) {
    return (uint8_t)(value >= largest ? 255 : (value * 255 + largest / 2) / largest);
}

static bool pnm_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    struct pnm pnm = read_header(bytes, size);
    if (pnm.largest == 0 || pnm.largest > 65535)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "PNM whose largest value is not a number of 1..65535");
    if (!image_new(out, header->width, header->height, error)) return false;
    const uint8_t *from = bytes + pnm.start;
    size_t step = value_size(&pnm), repeats = 3 / pnm.channels;
    uint8_t *to = out->pixels;
    for (size_t i = out->width * out->height * pnm.channels; i > 0; i--, from += step) {
        uint8_t value = to_byte(step == 2 ? bytes_big_16(from) : *from, pnm.largest);
        for (size_t r = 0; r < repeats; r++) *to++ = value;
    }
    return true;
}

const struct format format_pnm = {"PNM", pnm_recognise, pnm_inspect, pnm_decode};
