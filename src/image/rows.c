#include "image/rows.h"

#include <stdlib.h>

#include "base/memory.h"
#include "image/color.h"

enum { CHANNELS = 3 };

/* Of the pixels of a photo that is not reduced. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { MOST_BYTES = 10000 }; /* a fuzzer's photos are small */
#else
enum { MOST_BYTES = 100 * 1000 * 1000 };
#endif

size_t image_divided(size_t side, size_t divisor) {
    return (side + divisor - 1) / divisor;
}

bool image_new_reduced(struct image *image, const struct format_header *header, size_t divisor,
                       caption_error *error) {
    if (!image_new(image, image_divided(header->width, divisor),
                   image_divided(header->height, divisor), error))
        return false;
    image->photo.width = (float)header->width / (float)divisor;
    image->photo.height = (float)header->height / (float)divisor;
    image->variance = (1 - 1 / (float)(divisor * divisor)) / 12;
    return true;
}

bool image_check_cost(const struct format_header *header, size_t needed, size_t file_size,
                      caption_error *error) {
    const size_t megabyte = 1000 * 1000, free_bytes = 192 * megabyte, bytes_per_byte = 192;
    if (needed <= free_bytes || needed / bytes_per_byte <= file_size) return true;
    return error_set(error, CAPTION_ERROR_LIMIT,
                     "%zu x %zu pixels in a file of %zu bytes are no photo, and would take %zu MB "
                     "of memory",
                     header->width, header->height, file_size, needed / megabyte);
}

static size_t reduced_bytes(const struct format_header *header, size_t divisor) {
    return image_divided(header->width, divisor) * image_divided(header->height, divisor) *
           CHANNELS;
}

size_t image_choose_divisor(const struct format_header *header, size_t min_side) {
    size_t divisor = 1;
    while (reduced_bytes(header, divisor) > MOST_BYTES &&
           image_divided(header->width, divisor + 1) >= min_side &&
           image_divided(header->height, divisor + 1) >= min_side)
        divisor++;
    return divisor;
}

bool image_rows_begin(struct image_rows *rows, const struct format_header *header, size_t file_size,
                      size_t min_side, struct image *image, caption_error *error) {
    const size_t divisor = image_choose_divisor(header, min_side);
    *rows = (struct image_rows){
        .image = image, .width = header->width, .height = header->height, .divisor = divisor};
    if (!image_check_cost(header, reduced_bytes(header, divisor), file_size, error) ||
        !image_new_reduced(image, header, divisor, error))
        return false;
    if (divisor == 1) return true;
    rows->row = memory_zeroed(rows->width, CHANNELS, "a row of pixels", error);
    rows->sums =
        memory_zeroed(image->width, CHANNELS * sizeof *rows->sums, "a row of pixels", error);
    return (rows->row && rows->sums) || image_rows_end(rows, false);
}

uint8_t *image_rows_at(const struct image_rows *rows, size_t y) {
    return rows->row ? rows->row : rows->image->pixels + y * rows->width * CHANNELS;
}

static void add_row(struct image_rows *rows) {
    const uint8_t *from = rows->row;
    uint32_t *sum = rows->sums;
    for (size_t left = rows->width; left > 0; sum += CHANNELS) {
        size_t count = left < rows->divisor ? left : rows->divisor;
        for (size_t i = 0; i < count; i++, from += CHANNELS)
            for (size_t c = 0; c < CHANNELS; c++) sum[c] += from[c];
        left -= count;
    }
}

/* Turns the sums into means of `group` rows, and clears them. */
static void finish_rows(struct image_rows *rows, uint8_t *to, size_t group) {
    uint32_t *sum = rows->sums;
    for (size_t left = rows->width; left > 0; sum += CHANNELS, to += CHANNELS) {
        size_t count = left < rows->divisor ? left : rows->divisor;
        const uint32_t area = (uint32_t)(count * group);
        for (size_t c = 0; c < CHANNELS; c++) {
            to[c] = (uint8_t)((sum[c] + area / 2) / area);
            sum[c] = 0;
        }
        left -= count;
    }
}

void image_rows_take(struct image_rows *rows, size_t y) {
    if (!rows->row) return;
    add_row(rows);
    const size_t first = y / rows->divisor * rows->divisor, left = rows->height - first;
    const size_t group = left < rows->divisor ? left : rows->divisor;
    if (++rows->pending < group) return;
    finish_rows(rows, rows->image->pixels + y / rows->divisor * rows->image->width * CHANNELS,
                group);
    rows->pending = 0;
}

bool image_rows_end(struct image_rows *rows, bool ok) {
    free(rows->row);
    free(rows->sums);
    rows->row = NULL;
    rows->sums = NULL;
    if (!ok) image_free(rows->image);
    return ok;
}

bool image_take_whole(const struct whole_pixels *whole, const struct format_header *header,
                      size_t file_size, size_t min_side, struct image *image,
                      caption_error *error) {
    struct image_rows rows;
    if (!image_rows_begin(&rows, header, file_size, min_side, image, error)) return false;
    struct color *color = color_new(whole->profile, whole->profile_size, false);
    for (size_t y = 0; y < rows.height; y++) {
        uint8_t *row = image_rows_at(&rows, y);
        image_over_white(whole->pixels + y * whole->stride, whole->channels, rows.width, row);
        if (color) color_convert(color, row, rows.width, row);
        image_rows_take(&rows, y);
    }
    color_free(color);
    return image_rows_end(&rows, true);
}
