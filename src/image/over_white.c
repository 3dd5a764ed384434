#include "image/image.h"

#include <string.h>

static uint8_t over_white(unsigned value, unsigned alpha) {
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

void image_over_white(const uint8_t *pixels, size_t channels, size_t count, uint8_t *rgb) {
    if (channels == 3) {
        memcpy(rgb, pixels, count * 3);
        return;
    }
    bool grey = channels < 3, transparent = channels == 2 || channels == 4;
    for (size_t i = 0; i < count; i++, pixels += channels, rgb += 3) {
        unsigned alpha = transparent ? pixels[channels - 1] : 255;
        for (size_t c = 0; c < 3; c++) rgb[c] = over_white(pixels[grey ? 0 : c], alpha);
    }
}
