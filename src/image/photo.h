/* From a file to the encoder's input: the ONE function for training and for
 * inference. Random changes and thumbnails on the way. */
#ifndef CAPTION_IMAGE_PHOTO_H
#define CAPTION_IMAGE_PHOTO_H

#include <stdbool.h>

#include "base/file.h"
#include "base/random.h"
#include "image/image.h"

/* A larger file is no photo. */
#define PHOTO_MAX_BYTES ((size_t)1 << 30)

/* Where a photo's bytes are: a file, or a part of one. Nothing is owned. */
struct photo_file {
    const char *path;
    const char *member;  /* its name in the archive `path`; NULL: the whole file */
    size_t offset, size; /* of a member: its bytes in the archive */
};

/* Reads them; freed with file_bytes_free. What is no regular file, such as a pipe, could be read
 * once only: an error. Errors name the path. */
bool photo_file_read(const struct photo_file *file, struct file_bytes *out, caption_error *error);

/* Puts the file's name before an error, and the member's. Returns false. */
bool photo_file_error(const struct photo_file *file, caption_error *error);

/* How pixels become numbers; part of a model. */
struct preprocessing {
    size_t size;   /* side of the encoder's square in pixels */
    float mean[3]; /* (p - mean) / std with p in 0..255, by channel R, G, B */
    float std[3];
};

/* Random changes to a training photo: crop, mirror, brightness, contrast, saturation. */

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
 * business of photo_load. */
void augment_pixels(const struct augment *augment, size_t width, size_t height, float *pixels);

/* Reads, decodes, turns upright, cuts and mirrors by `augment` (NULL: whole photo), squashes
 * to the square and scales. `input` is (size, size, 3) floats. Errors name the path. */
bool photo_load(const struct photo_file *file, const struct preprocessing *preprocessing,
                const struct augment *augment, float *input, caption_error *error);

/* The same from the bytes of a file, which was inspected. */
bool photo_load_memory(const struct image_file *file, const struct preprocessing *preprocessing,
                       const struct augment *augment, float *input, caption_error *error);

/* The same for a whole photo, which stays in `image` as it was decoded, at a fraction of its size
 * perhaps; freed with image_free. `partly`: half a JPEG will do. */
bool photo_load_image(const struct image_file *file, const struct preprocessing *preprocessing,
                      bool partly, struct image *image, float *input, caption_error *error);

/* Bytes of memory that loading the photo takes at most, about, besides the file's. */
size_t photo_load_bytes(const struct image_file *file, const struct preprocessing *preprocessing);

/* Whether photo_load can load the photo: reads and decodes it, as cheaply as that can be had, and
 * forgets it. Errors name the path; their status is CAPTION_ERROR_IO where the file cannot be read.
 */
bool photo_decodes(const struct photo_file *file, caption_error *error);

/* Whether a file is a photo by its name, of a format that is read or not: "dog.JPG",
 * "dog.heic", "dog.cr2". */
bool photo_named(const char *path);

/* Whether it is a camera's raw photo by its name: "dog.cr2". */
bool photo_named_raw(const char *path);

/* Whether a file of a folder is to be taken as a photo, be it one that cannot be read, which is
 * then reported and not passed over: a regular file that begins as a photo does, or whose name says
 * that it is one; what is there and cannot be looked at or read; a link of such a name that leads
 * nowhere. */
bool photo_recognise(const char *path);

/* A photo made small for a page: a JPEG of a few kilobytes. */

enum { THUMBNAIL_LARGEST = 4096 };

/* Reduces a decoded photo, its proportions kept, so that its longest side has at most `side` pixels
 * (1..THUMBNAIL_LARGEST). A smaller photo keeps its size. Freed with thumbnail_free. */
bool thumbnail_of(const struct image *image, size_t side, caption_thumbnail *out,
                  caption_error *error);

/* The same of the bytes of a file, of any format that image_decode knows, turned upright. Errors
 * carry no file name. */
bool thumbnail_new(const uint8_t *bytes, size_t size, size_t side, caption_thumbnail *out,
                   caption_error *error);

/* The same from a file; errors name the path. */
bool thumbnail_load(const struct photo_file *file, size_t side, caption_thumbnail *out,
                    caption_error *error);

void thumbnail_free(caption_thumbnail *thumbnail);

#endif
