/* Boxes of ISO/IEC 14496-12, of which HEIF, JPEG XL and a Canon's raw files are made. Internal to
 * src/image. */
#ifndef CAPTION_IMAGE_BOXES_H
#define CAPTION_IMAGE_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ISO_BOX_HEADER = 8, ISO_FULL_BOX = 4 /* version and flags, in front of some content */ };

/* A box: what is in it, and where the next one begins. */
struct iso_box {
    const char *type; /* 4 bytes */
    const uint8_t *content;
    size_t size;   /* of the content in bytes, as far as it is there */
    size_t length; /* of all, from the header; 0: impossible */
};

/* The box at the start of bytes[size], of which ISO_BOX_HEADER bytes are there. A length of 0 in
 * the file reaches to the end. */
struct iso_box iso_box_read(const uint8_t *bytes, size_t size);

bool iso_box_is(const struct iso_box *box, const char *type);

/* The first box of a type among those in bytes[size]; false where there is none. */
bool iso_box_find(const uint8_t *bytes, size_t size, const char *type, struct iso_box *box);

/* Whether bytes[size] reaches to the end of its last box. */
bool iso_boxes_end(const uint8_t *bytes, size_t size);

#endif
