/* GIF: a header, then blocks; pixels come as sub-blocks of at most 255 bytes (GIF89a). */
#include <string.h>

#include "image/bytes.h"
#include "image/stb.h"

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

static void gif_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { screen = 13, extension = 0x21, picture = 0x2c, picture_size = 10 };
    header->missing = "the end of its first frame";
    if (size < screen) return;
    header->width = bytes_little_16(bytes + 6);
    header->height = bytes_little_16(bytes + 8);
    size_t at = screen + color_table_size(bytes[10]);
    while (at + 1 < size && bytes[at] == extension) at = skip_sub_blocks(bytes, size, at + 2);
    if (at >= size) return;
    if (bytes[at] == picture) {
        if (size - at <= picture_size) return;
        at += picture_size + color_table_size(bytes[at + picture_size - 1]) + 1;
        if (skip_sub_blocks(bytes, size, at) > size) return;
    }
    header->missing = NULL; /* a block of an unknown kind is the decoder's to complain about */
}

static bool gif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    return stb_decode("GIF", bytes, size, header, out, error);
}

const struct format format_gif = {"GIF", gif_recognise, gif_inspect, gif_decode};
