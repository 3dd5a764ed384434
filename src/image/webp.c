/* WebP: a RIFF container (RFC 9649). Decoded by webp_pixels.c. */
#include "image/webp.h"

#include <string.h>

#include "image/bytes.h"

enum { riff_header = 12, chunk_header = 8 };

static bool webp_recognise(const uint8_t *bytes, size_t size) {
    return size >= riff_header && memcmp(bytes, "RIFF", 4) == 0 &&
           memcmp(bytes + 8, "WEBP", 4) == 0;
}

/* The size stands in the first chunk, written in one of three ways. */
static void read_size(const uint8_t *chunk, size_t length, struct format_header *header) {
    const uint8_t *data = chunk + chunk_header;
    if (memcmp(chunk, "VP8X", 4) == 0 && length >= 10) {
        header->width = 1 + (size_t)bytes_little_24(data + 4);
        header->height = 1 + (size_t)bytes_little_24(data + 7);
    } else if (memcmp(chunk, "VP8L", 4) == 0 && length >= 5) {
        uint32_t bits = bytes_little_32(data + 1);
        header->width = 1 + (size_t)(bits & 0x3fff);
        header->height = 1 + (size_t)(bits >> 14 & 0x3fff);
    } else if (memcmp(chunk, "VP8 ", 4) == 0 && length >= 10) {
        header->width = bytes_little_16(data + 6) & 0x3fff;
        header->height = bytes_little_16(data + 8) & 0x3fff;
    }
}

/* Some writers keep the "Exif\0\0" of JPEG before the block. */
static void read_exif(const uint8_t *data, size_t length, struct format_header *header) {
    size_t prefix = length >= 6 && memcmp(data, "Exif\0", 6) == 0 ? 6 : 0;
    header->exif = data + prefix;
    header->exif_size = length - prefix;
}

static void webp_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    size_t end = (size_t)bytes_little_32(bytes + 4) + 8;
    if (end > size) header->missing = "the end that its header gives";
    if (end > size || end < riff_header) end = size;
    for (size_t at = riff_header; end - at >= chunk_header;) {
        size_t length = bytes_little_32(bytes + at + 4);
        size_t there = length < end - at - chunk_header ? length : end - at - chunk_header;
        if (at == riff_header) read_size(bytes + at, there, header);
        if (memcmp(bytes + at, "EXIF", 4) == 0 && there == length)
            read_exif(bytes + at + chunk_header, length, header);
        if (memcmp(bytes + at, "ICCP", 4) == 0 && there == length) {
            header->profile = bytes + at + chunk_header;
            header->profile_size = length;
        }
        if (memcmp(bytes + at, "ANMF", 4) == 0 && there == length && !header->frame) {
            header->frame = bytes + at + chunk_header;
            header->frame_size = length;
        }
        size_t padded = there + (there & 1); /* chunks begin at even places */
        if (padded > end - at - chunk_header) return;
        at += chunk_header + padded;
    }
}

const struct format format_webp = {"WebP", webp_recognise, webp_inspect, webp_decode};
