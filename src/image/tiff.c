/* TIFF 6.0 and BigTIFF: the first directory is the photo. Decoded by tiff_pixels.c. */
#include "image/tiff.h"

#include <string.h>

#include "image/bytes.h"

/* Where numbers stand in classic files and in large ones. */
struct layout {
    bool big_endian, large;
    size_t count_size, entry_size, value_at; /* of a directory and its entries */
};

enum { TAG_SUBFILE = 254, TAG_WIDTH = 256, TAG_HEIGHT = 257 };
enum { TYPE_SHORT = 3, TYPE_LONG = 4 };

static uint32_t read_16(const struct layout *l, const uint8_t *bytes) {
    return l->big_endian ? bytes_big_16(bytes) : bytes_little_16(bytes);
}

static uint32_t read_32(const struct layout *l, const uint8_t *bytes) {
    return l->big_endian ? bytes_big_32(bytes) : bytes_little_32(bytes);
}

static uint64_t read_64(const struct layout *l, const uint8_t *bytes) {
    const uint64_t first = read_32(l, bytes), second = read_32(l, bytes + 4);
    return l->big_endian ? first << 32 | second : second << 32 | first;
}

static struct layout read_layout(const uint8_t *bytes) {
    struct layout layout = {bytes[0] == 'M', false, 2, 12, 8};
    if (read_16(&layout, bytes + 2) == 43) {
        layout.large = true;
        layout.count_size = 8;
        layout.entry_size = 20;
        layout.value_at = 12;
    }
    return layout;
}

/* A camera's raw file begins with a thumbnail, and says so. */
static void read_entry(const struct layout *l, const uint8_t *entry, struct format_header *header) {
    enum { reduced = 1 };
    const uint32_t tag = read_16(l, entry), type = read_16(l, entry + 2);
    const uint8_t *at = entry + l->value_at;
    const uint32_t value = type == TYPE_SHORT  ? read_16(l, at)
                           : type == TYPE_LONG ? read_32(l, at)
                                               : 0;
    if (tag == TAG_WIDTH) header->width = value;
    if (tag == TAG_HEIGHT) header->height = value;
    if (tag == TAG_SUBFILE && (value & reduced))
        header->impossible =
            "it begins with a thumbnail, as a camera's raw photo does, and such are "
            "not supported";
}

static void tiff_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    header->missing = "its directory";
    if (size < 16) return;
    const struct layout layout = read_layout(bytes);
    const uint64_t at = layout.large ? read_64(&layout, bytes + 8) : read_32(&layout, bytes + 4);
    if (at > size - layout.count_size) return;
    const uint8_t *directory = bytes + at;
    const uint64_t count = layout.large ? read_64(&layout, directory) : read_16(&layout, directory);
    const size_t there = (size - (size_t)at - layout.count_size) / layout.entry_size;
    if (count <= there) header->missing = NULL;
    for (size_t i = 0; i < there && i < count; i++)
        read_entry(&layout, directory + layout.count_size + i * layout.entry_size, header);
}

static bool tiff_recognise(const uint8_t *bytes, size_t size) {
    static const char *const starts[] = {"II*", "II+", "MM\0*", "MM\0+"};
    if (size >= 11 && memcmp(bytes + 8, "CR\2", 3) == 0) return false; /* Canon's raw photos */
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (size >= 4 && memcmp(bytes, starts[i], 4) == 0) return true;
    return false;
}

const struct format format_tiff = {"TIFF", tiff_recognise, tiff_inspect, tiff_decode};
