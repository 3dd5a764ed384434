/* WebP: a RIFF file of chunks with type, size and data, which begin at even places. XMP is a chunk
 * of its own, announced by a flag in the chunk VP8X, which comes first; a simple file has no VP8X,
 * and gets one. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "image/image.h"
#include "metadata/container.h"

enum { RIFF = 12, HEAD = 8, VP8X = 10, FLAG_XMP = 0x04, FLAG_ALPHA = 0x10 };

/* The RIFF header counts what follows its own first 8 bytes. */
static const size_t largest_file = 0xfffffffe;

static bool webp_recognise(const uint8_t *bytes, size_t size) {
    return size >= RIFF && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0;
}

/* Where the RIFF file ends; what lies behind it stays as it is. */
static size_t end_of(const struct container *container) {
    return (size_t)bytes_little_32(container->bytes + 4) + 8;
}

static bool webp_read(struct container *container, caption_error *error) {
    const size_t end = end_of(container);
    if (end > container->size || end < RIFF + HEAD)
        return error_set(error, CAPTION_ERROR_FORMAT, "expected %zu bytes, found %zu", end,
                         container->size);
    container->xmp = (struct container_place){end, end};
    for (size_t at = RIFF; end - at >= HEAD;) {
        const uint8_t *chunk = container->bytes + at;
        const size_t length = bytes_little_32(chunk + 4), left = end - at - HEAD;
        if (length > left)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "its chunk at byte %zu is longer than the file", at);
        const size_t next = at + HEAD + length + (length & 1 && length < left);
        if (memcmp(chunk, "C2PA", 4) == 0) container->is_signed = true;
        if (memcmp(chunk, "XMP ", 4) == 0 && !container->packet) {
            container->xmp = (struct container_place){at, next};
            if (!container_keep_packet(container, chunk + HEAD, length, error)) return false;
        }
        at = next;
    }
    return true;
}

static void write_little(uint8_t *bytes, size_t value, int count) {
    for (int i = 0; i < count; i++) bytes[i] = (uint8_t)(value >> 8 * i);
}

/* Sets the flag, or puts a VP8X with it before the pixels. */
static bool announce(const struct container *container, struct splices *splices,
                     caption_error *error) {
    const uint8_t *chunk = container->bytes + RIFF;
    const size_t length = bytes_little_32(chunk + 4);
    if (memcmp(chunk, "VP8X", 4) == 0) {
        if (length < VP8X)
            return error_set(error, CAPTION_ERROR_FORMAT, "its chunk VP8X is too short");
        const uint8_t flags = chunk[HEAD] | FLAG_XMP;
        return splices_add(splices, RIFF + HEAD, RIFF + HEAD + 1, &flags, 1, error);
    }
    const struct image_file file = image_file_inspect(NULL, container->bytes, container->size);
    if (!image_file_has_size(&file))
        return error_set(error, CAPTION_ERROR_FORMAT, "expected pixels in its first chunk");
    /* VP8L has a signature of one byte, two sizes of 14 bits each and a bit for transparency. */
    const bool has_alpha =
        memcmp(chunk, "VP8L", 4) == 0 && length >= 5 && (chunk[HEAD + 4] & 0x10) != 0;
    uint8_t made[HEAD + VP8X] = "VP8X";
    write_little(made + 4, VP8X, 4);
    made[HEAD] = FLAG_XMP | (has_alpha ? FLAG_ALPHA : 0);
    write_little(made + HEAD + 4, file.header.width - 1, 3);
    write_little(made + HEAD + 7, file.header.height - 1, 3);
    return splices_add(splices, RIFF, RIFF, made, sizeof made, error);
}

/* The chunk; behind another one that lacks its byte of padding, that byte first. */
static bool put_chunk(const struct container *container, const char *packet, size_t packet_size,
                      struct splices *splices, caption_error *error) {
    const bool is_appended = container->xmp.begin == container->xmp.end,
               is_odd = is_appended && (container->xmp.begin & 1) != 0;
    const size_t size = HEAD + packet_size + (packet_size & 1);
    uint8_t *chunk = memory_zeroed(is_odd + size, 1, "a chunk", error);
    if (!chunk) return false;
    uint8_t *at = chunk + is_odd;
    memcpy(at, "XMP ", 4);
    write_little(at + 4, packet_size, 4);
    memcpy(at + HEAD, packet, packet_size);
    const bool ok =
        splices_add(splices, container->xmp.begin, container->xmp.end, chunk, is_odd + size, error);
    free(chunk);
    return ok;
}

static bool webp_put(const struct container *container, const char *packet, size_t packet_size,
                     const struct file_bytes *resources, struct splices *splices,
                     caption_error *error) {
    (void)resources;
    if (packet_size > largest_file / 2)
        return error_set(error, CAPTION_ERROR_LIMIT, "its XMP would be too large");
    if (!announce(container, splices, error) ||
        !put_chunk(container, packet, packet_size, splices, error))
        return false;
    size_t end = end_of(container);
    for (size_t i = 0; i < splices->count; i++)
        end += splices->items[i].size - (splices->items[i].end - splices->items[i].begin);
    if (end > largest_file)
        return error_set(error, CAPTION_ERROR_LIMIT, "would be larger than a RIFF file can be");
    uint8_t length[4];
    write_little(length, end - 8, sizeof length);
    return splices_add(splices, 4, 8, length, sizeof length, error);
}

const struct container_format container_webp = {"WebP", false, webp_recognise, webp_read, webp_put};
