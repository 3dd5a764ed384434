/* Random changes to a training photo: crop, mirror, brightness, contrast, saturation. */
#ifndef CAPTION_IMAGE_AUGMENT_H
#define CAPTION_IMAGE_AUGMENT_H

#include <stdbool.h>

#include "base/random.h"

/* How strong the changes may be; all zero is none. */
struct augment_strength {
    float
        crop; /* at most this share of the area is cut away, 0..0.9 (aspect between 3/4 and 4/3) */
    float color; /* brightness, contrast and saturation times 1 - color .. 1 + color, 0..0.9 */
    bool flip;   /* mirrored half of the time */
};

/* What one photo gets, drawn once. */
struct augment {
    float left, top, width, height; /* of the crop, as shares of the photo: 0, 0, 1, 1 is all */
    bool mirror;
    float brightness, contrast, saturation; /* factors, 1 is unchanged */
};

/* The identity: whole photo, nothing changed. */
struct augment augment_none(void);

/* Draws the changes for one photo. Takes the same number of random numbers whatever the strength.
 */
struct augment augment_draw(const struct augment_strength *strength, struct random *random);

/* Mirrors and recolours a photo of (height, width, 3) values 0..255, in place. The crop is the
 * business of who resizes. */
void augment_pixels(const struct augment *augment, size_t width, size_t height, float *pixels);

#endif
