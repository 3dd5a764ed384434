/* Run-length encoded BMP: pairs of a count and a value; after a count of 0 the end of a row, of the
 * picture, a jump, or a run of values as they are, filled up to an even number of bytes. */
#include <string.h>

#include "image/bmp.h"

struct runs {
    const struct bmp *bmp;
    struct image_rows *rows;
    uint8_t *numbers; /* the row that is being filled; 0 where nothing is drawn */
    size_t x, y;      /* y counted as stored */
};

static void end_row(struct runs *runs) {
    const size_t height = runs->bmp->height;
    const size_t y = runs->bmp->downwards ? runs->y : height - 1 - runs->y;
    bmp_take_numbers(runs->bmp, runs->numbers, runs->rows, y);
    memset(runs->numbers, 0, runs->bmp->width);
    runs->x = 0;
    runs->y++;
}

/* What would lie behind the end of the row is left out. */
static void put(struct runs *runs, unsigned number) {
    if (runs->x < runs->bmp->width) runs->numbers[runs->x++] = (uint8_t)number;
}

/* Pixel i of a run: half a byte each in RLE4. */
static unsigned number_at(const struct runs *runs, const uint8_t *values, size_t i) {
    if (runs->bmp->compression == BMP_RLE8) return values[i];
    return i % 2 == 0 ? values[i / 2] >> 4 : values[i / 2] & 15u;
}

/* The same value, or the same two halves in turn, `count` times. */
static void repeat(struct runs *runs, size_t count, const uint8_t *value) {
    const bool halves = runs->bmp->compression == BMP_RLE4;
    for (size_t i = 0; i < count; i++) put(runs, number_at(runs, value, halves ? i % 2 : 0));
}

static void jump(struct runs *runs, size_t right, size_t up) {
    const size_t x = runs->x + right;
    for (; up > 0 && runs->y < runs->bmp->height; up--) end_row(runs);
    runs->x = x < runs->bmp->width ? x : runs->bmp->width;
}

bool bmp_read_runs(const struct bmp *bmp, const uint8_t *bytes, size_t size,
                   struct image_rows *rows, uint8_t *numbers, caption_error *error) {
    enum { end_of_row = 0, end_of_picture = 1, delta = 2 };
    struct runs runs = {.bmp = bmp, .rows = rows, .numbers = numbers};
    bool ended = false;
    memset(numbers, 0, bmp->width);
    for (size_t at = bmp->start; !ended && runs.y < bmp->height && size - at >= 2;) {
        const size_t count = bytes[at], code = bytes[at + 1];
        const size_t values = bmp->compression == BMP_RLE8 ? code : (code + 1) / 2;
        at += 2;
        if (count > 0) {
            repeat(&runs, count, bytes + at - 1);
        } else if (code == end_of_row) {
            end_row(&runs);
        } else if (code == end_of_picture) {
            ended = true;
        } else if (code == delta) {
            if (size - at < 2) break;
            jump(&runs, bytes[at], bytes[at + 1]);
            at += 2;
        } else {
            if (size - at < values) break;
            for (size_t i = 0; i < code; i++) put(&runs, number_at(&runs, bytes + at, i));
            at += values;
            at += values % 2 && at < size;
        }
    }
    if (!ended && runs.y + 1 == bmp->height && runs.x == bmp->width) end_row(&runs);
    if (!ended && runs.y < bmp->height)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated BMP: it ends after %zu bytes, before its last row of pixels",
                         size);
    while (runs.y < bmp->height) end_row(&runs);
    return true;
}
