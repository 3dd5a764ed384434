/* BMP: a file header, an information header (12 bytes in OS/2's version), rows of pixels. */
#include <string.h>

#include "base/memory.h"
#include "image/bytes.h"
#include "image/stb.h"

static bool bmp_recognise(const uint8_t *bytes, size_t size) {
    if (size < 2 || memcmp(bytes, "BM", 2) != 0) return false;
    /* Two letters are little: text may begin with them, a header's size is 12 or 40 to 124. */
    return size < 18 || (bytes_little_32(bytes + 14) >= 12 && bytes_little_32(bytes + 14) <= 124);
}

/* Bytes up to the end of the last row (a multiple of 4 bytes each), SIZE_MAX where that is more. */
static size_t bmp_end(const struct format_header *header, size_t offset, size_t bits_per_pixel) {
    size_t bits, row, rows, end;
    if (!size_multiply(header->width, bits_per_pixel, &bits) || !size_add(bits, 31, &row) ||
        !size_multiply(row / 32 * 4, header->height, &rows) || !size_add(rows, offset, &end))
        return SIZE_MAX;
    return end;
}

static void bmp_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { os2_header = 12, os2_end = 26, end = 34, uncompressed = 0, bit_fields = 3 };
    header->missing = "its last row of pixels";
    bool os2 = size >= 18 && bytes_little_32(bytes + 14) == os2_header;
    if (size < (os2 ? os2_end : end)) return;
    size_t bits_per_pixel;
    uint32_t compression = uncompressed;
    if (os2) {
        header->width = bytes_little_16(bytes + 18);
        header->height = bytes_little_16(bytes + 20);
        bits_per_pixel = bytes_little_16(bytes + 24);
    } else {
        uint32_t height = bytes_little_32(bytes + 22);
        header->width = bytes_little_32(bytes + 18);
        header->height = height >> 31 ? 0u - height : height; /* negative: rows run downwards */
        bits_per_pixel = bytes_little_16(bytes + 28);
        compression = bytes_little_32(bytes + 30);
    }
    /* Of a compressed file the length is open; stb_image refuses those. */
    if ((compression != uncompressed && compression != bit_fields) ||
        bmp_end(header, bytes_little_32(bytes + 10), bits_per_pixel) <= size)
        header->missing = NULL;
}

static bool bmp_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    return stb_decode("BMP", bytes, size, header, out, error);
}

const struct format format_bmp = {"BMP", bmp_recognise, bmp_inspect, bmp_decode};
