#include "image/boxes.h"

#include <string.h>

#include "base/bytes.h"

enum { LARGE_BOX_HEADER = 16 };

struct iso_box iso_box_read(const uint8_t *bytes, size_t size) {
    uint64_t length = bytes_big_32(bytes);
    size_t header = ISO_BOX_HEADER;
    if (length == 1 && size >= LARGE_BOX_HEADER) {
        header = LARGE_BOX_HEADER;
        length = (uint64_t)bytes_big_32(bytes + 8) << 32 | bytes_big_32(bytes + 12);
    }
    if (length == 0) length = size;
    struct iso_box box = {(const char *)bytes + 4, bytes + header, 0, 0};
    if (length < header || length > SIZE_MAX) return box;
    box.length = (size_t)length;
    box.size = (box.length < size ? box.length : size) - header;
    return box;
}

bool iso_box_is(const struct iso_box *box, const char *type) {
    return memcmp(box->type, type, 4) == 0;
}

bool iso_box_find(const uint8_t *bytes, size_t size, const char *type, struct iso_box *box) {
    while (size >= ISO_BOX_HEADER) {
        *box = iso_box_read(bytes, size);
        if (box->length == 0) return false;
        if (iso_box_is(box, type)) return true;
        if (box->length > size) return false;
        bytes += box->length;
        size -= box->length;
    }
    return false;
}

bool iso_boxes_end(const uint8_t *bytes, size_t size) {
    while (size >= ISO_BOX_HEADER) {
        const struct iso_box box = iso_box_read(bytes, size);
        if (box.length == 0) return true;
        if (box.length > size) return false;
        bytes += box.length;
        size -= box.length;
    }
    return true;
}
