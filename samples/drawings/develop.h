/* Makes a picture of a drawing: photographed askew on a table, scanned, yellowed, shaded, blurred,
 * in grey or negative, with noise, or left as it is. */
#ifndef DRAWINGS_DEVELOP_H
#define DRAWINGS_DEVELOP_H

#include "canvas.h"

struct picture {
    uint8_t *pixels; /* height rows of width times red, green, blue */
    size_t width, height;
};

/* Reads the canvas's surface, whose sides are a whole multiple of the picture's or nearly so.
 * Returns false when there is not enough memory. Free with picture_free. */
bool develop(struct canvas *canvas, size_t width, size_t height, struct picture *picture);
void picture_free(struct picture *picture);

#endif
