/* The header of a BMP, checked. Internal to src/image. */
#ifndef CAPTION_IMAGE_BMP_H
#define CAPTION_IMAGE_BMP_H

#include "image/rows.h"

enum bmp_compression {
    BMP_PLAIN = 0,
    BMP_RLE8 = 1,
    BMP_RLE4 = 2,
    BMP_MASKS = 3,
    BMP_ALPHA_MASKS = 6
};

struct bmp {
    size_t width, height;
    size_t bits; /* a pixel: 1, 2, 4, 8, 16, 24 or 32 */
    bool downwards;
    uint32_t compression;
    size_t header_size;      /* of the information header */
    size_t start;            /* pixels begin at this byte */
    size_t row;              /* bytes of one, where not run-length encoded */
    uint32_t masks[4];       /* red, green, blue, alpha of 16 and 32 bits */
    uint8_t palette[256][3]; /* RGB; black where the file has fewer colours */
};

/* Decodes the runs of RLE4 and RLE8 into `rows`. `numbers` holds a row of bytes. False with `error`
 * set where the runs end before the last row does. */
bool bmp_read_runs(const struct bmp *bmp, const uint8_t *bytes, size_t size,
                   struct image_rows *rows, uint8_t *numbers, caption_error *error);

/* Takes row y of palette numbers, one a byte. */
void bmp_take_numbers(const struct bmp *bmp, const uint8_t *numbers, struct image_rows *rows,
                      size_t y);

#endif
