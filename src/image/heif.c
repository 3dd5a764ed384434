/* HEIF: boxes of ISO/IEC 14496-12, in them photos as HEVC (HEIC) or AV1 (AVIF). Decoded by
 * heif_pixels.c. */
#include "image/heif.h"

#include <string.h>

#include "image/bytes.h"

enum { BOX_HEADER = 8, LARGE_BOX_HEADER = 16, FULL_BOX = 4 };

/* A box: what is in it, and where the next one begins. */
struct box {
    const char *type; /* 4 bytes */
    const uint8_t *content;
    size_t size;   /* of the content, as far as it is there */
    size_t length; /* of all, as the header says; 0: that cannot be */
};

/* The box at the start of bytes[size], of which its header is there. A length of 0 reaches to the
 * end. */
static struct box read_box(const uint8_t *bytes, size_t size) {
    uint64_t length = bytes_big_32(bytes);
    size_t header = BOX_HEADER;
    if (length == 1 && size >= LARGE_BOX_HEADER) {
        header = LARGE_BOX_HEADER;
        length = (uint64_t)bytes_big_32(bytes + 8) << 32 | bytes_big_32(bytes + 12);
    }
    if (length == 0) length = size;
    struct box box = {(const char *)bytes + 4, bytes + header, 0, 0};
    if (length < header || length > SIZE_MAX) return box;
    box.length = (size_t)length;
    box.size = (box.length < size ? box.length : size) - header;
    return box;
}

static bool is_type(const struct box *box, const char *type) {
    return memcmp(box->type, type, 4) == 0;
}

/* The first box of a type among those in bytes[size]. */
static bool find_box(const uint8_t *bytes, size_t size, const char *type, struct box *box) {
    while (size >= BOX_HEADER) {
        *box = read_box(bytes, size);
        if (box->length == 0) return false;
        if (is_type(box, type)) return true;
        if (box->length > size) return false;
        bytes += box->length;
        size -= box->length;
    }
    return false;
}

/* The largest of the sizes of all items: that of the photo, for its tiles, thumbnails and depth
 * maps are smaller. */
static void read_sizes(const struct box *properties, struct format_header *header) {
    const uint8_t *bytes = properties->content;
    size_t size = properties->size;
    struct box box;
    while (find_box(bytes, size, "ispe", &box) && box.size >= FULL_BOX + 8) {
        const size_t width = bytes_big_32(box.content + FULL_BOX);
        const size_t height = bytes_big_32(box.content + FULL_BOX + 4);
        if ((uint64_t)width * height > (uint64_t)header->width * header->height) {
            header->width = width;
            header->height = height;
        }
        const size_t read = (size_t)(box.content - bytes) + box.size;
        bytes += read;
        size -= read;
    }
}

static void heif_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct box meta, properties, items;
    if (find_box(bytes, size, "meta", &meta) && meta.size > FULL_BOX &&
        find_box(meta.content + FULL_BOX, meta.size - FULL_BOX, "iprp", &properties) &&
        find_box(properties.content, properties.size, "ipco", &items))
        read_sizes(&items, header);
    size_t at = 0;
    while (size - at >= BOX_HEADER) {
        const struct box box = read_box(bytes + at, size - at);
        if (box.length == 0) break;
        if (box.length > size - at) {
            header->missing = "the end that its boxes give";
            return;
        }
        at += box.length;
    }
    if (header->width == 0) header->impossible = "it has no size of a photo";
}

static bool has_brand(const uint8_t *bytes, size_t size, const char *brand) {
    const size_t length = strlen(brand);
    return size >= 8 + length && memcmp(bytes + 4, "ftyp", 4) == 0 &&
           memcmp(bytes + 8, brand, length) == 0;
}

static bool heic_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "hei") || has_brand(bytes, size, "hev");
}

static bool heif_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "mif1") || has_brand(bytes, size, "msf1");
}

static bool avif_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "avi");
}

const struct format format_heic = {"HEIC", heic_recognise, heif_inspect, heif_decode};
const struct format format_heif = {"HEIF", heif_recognise, heif_inspect, heif_decode};
const struct format format_avif = {"AVIF", avif_recognise, heif_inspect, heif_decode};
