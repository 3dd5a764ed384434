/* stb_image of the system: the decoder of JPEG, PNG and GIF where libjpeg-turbo, libpng or giflib
 * is absent. */
#ifndef CAPTION_IMAGE_STB_H
#define CAPTION_IMAGE_STB_H

#include "image/format.h"

/* The decode function of struct format; `name` is the format's. */
bool stb_decode(const char *name, const uint8_t *bytes, size_t size,
                const struct format_header *header, struct image *out, caption_error *error);

#endif
