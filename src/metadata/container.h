/* Where metadata lies in the bytes of a photo, and how to put other metadata there. Pixels are
 * never decoded, and no byte of them is changed. JPEG (ITU T.81), PNG (W3C, third edition) and WebP
 * (RFC 9649) are known; XMP in them as in ISO 16684-3, Photoshop's image resources, which hold
 * IPTC, as in Adobe's Photoshop File Formats Specification.
 *
 *     struct container container;
 *     struct splices splices = {0};
 *     bool ok = container_read(bytes, size, &container, error) &&
 *               container_put(&container, packet, packet_size, NULL, &splices, error) &&
 *               splices_apply(&splices, bytes, size, &changed, error);
 *     splices_free(&splices);
 *     container_free(&container);
 */
#ifndef CAPTION_METADATA_CONTAINER_H
#define CAPTION_METADATA_CONTAINER_H

#include "base/file.h"

/* Bytes `begin` to `end` of a photo. */
struct container_place {
    size_t begin, end;
};

/* What is found, zeroed where there is none. */
struct container {
    const struct container_format *format;
    const uint8_t *bytes; /* [size], the caller's */
    size_t size;
    char *packet; /* [packet_size] and a 0, owned: XMP; NULL: none */
    size_t packet_size;
    char *extension; /* [extension_size] and a 0, owned: the part of XMP that did not fit into one
                        segment of a JPEG */
    size_t extension_size;
    uint8_t *resources; /* [resources_size], owned: Photoshop's image resources of a JPEG */
    size_t resources_size;
    bool is_signed; /* holds Content Credentials (C2PA), which a change would make invalid */

    struct container_place xmp; /* segment or chunk that holds the packet, or where one belongs */
    struct container_place *resource_segments; /* [resource_segment_count], owned */
    size_t resource_segment_count, resource_segment_capacity;
    size_t first_of_others; /* of a JPEG with several pictures: the segment that says where the
                               others lie, counted from itself; 0: none */
    size_t image_data;      /* of a JPEG: where the segments end and coded pixels begin */
};

/* What a kind of container offers. */
struct container_format {
    const char *name;
    bool has_resources;
    bool (*recognise)(const uint8_t *bytes, size_t size);
    bool (*read)(struct container *container, caption_error *error);
    bool (*put)(const struct container *container, const char *packet, size_t packet_size,
                const struct file_bytes *resources, struct splices *splices, caption_error *error);
};

/* Finds the metadata. Errors: another kind of photo, damage, XMP in a form that is not changed.
 * They carry no file name. Freed with container_free, whatever is returned. */
bool container_read(const uint8_t *bytes, size_t size, struct container *container,
                    caption_error *error);

/* The changes that put packet[packet_size] in place of the XMP, and image resources (NULL: they
 * stay; JPEG only) in place of those. An error where they do not fit. */
bool container_put(const struct container *container, const char *packet, size_t packet_size,
                   const struct file_bytes *resources, struct splices *splices,
                   caption_error *error);

void container_free(struct container *container);

#endif
