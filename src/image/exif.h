/* The one thing that is wanted from a photo's EXIF block: how the camera was held. */
#ifndef CAPTION_IMAGE_EXIF_H
#define CAPTION_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* Orientation 1..8 from an EXIF block (which begins with "II" or "MM"). 1, which is upright, where
 * it has none, is broken or libexif was absent at build time: a photo is not refused for it. */
unsigned exif_orientation(const uint8_t *block, size_t size);

#endif
