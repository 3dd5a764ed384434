/* A photo made small for a page: a JPEG of a few kilobytes. */
#ifndef CAPTION_IMAGE_THUMBNAIL_H
#define CAPTION_IMAGE_THUMBNAIL_H

#include "image/photo.h"

enum { THUMBNAIL_LARGEST = 4096 };

/* Reduces a decoded photo, its proportions kept, so that its longest side has at most `side` pixels
 * (1..THUMBNAIL_LARGEST). A smaller photo keeps its size. Freed with thumbnail_free. */
bool thumbnail_of(const struct image *image, size_t side, caption_thumbnail *out,
                  caption_error *error);

/* The same of the bytes of a file, of any format that image_decode knows, turned upright. Errors
 * carry no file name. */
bool thumbnail_new(const uint8_t *bytes, size_t size, size_t side, caption_thumbnail *out,
                   caption_error *error);

/* The same from a file; errors name the path. */
bool thumbnail_load(const struct photo_file *file, size_t side, caption_thumbnail *out,
                    caption_error *error);

void thumbnail_free(caption_thumbnail *thumbnail);

#endif
