/* The pixels of a TIFF through libtiff, without which they are refused. Internal to src/image. */
#ifndef CAPTION_IMAGE_TIFF_H
#define CAPTION_IMAGE_TIFF_H

#include "image/format.h"

/* The decode function of struct format. */
bool tiff_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error);

#endif
