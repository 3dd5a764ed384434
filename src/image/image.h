/* A decoded photo: 8-bit RGB, upright, rows top to bottom without gaps. */
#ifndef CAPTION_IMAGE_IMAGE_H
#define CAPTION_IMAGE_IMAGE_H

#include <stdint.h>

#include "base/error.h"

/* Photos with more pixels than this are refused before they are decoded. */
#define IMAGE_MAX_PIXELS ((size_t)200 * 1000 * 1000)

struct image {
    size_t width, height;
    uint8_t *pixels; /* (height, width, 3), owned; freed with image_free */
};

/* Allocates width x height pixels, content undefined. */
bool image_new(struct image *image, size_t width, size_t height, caption_error *error);
void image_free(struct image *image);

/* Decodes the bytes of a JPEG (baseline, progressive, grey, CMYK), PNG (any depth, alpha over
 * white), BMP, PNM, GIF (first frame) or, where libwebp was there at build time, WebP file, and
 * turns it upright by its EXIF orientation. The format is told by content. Errors carry no file
 * name: the caller prefixes it (error_prefix). */
bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error);

/* Resizes a rectangle (in pixels, may be fractional, inside the image) of `in` to width x height:
 * an antialiased triangle filter whose support grows with the reduction, so that a large photo does
 * not alias. `pixels` is (height, width, 3). */
bool image_resize(const struct image *in, float left, float top, float box_width, float box_height,
                  size_t width, size_t height, uint8_t *pixels, caption_error *error);

#endif
