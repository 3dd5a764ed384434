#include <stdio.h>

#include "image/exif.h"
#include "image/format.h"
#include "image/rows.h"

static const struct format *const formats[] = {
    &format_jpeg, &format_png, &format_webp, &format_heic, &format_heif, &format_avif,
    &format_jxl,  &format_raw, &format_tiff, &format_gif,  &format_bmp,  &format_pnm};

static const struct format *find_format(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->recognise(bytes, size)) return formats[i];
    return NULL;
}

bool image_recognise(const uint8_t *bytes, size_t size) {
    return find_format(bytes, size) != NULL;
}

bool image_is_photo(const uint8_t *bytes, size_t size) {
    return image_recognise(bytes, size) || format_is_unread_photo(bytes, size);
}

void image_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]) {
    const struct format *format = find_format(bytes, size);
    if (format)
        snprintf(out, IMAGE_DESCRIPTION, "a %s photo", format->name);
    else
        format_describe(bytes, size, out);
}

bool image_size(const uint8_t *bytes, size_t size, size_t *width, size_t *height) {
    const struct format *format = find_format(bytes, size);
    struct format_header header = {0};
    if (format) format->inspect(bytes, size, &header);
    *width = header.width;
    *height = header.height;
    return header.width > 0 && header.height > 0;
}

size_t image_decode_memory(const uint8_t *bytes, size_t size, size_t min_side) {
    const struct format *format = find_format(bytes, size);
    struct format_header header = {0};
    if (format) format->inspect(bytes, size, &header);
    const size_t width = header.width, height = header.height;
    if (width == 0 || height == 0 || width > IMAGE_MAX_PIXELS / height) return 0; /* is refused */
    /* Pixels, turned upright into others; and what libraries keep of a whole photo: coefficients of
     * a JPEG of several scans, the rows of an interlaced PNG. */
    const size_t divisor = image_choose_divisor(&header, min_side);
    const size_t pixels = image_divided(width, divisor) * image_divided(height, divisor);
    return 6 * pixels + 6 * width * height;
}

/* A header cut off before the size counts as truncated, a size of 0 that is there as a size. */
static bool check_header(const struct format *format, const struct format_header *header,
                         size_t size, caption_error *error) {
    if (header->unread)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a %s photo %s", format->name,
                         header->unread);
    const bool sized = header->width > 0 && header->height > 0;
    if ((sized || !header->missing) && !image_check_size(header->width, header->height, error))
        return error_prefix(error, format->name);
    if (header->missing)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated %s: it ends after %zu bytes, before %s", format->name, size,
                         header->missing);
    if (header->impossible)
        return error_set(error, CAPTION_ERROR_FORMAT, "damaged %s: %s", format->name,
                         header->impossible);
    return true;
}

static bool decode(const uint8_t *bytes, size_t size, size_t min_side, bool accepting,
                   struct image *out, caption_error *error) {
    *out = (struct image){0};
    if (size == 0) return error_set(error, CAPTION_ERROR_FORMAT, "is empty");
    const struct format *format = find_format(bytes, size);
    if (!format) return format_refuse(bytes, size, error);
    struct format_header header = {.accepting = accepting};
    format->inspect(bytes, size, &header);
    if (!check_header(format, &header, size, error)) return false;
    if (!format->decode) return error_set(error, CAPTION_ERROR_FORMAT, "%s", format->absent);
    if (!format->decode(bytes, size, &header, min_side, out, error)) return false;
    const unsigned orientation =
        header.orientation ? header.orientation : exif_orientation(header.exif, header.exif_size);
    if (image_turn_upright(out, orientation, error)) return true;
    image_free(out);
    return false;
}

bool image_decode_reduced(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                          caption_error *error) {
    return decode(bytes, size, min_side, false, out, error);
}

bool image_decode_partly(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                         caption_error *error) {
    return decode(bytes, size, min_side, true, out, error);
}

bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error) {
    return image_decode_reduced(bytes, size, SIZE_MAX, out, error);
}
