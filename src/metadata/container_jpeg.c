/* JPEG: segments before the coded pixels. XMP is a segment APP1; what does not fit into it is
 * extended XMP, in segments of its own. Photoshop's image resources are segments APP13, which are
 * one block of bytes together. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "metadata/container.h"

enum {
    MARKER_START = 0xd8,
    MARKER_SCAN = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1,
    MARKER_APP2 = 0xe2,
    MARKER_APP11 = 0xeb,
    MARKER_APP13 = 0xed,
    LARGEST_CONTENT = 65533, /* of a segment, without marker and length */
    HEAD = 4,                /* marker and length */
    GUID = 32,               /* of extended XMP; its length and place in all of it follow */
};

/* With the 0 at their ends. */
static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/",
                  extension_name[] = "http://ns.adobe.com/xmp/extension/",
                  resources_name[] = "Photoshop 3.0", exif_name[] = "Exif\0", others_name[] = "MPF";

struct segment {
    unsigned marker;
    struct container_place place; /* with the marker */
    const uint8_t *content;       /* [size] */
    size_t size;
};

static bool jpeg_recognise(const uint8_t *bytes, size_t size) {
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

static bool has_name(const struct segment *segment, unsigned marker, const char *name,
                     size_t name_size) {
    return segment->marker == marker && segment->size >= name_size &&
           memcmp(segment->content, name, name_size) == 0;
}
#define HAS_NAME(segment, marker, name) has_name(segment, marker, name, sizeof(name))

static bool damaged(caption_error *error, size_t at) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "expected a segment at byte %zu, found something else", at);
}

/* The segment at `at`, which becomes the place behind it. */
static bool next_segment(const struct container *container, size_t *at, struct segment *segment,
                         caption_error *error) {
    const uint8_t *bytes = container->bytes;
    const size_t size = container->size, begin = *at;
    size_t marker = begin;
    while (marker < size && bytes[marker] == 0xff) marker++; /* any number of them */
    if (marker == begin || size - marker < 3 || bytes[marker] < 0xc0 ||
        (bytes[marker] >= 0xd0 && bytes[marker] <= 0xd9))
        return damaged(error, begin);
    const size_t length = bytes_big_16(bytes + marker + 1), content = marker + 3;
    if (length < 2 || length - 2 > size - content) return damaged(error, begin);
    *at = content + length - 2;
    *segment = (struct segment){bytes[marker], {begin, *at}, bytes + content, length - 2};
    return true;
}

/* Joins the parts of extended XMP, which may come in any order. */
static bool keep_extension(struct container *container, const struct segment *segment,
                           caption_error *error) {
    enum { head = sizeof extension_name + GUID + 8 };
    if (segment->size < head) return damaged(error, segment->place.begin);
    const uint8_t *numbers = segment->content + sizeof extension_name + GUID;
    const size_t all = bytes_big_32(numbers), at = bytes_big_32(numbers + 4),
                 part = segment->size - head;
    if (!container->extension) {
        if (all > container->size) return damaged(error, segment->place.begin);
        container->extension = memory_zeroed(all + 1, 1, "extended XMP", error);
        if (!container->extension) return false;
        container->extension_size = all;
    }
    if (at > container->extension_size || part > container->extension_size - at)
        return damaged(error, segment->place.begin);
    if (part > 0) memcpy(container->extension + at, segment->content + head, part);
    return true;
}

static bool keep_resources(struct container *container, const struct segment *segment,
                           caption_error *error) {
    const size_t size = segment->size - sizeof resources_name;
    uint8_t *grown = realloc(container->resources, container->resources_size + size + 1);
    if (!grown) return error_memory(error, "image resources");
    container->resources = grown;
    memcpy(grown + container->resources_size, segment->content + sizeof resources_name, size);
    container->resources_size += size;
    if (!memory_grow(&container->resource_segments, &container->resource_segment_capacity,
                     container->resource_segment_count + 1, sizeof *container->resource_segments,
                     "image resources", error))
        return false;
    container->resource_segments[container->resource_segment_count++] = segment->place;
    return true;
}

static bool is_signature(const struct segment *segment) {
    return segment->marker == MARKER_APP11 && segment->size > 2 &&
           memcmp(segment->content, "JP", 2) == 0 &&
           memmem(segment->content, segment->size, "c2pa", 4);
}

