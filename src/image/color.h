/* Colour profiles (ICC.1) turned to sRGB, by LittleCMS. Internal to src/image. */
#ifndef CAPTION_IMAGE_COLOR_H
#define CAPTION_IMAGE_COLOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct color;

/* What turns pixels of this profile to sRGB: RGB, or (`ink`) CMYK where 255 is no ink. NULL where
 * nothing is to be done: no profile, sRGB itself, a profile of other pixels or broken, or LittleCMS
 * absent at build time. A photo is not refused for its profile. Freed with color_free. */
struct color *color_new(const uint8_t *profile, size_t size, bool ink);
void color_free(struct color *color);

/* `from` has 3 or (ink) 4 bytes a pixel; it may be `rgb` where it has 3. */
void color_convert(const struct color *color, const uint8_t *from, size_t count, uint8_t *rgb);

#endif
