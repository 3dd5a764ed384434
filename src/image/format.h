/* What a file format must offer to be decoded: one of these structs, in one file named after it.
 * Internal to src/image. */
#ifndef CAPTION_IMAGE_FORMAT_H
#define CAPTION_IMAGE_FORMAT_H

#include "base/bytes.h"
#include "image/image.h"

struct format {
    const char *name;
    bool (*recognise)(const uint8_t *bytes, size_t size);
    /* `header` comes zeroed. */
    void (*inspect)(const uint8_t *bytes, size_t size, struct format_header *header);
    /* Allocates `out`; see image_file_decode for min_side. NULL where its library was absent at
     * build time. */
    bool (*decode)(const uint8_t *bytes, size_t size, const struct format_header *header,
                   size_t min_side, struct image *out, caption_error *error);
    const char *absent; /* the error then, else NULL */
};

extern const struct format format_avif, format_bmp, format_gif, format_heic, format_heif,
    format_jpeg, format_jxl, format_png, format_pnm, format_raw, format_tiff, format_webp;

/* Sets the error to what the bytes are when no format recognises them. Returns false. */
bool format_refuse(const uint8_t *bytes, size_t size, caption_error *error);

/* Whether they begin a photo of a kind that is known by name alone. */
bool format_is_unread_photo(const uint8_t *bytes, size_t size);

/* What they are, in words, when no format recognises them. */
void format_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]);

#endif
