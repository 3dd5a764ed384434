/* WebP: a RIFF container (RFC 9649), decoded by libwebp. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/bytes.h"
#include "image/format.h"

#ifdef CAPTION_WITH_WEBP
#include <webp/decode.h>
#endif

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
        size_t padded = there + (there & 1); /* chunks begin at even places */
        if (padded > end - at - chunk_header) return;
        at += chunk_header + padded;
    }
}

#ifdef CAPTION_WITH_WEBP

static const char *describe(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return "memory is short";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "it is animated or of an unknown kind";
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return "its data ends too early";
    default:
        return "its data is corrupt";
    }
}

/* Decodes `channels` (3 or 4) bytes a pixel into `pixels`. */
static VP8StatusCode decode_into(const uint8_t *bytes, size_t size, const struct image *image,
                                 size_t channels, uint8_t *pixels) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return VP8_STATUS_INVALID_PARAM;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = (int)(image->width * channels);
    config.output.u.RGBA.size = image->width * image->height * channels;
    return WebPDecode(bytes, size, &config);
}

static VP8StatusCode decode_transparent(const uint8_t *bytes, size_t size,
                                        const struct image *image) {
    size_t count = image->width * image->height;
    uint8_t *rgba = memory_uninitialised(count, 4, "a photo's pixels", NULL);
    if (!rgba) return VP8_STATUS_OUT_OF_MEMORY;
    VP8StatusCode status = decode_into(bytes, size, image, 4, rgba);
    if (status == VP8_STATUS_OK) image_over_white(rgba, 4, count, image->pixels);
    free(rgba);
    return status;
}

static bool webp_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(bytes, size, &features);
    if (status == VP8_STATUS_OK && features.has_animation) status = VP8_STATUS_UNSUPPORTED_FEATURE;
    if (status != VP8_STATUS_OK)
        return error_set(error, CAPTION_ERROR_FORMAT, "WebP cannot be decoded: %s",
                         describe(status));
    if ((size_t)features.width != header->width || (size_t)features.height != header->height)
        return error_set(error, CAPTION_ERROR_FORMAT, "WebP contradicts itself about its size");
    if (!image_new(out, header->width, header->height, error)) return false;
    status = features.has_alpha ? decode_transparent(bytes, size, out)
                                : decode_into(bytes, size, out, 3, out->pixels);
    if (status == VP8_STATUS_OK) return true;
    image_free(out);
    return error_set(error, CAPTION_ERROR_FORMAT, "WebP cannot be decoded: %s", describe(status));
}

#else

static bool webp_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    (void)bytes;
    (void)size;
    (void)header;
    (void)min_side;
    (void)out;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "is a WebP photo, which this build cannot decode: libwebp was absent");
}

#endif

const struct format format_webp = {"WebP", webp_recognise, webp_inspect, webp_decode};
