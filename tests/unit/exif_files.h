/* Photos as a camera stores them that was held in one of eight ways. */
#ifndef CAPTION_TESTS_EXIF_FILES_H
#define CAPTION_TESTS_EXIF_FILES_H

#include "image_files.h"

/* Where the first stored row and the first stored column lie in the upright photo: the table of
 * EXIF 2.3, section 4.6.4. Our code knows it in another form. */
enum side { TOP, RIGHT, BOTTOM, LEFT };
static const struct {
    enum side row, column;
} stored[9] = {{TOP, LEFT}, {TOP, LEFT},  {TOP, RIGHT},    {BOTTOM, RIGHT}, {BOTTOM, LEFT},
               {LEFT, TOP}, {RIGHT, TOP}, {RIGHT, BOTTOM}, {LEFT, BOTTOM}};

static inline bool runs_along_y(enum side side) {
    return side == TOP || side == BOTTOM;
}

/* How far from the top, or left, the `distance`-th line counted from `side` is. */
static inline size_t place(enum side side, size_t distance, size_t length) {
    return side == TOP || side == LEFT ? distance : length - 1 - distance;
}

/* The upright photo as the camera stores it. */
static inline struct image store(const struct image *upright, unsigned orientation) {
    enum side row_side = stored[orientation].row, column_side = stored[orientation].column;
    bool plain = runs_along_y(row_side);
    struct image image;
    assert_true(image_new(&image, plain ? upright->width : upright->height,
                          plain ? upright->height : upright->width, NULL));
    for (size_t row = 0; row < image.height; row++)
        for (size_t column = 0; column < image.width; column++) {
            size_t a = place(row_side, row, image.height);
            size_t b = place(column_side, column, image.width);
            size_t y = plain ? a : b, x = plain ? b : a;
            memcpy(image.pixels + (row * image.width + column) * 3,
                   upright->pixels + (y * upright->width + x) * 3, 3);
        }
    return image;
}

/* An EXIF block that says so, of either byte order. */
static inline struct bytes exif_block(unsigned orientation, bool big) {
    struct bytes block = {0};
    bytes_add(&block,
              big ? "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"
                  : "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0",
              big ? 19 : 18);
    bytes_add_one(&block, orientation);
    bytes_add(&block, "\0\0\0\0\0\0\0", big ? 6 : 7);
    return block;
}

static inline void add_to_jpeg(struct bytes *file, const struct bytes *block) {
    struct bytes segment = {0};
    bytes_add(&segment, "\xff\xe1", 2);
    bytes_add_big(&segment, block->size + 8, 2);
    bytes_add(&segment, "Exif\0", 6);
    bytes_add(&segment, block->data, block->size);
    bytes_insert(file, 2, segment.data, segment.size);
    bytes_free(&segment);
}

static inline void add_to_png(struct bytes *file, const struct bytes *block) {
    struct bytes chunk = {0};
    png_add_chunk(&chunk, "eXIf", block->data, block->size);
    bytes_insert(file, 33, chunk.data, chunk.size);
    bytes_free(&chunk);
}

#endif
