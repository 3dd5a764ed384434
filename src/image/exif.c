#include "image/decode.h"

#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_EXIF
#include <libexif/exif-data.h>
#endif

#include "image/image.h"

#ifdef CAPTION_WITH_EXIF

/* The standard has SHORT; some programs write LONG, SLONG or BYTE. */
static unsigned read_number(const ExifEntry *entry, ExifByteOrder order) {
    if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
        return exif_get_short(entry->data, order);
    if ((entry->format == EXIF_FORMAT_LONG || entry->format == EXIF_FORMAT_SLONG) &&
        entry->size >= 4)
        return exif_get_long(entry->data, order);
    if (entry->format == EXIF_FORMAT_BYTE && entry->size >= 1) return entry->data[0];
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

/* The eight ways in which a camera may have been held (EXIF 2.3, tag 0x0112). */

static void copy_turned(const struct image *in, bool transposed, bool from_right, bool from_bottom,
                        struct image *out) {
    uint8_t *to = out->pixels;
    for (size_t y = 0; y < out->height; y++) {
        for (size_t x = 0; x < out->width; x++, to += 3) {
            size_t column = transposed ? y : x, row = transposed ? x : y;
            if (from_right) column = in->width - 1 - column;
            if (from_bottom) row = in->height - 1 - row;
            const uint8_t *from = in->pixels + (row * in->width + column) * 3;
            to[0] = from[0];
            to[1] = from[1];
            to[2] = from[2];
        }
    }
}

/* Where the photo lies once its pixels are turned. */
static struct image_box turned_box(const struct image *in, bool transposed, bool from_right,
                                   bool from_bottom) {
    struct image_box box = in->photo;
    if (from_right) box.left = (float)in->width - box.left - box.width;
    if (from_bottom) box.top = (float)in->height - box.top - box.height;
    if (!transposed) return box;
    return (struct image_box){box.top, box.left, box.height, box.width};
}

bool image_turn_upright(struct image *image, unsigned orientation, caption_error *error) {
    if (orientation < 2 || orientation > 8) return true;
    bool transposed = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    struct image turned;
    if (!image_new(&turned, transposed ? image->height : image->width,
                   transposed ? image->width : image->height, error))
        return false;
    copy_turned(image, transposed, from_right, from_bottom, &turned);
    turned.photo = turned_box(image, transposed, from_right, from_bottom);
    turned.variance = image->variance;
    image_free(image);
    *image = turned;
    return true;
}
