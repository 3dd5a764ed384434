#include "image/stb.h"

#include <limits.h>

#include <stb_image.h>

static bool copy_pixels(const stbi_uc *pixels, int channels, const struct format_header *header,
                        struct image *out, caption_error *error) {
    if (!image_new(out, header->width, header->height, error)) return false;
    image_over_white(pixels, (size_t)channels, out->width * out->height, out->pixels);
    return true;
}

bool stb_decode(const char *name, const uint8_t *bytes, size_t size,
                const struct format_header *header, struct image *out, caption_error *error) {
    if (size > INT_MAX)
        return error_set(error, CAPTION_ERROR_LIMIT, "%s of %zu bytes, at most %d are accepted",
                         name, size, INT_MAX);
    int width, height, channels;
    stbi_uc *pixels = stbi_load_from_memory(bytes, (int)size, &width, &height, &channels, 0);
    if (!pixels)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s cannot be decoded: %s", name,
                         stbi_failure_reason());
    const bool agrees = (size_t)width == header->width && (size_t)height == header->height;
    bool ok = agrees ? copy_pixels(pixels, channels, header, out, error)
                     : error_set(error, CAPTION_ERROR_FORMAT,
                                 "%s contradicts itself about its size", name);
    stbi_image_free(pixels);
    return ok;
}
