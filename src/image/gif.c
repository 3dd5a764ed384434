/* GIF: a header, then blocks; pixels come as sub-blocks of at most 255 bytes (GIF89a). Decoded by
 * gif_pixels.c. */
#include "image/gif.h"

#include <string.h>

#include "image/bytes.h"

static bool gif_recognise(const uint8_t *bytes, size_t size) {
    return size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0);
}

/* Bytes of the colour table that a descriptor's flags announce. */
static size_t color_table_size(unsigned flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Where the sub-blocks from `at` on end, or `size` where they do not. */
static size_t skip_sub_blocks(const uint8_t *bytes, size_t size, size_t at) {
    while (at < size && bytes[at] != 0) at += 1 + (size_t)bytes[at];
    return at < size ? at + 1 : size + 1;
}

/* A frame may be larger than the screen that it is for, as browsers have it: nothing is cut off. */
static void grow_to_frame(const uint8_t *frame, struct format_header *header) {
#ifdef CAPTION_WITH_GIF
    const size_t right = bytes_little_16(frame + 1) + bytes_little_16(frame + 5);
    const size_t bottom = bytes_little_16(frame + 3) + bytes_little_16(frame + 7);
    if (header->width < right) header->width = right;
    if (header->height < bottom) header->height = bottom;
#else
    (void)frame;
    (void)header;
#endif
}

static void gif_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { screen = 13, extension = 0x21, picture = 0x2c, end = 0x3b, picture_size = 10 };
    header->missing = "the end of its first frame";
    if (size < screen) return;
    header->width = bytes_little_16(bytes + 6);
    header->height = bytes_little_16(bytes + 8);
    size_t at = screen + color_table_size(bytes[10]);
    while (at + 1 < size && bytes[at] == extension) at = skip_sub_blocks(bytes, size, at + 2);
    if (at >= size) return;
    if (bytes[at] == picture) {
        if (size - at <= picture_size) return;
        grow_to_frame(bytes + at, header);
        at += picture_size + color_table_size(bytes[at + picture_size - 1]) + 1;
        if (skip_sub_blocks(bytes, size, at) > size) return;
    } else if (bytes[at] == end) {
        header->impossible = "it has no frame";
    }
    header->missing = NULL; /* a block of an unknown kind is the decoder's to complain about */
}

const struct format format_gif = {"GIF", gif_recognise, gif_inspect, gif_decode};
