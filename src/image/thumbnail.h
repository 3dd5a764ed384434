/* A photo made small for a page: a JPEG of a few kilobytes. */
#ifndef CAPTION_IMAGE_THUMBNAIL_H
#define CAPTION_IMAGE_THUMBNAIL_H

#include "image/image.h"

struct thumbnail {
    size_t width, height; /* in pixels */
    uint8_t *jpeg;        /* [size], owned; freed with thumbnail_free */
    size_t size;
};

/* Decodes a photo of any format that image_decode knows, turns it upright and reduces it, its
 * proportions kept, so that its longest side has at most `side` pixels (1..4096). A smaller photo
 * keeps its size. Errors carry no file name. */
bool thumbnail_new(const uint8_t *bytes, size_t size, size_t side, struct thumbnail *out,
                   caption_error *error);

/* The same from a file; errors name the path. */
bool thumbnail_load(const char *path, size_t side, struct thumbnail *out, caption_error *error);

void thumbnail_free(struct thumbnail *thumbnail);

#endif
