/* Photos that a decoder hands over row by row, so that one of a huge size costs no huge memory.
 * Internal to src/image. */
#ifndef CAPTION_IMAGE_ROWS_H
#define CAPTION_IMAGE_ROWS_H

#include "image/format.h"

struct image_rows {
    struct image *image;
    size_t width, height; /* of what the decoder makes */
    size_t divisor;       /* each pixel of `image` is the mean of divisor x divisor */
    uint8_t *row;         /* (width, 3); NULL where divisor is 1 */
    uint32_t *sums;       /* (image->width, 3) of the `pending` rows of one mean */
    size_t pending;
};

/* The smallest divisor that makes a photo take 100 MB at most, 1 for all but huge ones, while both
 * sides stay at least `min_side`. */
size_t image_choose_divisor(const struct format_header *header, size_t min_side);

/* Allocates `image` for header->width x header->height pixels, reduced by image_choose_divisor. The
 * size of the file is asked as in image_check_cost. */
bool image_rows_begin(struct image_rows *rows, const struct format_header *header, size_t file_size,
                      size_t min_side, struct image *image, caption_error *error);

/* Where the decoder writes the `width` RGB pixels of row y. */
uint8_t *image_rows_at(const struct image_rows *rows, size_t y);

/* Takes row y, which the decoder has written. Rows come one after the other, downwards or upwards.
 */
void image_rows_take(struct image_rows *rows, size_t y);

/* Frees what the rows needed. Frees the image, too, unless `ok`, which is returned. */
bool image_rows_end(struct image_rows *rows, bool ok);

/* The pixels of a photo that a library made all at once, and the profile of their colours. */
struct whole_pixels {
    const uint8_t *pixels;  /* (height, stride), of which width * channels are pixels */
    size_t channels;        /* 3: RGB, 4: RGBA, not premultiplied */
    size_t stride;          /* in bytes */
    const uint8_t *profile; /* ICC, or NULL */
    size_t profile_size;    /* in bytes */
};

/* Makes `image` of them: over white, in sRGB, reduced as in image_rows_begin. */
bool image_take_whole(const struct whole_pixels *whole, const struct format_header *header,
                      size_t file_size, size_t min_side, struct image *image, caption_error *error);

/* Allocates `image` for a photo reduced by `divisor`, sides rounded up: what rounding added is none
 * of the photo, and each pixel is about the mean of divisor x divisor. */
bool image_new_reduced(struct image *image, const struct format_header *header, size_t divisor,
                       caption_error *error);

/* A side divided and rounded up. */
size_t image_divided(size_t side, size_t divisor);

/* False with `error` set where decoding needs much memory, `needed` bytes, for a file that is too
 * small to hold a photo of that size: 192 MB are free, and 192 bytes a byte of the file. */
bool image_check_cost(const struct format_header *header, size_t needed, size_t file_size,
                      caption_error *error);

#endif
