/* The pixels of a JPEG, through libjpeg-turbo, or stb_image where that was absent at build time.
 * Internal to src/image. */
#ifndef CAPTION_IMAGE_JPEG_H
#define CAPTION_IMAGE_JPEG_H

#include "image/format.h"

/* The decode function of struct format. */
bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error);

#endif
