/* A decoded photo: 8-bit RGB, upright, rows top to bottom without gaps. */
#ifndef CAPTION_IMAGE_IMAGE_H
#define CAPTION_IMAGE_IMAGE_H

#include <stdint.h>

#include "base/error.h"

/* Photos with more pixels than this are refused before they are decoded. */
#define IMAGE_MAX_PIXELS ((size_t)200 * 1000 * 1000)

struct image_box {
    float left, top, width, height; /* in pixels, may be fractional */
};

struct image {
    size_t width, height;
    uint8_t *pixels; /* (height, width, 3), owned; freed with image_free */
    /* What decoding at 1/2, 1/4 or 1/8 leaves to be known: where the photo lies in the pixels (the
     * last column and row at 1/8 stand for up to 7 that it does not have; else it lies everywhere),
     * and the variance, in square pixels, of the filter that it went through (else 0). */
    struct image_box photo;
    float variance;
};

/* False with `error` set where a side is 0 or there are more than IMAGE_MAX_PIXELS pixels. */
bool image_check_size(size_t width, size_t height, caption_error *error);

/* Allocates width x height pixels, content undefined; the size is checked as above. */
bool image_new(struct image *image, size_t width, size_t height, caption_error *error);
void image_free(struct image *image);

/* Bytes at the start of a file that are enough for image_recognise and its like, and the size of a
 * description. */
enum { IMAGE_SIGNATURE = 64, IMAGE_DESCRIPTION = 128 };

/* Whether a file that begins with these bytes is of a format that image_decode knows. */
bool image_recognise(const uint8_t *bytes, size_t size);

/* Whether a file that begins with these bytes is a photo, of a format that is read or of another
 * one that is known, as HEIC or a camera's raw format. */
bool image_is_photo(const uint8_t *bytes, size_t size);

/* What such a file is, in words: "a JPEG photo", "a PDF document", "a file that begins with the
 * text
 * \"hello\"". */
void image_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]);

/* Width and height as a file stores them, from its first bytes, no pixel decoded. False where
 * they are unknown; the error of decoding has the reason. */
bool image_size(const uint8_t *bytes, size_t size, size_t *width, size_t *height);

/* Decodes the bytes of a JPEG (baseline, progressive, grey, CMYK), PNG (any depth, alpha over
 * white), BMP, PNM (P1 to P7), GIF (first frame) or, where their libraries were there at build
 * time, WebP (first frame), HEIC, AVIF, TIFF or JPEG XL file, or of a camera's raw file (its
 * largest JPEG preview). The content decides the format. Converts colours to sRGB by the profile
 * and turns the photo upright. A truncated file is an error, not half a photo; one that lacks only
 * its end marker is whole. Small files that would cost much memory are refused. Errors carry no
 * file name: the caller prefixes it (error_prefix). */
bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error);

/* The same, but a JPEG is decoded at 1/2, 1/4 or 1/8 of its size where both sides of the result are
 * still at least `min_side` pixels: most of the time goes into decoding, and most of a large
 * photo's pixels are averaged away again. Photos of other formats are reduced where they would take
 * more than 100 MB. */
bool image_decode_reduced(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                          caption_error *error);

/* The same for a JPEG that may be cut off: what is missing of its pixels is grey then, or, of a
 * progressive one, coarse. */
bool image_decode_partly(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                         caption_error *error);

/* Bytes of memory that image_decode_reduced takes at most, about, by a file's first bytes; 0
 * of what is no photo. */
size_t image_decode_memory(const uint8_t *bytes, size_t size, size_t min_side);

/* Turns a photo stored with an EXIF orientation (1..8, others mean 1) upright, in place. */
bool image_turn_upright(struct image *image, unsigned orientation, caption_error *error);

/* `count` pixels of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA, not premultiplied) channels as
 * RGB, what is transparent laid over white. Of 4 channels, `rgb` may be `pixels`. */
void image_over_white(const uint8_t *pixels, size_t channels, size_t count, uint8_t *rgb);

/* Resizes a part of `in` to width x height: an antialiased triangle filter whose support grows with
 * the reduction, so that a large photo does not alias, less what decoding filtered already.
 * `pixels` is (height, width, 3). */
bool image_resize(const struct image *in, struct image_box box, size_t width, size_t height,
                  uint8_t *pixels, caption_error *error);

#endif
