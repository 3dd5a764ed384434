/* The pixels of a HEIF file (HEIC, AVIF) through libheif, without which they are refused. Internal
 * to src/image. */
#ifndef CAPTION_IMAGE_HEIF_H
#define CAPTION_IMAGE_HEIF_H

#include "image/format.h"

/* The decode function of struct format. */
bool heif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error);

#endif
