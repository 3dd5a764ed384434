#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool image_check_size(size_t width, size_t height, caption_error *error) {
    if (width == 0 || height == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "%zu x %zu pixels: no photo at all", width,
                         height);
    if (width > IMAGE_MAX_PIXELS / height)
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "%zu x %zu pixels, at most %zu pixels are accepted", width, height,
                         IMAGE_MAX_PIXELS);
    return true;
}

bool image_new(struct image *image, size_t width, size_t height, caption_error *error) {
    if (!image_check_size(width, height, error)) return false;
    uint8_t *pixels = memory_uninitialised(width * height, 3, "a photo's pixels", error);
    if (!pixels) return false;
    *image = (struct image){.width = width,
                            .height = height,
                            .pixels = pixels,
                            .photo = {0, 0, (float)width, (float)height}};
    return true;
}

void image_free(struct image *image) {
    free(image->pixels);
    *image = (struct image){0};
}

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
