#include <stdio.h>

#include "image/format.h"

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

struct image_file image_file_inspect(const char *name, const uint8_t *bytes, size_t size) {
    struct image_file file = {
        .name = name, .bytes = bytes, .size = size, .format = find_format(bytes, size)};
    if (file.format) file.format->inspect(bytes, size, &file.header);
    return file;
}

bool image_file_has_size(const struct image_file *file) {
    return file->header.width > 0 && file->header.height > 0;
}

size_t image_file_memory(const struct image_file *file, size_t min_side) {
    const size_t width = file->header.width, height = file->header.height;
    if (!image_file_has_size(file) || width > IMAGE_MAX_PIXELS / height) return 0; /* is refused */
    /* Pixels, turned upright into others; and what libraries keep of a whole photo: coefficients of
     * a JPEG of several scans, the rows of an interlaced PNG. */
    const size_t divisor = image_choose_divisor(&file->header, min_side);
    const size_t pixels = image_divided(width, divisor) * image_divided(height, divisor);
    return 6 * pixels + 6 * width * height;
}

/* A header cut off before the size counts as truncated, a size of 0 that is there as a size. */
static bool check_header(const struct image_file *file, caption_error *error) {
    const char *name = file->format->name;
    const struct format_header *header = &file->header;
    if (header->unread)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a %s photo %s", name, header->unread);
    if ((image_file_has_size(file) || !header->missing) &&
        !image_check_size(header->width, header->height, error))
        return error_prefix(error, name);
    if (header->missing)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated %s: it ends after %zu bytes, before %s", name, file->size,
                         header->missing);
    if (header->impossible)
        return error_set(error, CAPTION_ERROR_FORMAT, "damaged %s: %s", name, header->impossible);
    return true;
}

static bool decode(const struct image_file *file, size_t min_side, bool partly, struct image *out,
                   caption_error *error) {
    const struct format *format = file->format;
    struct format_header header = file->header;
    if (file->size == 0) return error_set(error, CAPTION_ERROR_FORMAT, "is empty");
    if (!format) return format_refuse(file->bytes, file->size, error);
    if (!check_header(file, error)) return false;
    if (!format->decode) return error_set(error, CAPTION_ERROR_FORMAT, "%s", format->absent);
    header.accepting = partly;
    if (!format->decode(file->bytes, file->size, &header, min_side, out, error)) return false;
    const unsigned orientation =
        header.orientation ? header.orientation : exif_orientation(header.exif, header.exif_size);
    if (image_turn_upright(out, orientation, error)) return true;
    image_free(out);
    return false;
}

bool image_file_decode(const struct image_file *file, size_t min_side, bool partly,
                       struct image *out, caption_error *error) {
    *out = (struct image){0};
    return decode(file, min_side, partly, out, error) ||
           (file->name && error_prefix(error, file->name));
}

bool image_decode_reduced(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                          caption_error *error) {
    const struct image_file file = image_file_inspect(NULL, bytes, size);
    return image_file_decode(&file, min_side, false, out, error);
}

bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error) {
    return image_decode_reduced(bytes, size, SIZE_MAX, out, error);
}