/* `is_first`: so far only segments that must be the first ones have come. */
static bool read_segment(struct container *container, const struct segment *segment, bool *is_first,
                         caption_error *error) {
    *is_first &= segment->marker == MARKER_APP0 || HAS_NAME(segment, MARKER_APP1, exif_name);
    if (*is_first && !container->packet)
        container->xmp = (struct container_place){segment->place.end, segment->place.end};
    if (is_signature(segment)) container->is_signed = true;
    if (HAS_NAME(segment, MARKER_APP2, others_name) && container->first_of_others == 0)
        container->first_of_others = segment->place.begin;
    if (HAS_NAME(segment, MARKER_APP1, extension_name))
        return keep_extension(container, segment, error);
    if (HAS_NAME(segment, MARKER_APP13, resources_name))
        return keep_resources(container, segment, error);
    if (!HAS_NAME(segment, MARKER_APP1, xmp_name) || container->packet) return true;
    container->xmp = segment->place;
    return container_keep_packet(container, segment->content + sizeof xmp_name,
                                 segment->size - sizeof xmp_name, error);
}

static bool jpeg_read(struct container *container, caption_error *error) {
    size_t at = 2;
    bool is_first = true;
    struct segment segment = {0};
    container->xmp = (struct container_place){at, at};
    do {
        container->image_data = at;
        if (!next_segment(container, &at, &segment, error) ||
            !read_segment(container, &segment, &is_first, error))
            return false;
    } while (segment.marker != MARKER_SCAN);
    return true;
}

/* A segment of that content behind the name, in the place of one or of nothing. */
static bool put_segment(const struct segment *put, const char *name, size_t name_size,
                        struct splices *splices, caption_error *error) {
    const size_t length = 2 + name_size + put->size;
    uint8_t *segment = memory_uninitialised(2 + length, 1, "a segment", error);
    if (!segment) return false;
    const uint8_t head[HEAD] = {0xff, (uint8_t)put->marker, (uint8_t)(length >> 8),
                                (uint8_t)length};
    memcpy(segment, head, sizeof head);
    memcpy(segment + sizeof head, name, name_size);
    memcpy(segment + sizeof head + name_size, put->content, put->size);
    const bool ok =
        splices_add(splices, put->place.begin, put->place.end, segment, 2 + length, error);
    free(segment);
    return ok;
}

/* Image resources in place of the old ones, in as many segments as they need. */
static bool put_resources(const struct container *container, const struct file_bytes *resources,
                          struct splices *splices, caption_error *error) {
    const size_t most = LARGEST_CONTENT - sizeof resources_name;
    struct container_place place = {container->xmp.end, container->xmp.end};
    if (container->resource_segment_count > 0) place = container->resource_segments[0];
    for (size_t at = 0; at < resources->size; at += most) {
        const size_t part = size_smaller(resources->size - at, most);
        const struct segment segment = {MARKER_APP13, place, resources->data + at, part};
        if (!put_segment(&segment, resources_name, sizeof resources_name, splices, error))
            return false;
        place.begin = place.end;
    }
    for (size_t i = 1; i < container->resource_segment_count; i++) {
        const struct container_place old = container->resource_segments[i];
        if (!splices_add(splices, old.begin, old.end, "", 0, error)) return false;
    }
    return true;
}

/* The place of each picture behind the first is stored as a distance from that segment. */
static bool keeps_others(const struct container *container, bool with_resources,
                         caption_error *error) {
    const size_t count = container->resource_segment_count;
    size_t last = container->xmp.end;
    if (with_resources && count > 0)
        last = size_larger(last, container->resource_segments[count - 1].end);
    if (container->first_of_others == 0 || last <= container->first_of_others) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "has several pictures, with metadata behind the list of them (MPF), which a "
                     "change would make wrong: --write-xmp writes a sidecar");
}

static bool jpeg_put(const struct container *container, const char *packet, size_t packet_size,
                     const struct file_bytes *resources, struct splices *splices,
                     caption_error *error) {
    if (packet_size > LARGEST_CONTENT - sizeof xmp_name)
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "its XMP would take %zu bytes, a segment holds %zu: --write-xmp writes a "
                         "sidecar",
                         packet_size, LARGEST_CONTENT - sizeof xmp_name);
    const struct segment segment = {MARKER_APP1, container->xmp, (const uint8_t *)packet,
                                    packet_size};
    return keeps_others(container, resources != NULL, error) &&
           put_segment(&segment, xmp_name, sizeof xmp_name, splices, error) &&
           (!resources || put_resources(container, resources, splices, error));
}

const struct container_format container_jpeg = {"JPEG", true, jpeg_recognise, jpeg_read, jpeg_put};
