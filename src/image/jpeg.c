/* JPEG (ITU T.81): markers, some followed by a segment with its length. Decoded by jpeg_pixels.c.
 */
#include <string.h>

#include "image/bytes.h"
#include "image/jpeg.h"

enum marker {
    MARKER_TEMPORARY = 0x01,
    MARKER_FRAME_FIRST = 0xc0, /* to 0xcf, but for the three that follow */
    MARKER_HUFFMAN_TABLE = 0xc4,
    MARKER_EXTENSION = 0xc8,
    MARKER_ARITHMETIC_TABLE = 0xcc,
    MARKER_RESTART_FIRST = 0xd0,
    MARKER_START = 0xd8,
    MARKER_END = 0xd9,
    MARKER_SCAN = 0xda,
    MARKER_APPLICATION_1 = 0xe1,
};

static bool jpeg_recognise(const uint8_t *bytes, size_t size) {
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

/* 0x00 is no marker but an 0xff in the pixels' data. */
static bool has_segment(unsigned marker) {
    return marker != 0 && marker != MARKER_TEMPORARY &&
           !(marker >= MARKER_RESTART_FIRST && marker <= MARKER_START);
}

static bool is_frame(unsigned marker) {
    return (marker & 0xf0) == MARKER_FRAME_FIRST && marker != MARKER_HUFFMAN_TABLE &&
           marker != MARKER_EXTENSION && marker != MARKER_ARITHMETIC_TABLE;
}

/* A segment of tables: class and number, 16 counts of codes by their length, the codes' values.
 * stb_image writes behind its array when the counts add up to more than there are values. */
static bool has_sane_huffman_tables(const uint8_t *segment, size_t length) {
    enum { lengths = 16, most_values = 256 };
    for (size_t at = 0; at < length;) {
        if (length - at < 1 + lengths) return false;
        size_t values = 0;
        for (size_t i = 0; i < lengths; i++) values += segment[at + 1 + i];
        if (values > most_values || values > length - at - 1 - lengths) return false;
        at += 1 + lengths + values;
    }
    return true;
}

/* `length` bytes from behind the segment's own length on. */
static void read_segment(unsigned marker, const uint8_t *segment, size_t length,
                         struct format_header *header) {
    if (is_frame(marker) && length >= 5 && header->width == 0) {
        header->height = bytes_big_16(segment + 1);
        header->width = bytes_big_16(segment + 3);
    } else if (marker == MARKER_APPLICATION_1 && length > 6 && !header->exif &&
               memcmp(segment, "Exif\0", 6) == 0) {
        header->exif = segment + 6;
        header->exif_size = length - 6;
    } else if (marker == MARKER_HUFFMAN_TABLE && !has_sane_huffman_tables(segment, length)) {
        header->impossible = "its Huffman tables are longer than they can be";
    }
}

/* Walks from marker to marker. What lies between two segments is pixels' data (or junk, which
 * decoders skip likewise). Whether the pixels are all there is the decoder's to tell: some cameras
 * and programs leave the end marker out. */
static void walk(const uint8_t *bytes, size_t size, struct format_header *header) {
    header->missing = "its pixels";
    header->lacks_end = true;
    for (size_t at = 2; at < size;) {
        const uint8_t *found = memchr(bytes + at, 0xff, size - at);
        if (!found) return;
        at = (size_t)(found - bytes);
        while (at < size && bytes[at] == 0xff) at++; /* any number of 0xff may come first */
        if (at == size) return;
        unsigned marker = bytes[at++];
        if (marker == MARKER_END) {
            header->lacks_end = false;
            header->missing = NULL;
            return;
        }
        if (!has_segment(marker)) continue;
        if (size - at < 2) return;
        size_t length = bytes_big_16(bytes + at);
        if (length < 2) continue; /* nonsense: the decoder complains */
        if (length > size - at) return;
        read_segment(marker, bytes + at + 2, length - 2, header);
        if (marker == MARKER_SCAN && header->width > 0) header->missing = NULL;
        at += length;
    }
}

static void jpeg_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    walk(bytes, size, header);
    /* What looks like a table may be part of a trailer: libjpeg-turbo, which alone decodes such a
     * file, checks tables itself. */
    if (header->lacks_end) header->impossible = NULL;
}

const struct format format_jpeg = {"JPEG", jpeg_recognise, jpeg_inspect, jpeg_decode};
