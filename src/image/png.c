/* PNG: a signature, then chunks of length, type, data and checksum (W3C PNG, third edition).
 * Decoded by png_pixels.c. */
#include "image/png.h"

#include <string.h>

#include "image/bytes.h"

static bool png_recognise(const uint8_t *bytes, size_t size) {
    if (size < 8 || memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) != 0) return false;
    return size < 16 || memcmp(bytes + 12, "CgBI", 4) != 0; /* Apple's own form is no PNG */
}

static void png_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { around_data = 12 };
    header->lacks_end = true;
    if (size < 24) {
        header->missing = "its size";
        return;
    }
    header->width = bytes_big_32(bytes + 16);
    header->height = bytes_big_32(bytes + 20);
    for (size_t at = 8; size - at >= around_data;) {
        size_t length = bytes_big_32(bytes + at);
        if (length > size - at - around_data) return;
        const uint8_t *type = bytes + at + 4;
        if (memcmp(type, "eXIf", 4) == 0) {
            header->exif = type + 4;
            header->exif_size = length;
        }
        if (memcmp(type, "IEND", 4) == 0) {
            header->lacks_end = false;
            return;
        }
        at += around_data + length;
    }
}

const struct format format_png = {"PNG", png_recognise, png_inspect, png_decode};
