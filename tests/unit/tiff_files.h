/* Files in the form of TIFF, for the tests of TIFF and of raw photos. */
#ifndef CAPTION_TESTS_TIFF_FILES_H
#define CAPTION_TESTS_TIFF_FILES_H

#include "image_files.h"

/* A file on its way. */
struct tiff {
    struct bytes file;
    bool big_endian;
};

static inline void tiff_add(struct tiff *tiff, size_t value, unsigned count) {
    if (tiff->big_endian)
        bytes_add_big(&tiff->file, value, count);
    else
        bytes_add_little(&tiff->file, value, count);
}

/* A number of two bytes stands at the left of its four. */
static inline void tiff_add_entry(struct tiff *tiff, unsigned tag, unsigned type, size_t count,
                                  size_t value) {
    enum { of_two_bytes = 3 };
    tiff_add(tiff, tag, 2);
    tiff_add(tiff, type, 2);
    tiff_add(tiff, count, 4);
    if (type == of_two_bytes && count == 1) {
        tiff_add(tiff, value, 2);
        tiff_add(tiff, 0, 2);
    } else {
        tiff_add(tiff, value, 4);
    }
}

#endif
