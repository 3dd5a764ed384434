/* The eight ways in which a camera may have been held (EXIF 2.3, tag 0x0112). */
#include <stdlib.h>

#include "image/image.h"

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
