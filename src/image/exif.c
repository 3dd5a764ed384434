#include "image/exif.h"

#ifdef CAPTION_WITH_EXIF

#include <stdlib.h>
#include <string.h>

#include <libexif/exif-data.h>

/* The standard says SHORT; some programs write LONG. */
static unsigned read_number(const ExifEntry *entry, ExifByteOrder order) {
    if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
        return exif_get_short(entry->data, order);
    if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4)
        return exif_get_long(entry->data, order);
    return 1;
}

static unsigned read_orientation(ExifData *data) {
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (!entry) return 1;
    unsigned orientation = read_number(entry, exif_data_get_byte_order(data));
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

unsigned exif_orientation(const uint8_t *block, size_t size) {
    static const char prefix[6] = "Exif\0"; /* libexif wants it, PNG and WebP do not store it */
    enum { limit = 1 << 20 };               /* a JPEG segment holds 64 KiB at most */
    if (!block || size > limit) return 1;
    unsigned char *prefixed = malloc(sizeof prefix + size);
    ExifData *data = exif_data_new();
    unsigned orientation = 1;
    if (prefixed && data) {
        memcpy(prefixed, prefix, sizeof prefix);
        memcpy(prefixed + sizeof prefix, block, size);
        exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
        exif_data_load_data(data, prefixed, (unsigned)(sizeof prefix + size));
        orientation = read_orientation(data);
    }
    exif_data_unref(data);
    free(prefixed);
    return orientation;
}

#else

unsigned exif_orientation(const uint8_t *block, size_t size) {
    (void)block;
    (void)size;
    return 1;
}

#endif
