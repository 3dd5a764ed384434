/* PNG: chunks of length, type, data and checksum. XMP is text in a chunk iTXt with a keyword of its
 * own, not compressed. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "metadata/container.h"

enum { SIGNATURE = 8, TYPE = 4, HEAD = 8, CHECKSUM = 4, LARGEST_CHUNK = 0x7fffffff };

/* Keyword, flag and method of compression, language, translated keyword; with the 0 at the end. */
static const char text_head[] = "XML:com.adobe.xmp\0\0\0\0";
static const char keyword[] = "XML:com.adobe.xmp", old_keyword[] = "Raw profile type xmp";

static bool png_recognise(const uint8_t *bytes, size_t size) {
    return size >= SIGNATURE && memcmp(bytes, "\x89PNG\r\n\x1a\n", SIGNATURE) == 0;
}

static bool is_type(const uint8_t *chunk, const char *type) {
    return memcmp(chunk + 4, type, TYPE) == 0;
}

static bool begins_with(const uint8_t *data, size_t size, const char *text, size_t text_size) {
    return size >= text_size && memcmp(data, text, text_size) == 0;
}

/* A text behind its keyword: only what is not compressed is changed. */
static bool read_text(struct container *container, struct container_place place,
                      caption_error *error) {
    const uint8_t *data = container->bytes + place.begin + HEAD;
    const uint8_t *end = container->bytes + place.end - CHECKSUM, *at = data + sizeof keyword + 2;
    if (end < at || at[-2] != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "expected XMP that is not compressed: --write-xmp writes a sidecar");
    for (int i = 0; i < 2; i++) { /* language, translated keyword */
        at = memchr(at, 0, (size_t)(end - at));
        if (!at) return error_set(error, CAPTION_ERROR_FORMAT, "its XMP chunk (iTXt) is damaged");
        at++;
    }
    container->xmp = place;
    return container_keep_packet(container, at, (size_t)(end - at), error);
}

static bool read_chunk(struct container *container, struct container_place place,
                       caption_error *error) {
    const uint8_t *chunk = container->bytes + place.begin;
    const size_t size = place.end - place.begin - HEAD - CHECKSUM;
    if (is_type(chunk, "caBX")) container->is_signed = true;
    if (is_type(chunk, "IDAT") && container->xmp.end == 0)
        container->xmp = (struct container_place){place.begin, place.begin};
    if (is_type(chunk, "iTXt") && !container->packet &&
        begins_with(chunk + HEAD, size, keyword, sizeof keyword))
        return read_text(container, place, error);
    const bool is_text = is_type(chunk, "zTXt") || is_type(chunk, "tEXt") || is_type(chunk, "iTXt");
    if (!is_text || !begins_with(chunk + HEAD, size, old_keyword, sizeof old_keyword)) return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "has XMP in ImageMagick's old form (\"%s\"), which is not changed: --write-xmp "
        "writes a sidecar",
        old_keyword);
}

/* What lies behind the last whole chunk stays as it is. */
static bool png_read(struct container *container, caption_error *error) {
    const size_t size = container->size;
    for (size_t at = SIGNATURE; size - at >= HEAD + CHECKSUM;) {
        const size_t length = bytes_big_32(container->bytes + at);
        if (length > size - at - HEAD - CHECKSUM) break;
        const struct container_place place = {at, at + HEAD + length + CHECKSUM};
        if (!read_chunk(container, place, error)) return false;
        if (is_type(container->bytes + at, "IEND")) break;
        at = place.end;
    }
    if (container->xmp.end > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "expected a whole chunk of pixels, found none");
}

/* CRC-32 of ISO 3309, as the PNG standard has it. */
static uint32_t checksum(const uint8_t *bytes, size_t size) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static void write_big_32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static bool png_put(const struct container *container, const char *packet, size_t packet_size,
                    const struct file_bytes *resources, struct splices *splices,
                    caption_error *error) {
    (void)resources;
    const size_t head = sizeof text_head;
    if (packet_size > LARGEST_CHUNK - head)
        return error_set(error, CAPTION_ERROR_LIMIT, "its XMP would be too large for a chunk");
    const size_t length = head + packet_size, size = HEAD + length + CHECKSUM;
    uint8_t *chunk = memory_uninitialised(size, 1, "a chunk", error);
    if (!chunk) return false;
    write_big_32(chunk, (uint32_t)length);
    memcpy(chunk + 4, "iTXt", TYPE);
    memcpy(chunk + HEAD, text_head, head);
    memcpy(chunk + HEAD + head, packet, packet_size);
    write_big_32(chunk + HEAD + length, checksum(chunk + 4, TYPE + length));
    const bool ok =
        splices_add(splices, container->xmp.begin, container->xmp.end, chunk, size, error);
    free(chunk);
    return ok;
}

const struct container_format container_png = {"PNG", false, png_recognise, png_read, png_put};
