#include "metadata/container.h"

#include <stdlib.h>

#include "base/memory.h"
#include "image/image.h"

static const struct container_format *const formats[] = {&container_jpeg, &container_png,
                                                         &container_webp};

bool container_read(const uint8_t *bytes, size_t size, struct container *container,
                    caption_error *error) {
    *container = (struct container){.bytes = bytes, .size = size};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!formats[i]->recognise(bytes, size)) continue;
        container->format = formats[i];
        return formats[i]->read(container, error) || error_prefix(error, formats[i]->name);
    }
    char found[IMAGE_DESCRIPTION];
    image_describe(bytes, size, found);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "metadata is written into JPEG, PNG and WebP, found %s: --write-xmp writes a "
                     "sidecar",
                     found);
}

bool container_put(const struct container *container, const char *packet, size_t packet_size,
                   const struct file_bytes *resources, struct splices *splices,
                   caption_error *error) {
    return container->format->put(container, packet, packet_size, resources, splices, error) ||
           error_prefix(error, container->format->name);
}

bool container_keep_packet(struct container *container, const uint8_t *bytes, size_t size,
                           caption_error *error) {
    while (size > 0 && bytes[size - 1] == 0) size--;
    container->packet = memory_substring((const char *)bytes, size, error);
    container->packet_size = size;
    return container->packet != NULL;
}

void container_free(struct container *container) {
    free(container->packet);
    free(container->extension);
    free(container->resources);
    free(container->resource_segments);
    *container = (struct container){0};
}
