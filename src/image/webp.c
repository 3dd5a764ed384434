/* WebP: a RIFF container (RFC 9649). The photo, or the first frame of an animated one, is
 * decoded by libwebp, without which they are refused. */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_WEBP
#include <webp/decode.h>
#endif

#include "base/memory.h"
#include "image/decode.h"

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

#ifdef CAPTION_WITH_WEBP

/* What libwebp decodes, and where it lies in the photo: all of it, or a frame. */
struct picture {
    const uint8_t *bytes;
    size_t size;
    size_t left, top, width, height;
    bool transparent;
    size_t working_bytes; /* that libwebp allocates beside the pixels */
};

static const char *describe(VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return "memory is short";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "it is of an unknown kind";
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return "its data ends too early";
    default:
        return "its data is corrupt";
    }
}

static bool fail(VP8StatusCode status, caption_error *error) {
    if (status == VP8_STATUS_OUT_OF_MEMORY) return error_memory(error, "the WebP decoder");
    return error_set(error, CAPTION_ERROR_FORMAT, "WebP cannot be decoded: %s", describe(status));
}

static bool contradiction(caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "WebP contradicts itself about its size");
}

/* Position and size of a frame, then the chunks of a picture. */
static bool use_frame(const struct format_header *header, struct picture *picture,
                      caption_error *error) {
    enum { frame_header = 16 };
    const uint8_t *frame = header->frame;
    if (header->frame_size < frame_header) return fail(VP8_STATUS_BITSTREAM_ERROR, error);
    picture->left = 2 * (size_t)bytes_little_24(frame);
    picture->top = 2 * (size_t)bytes_little_24(frame + 3);
    picture->width = 1 + (size_t)bytes_little_24(frame + 6);
    picture->height = 1 + (size_t)bytes_little_24(frame + 9);
    picture->bytes = frame + frame_header;
    picture->size = header->frame_size - frame_header;
    return (picture->left + picture->width <= header->width &&
            picture->top + picture->height <= header->height) ||
           contradiction(error);
}

static bool find_picture(const uint8_t *bytes, size_t size, const struct format_header *header,
                         struct picture *picture, caption_error *error) {
    enum { lossless = 2 };
    *picture = (struct picture){
        .bytes = bytes, .size = size, .width = header->width, .height = header->height};
    if (header->frame && !use_frame(header, picture, error)) return false;
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(picture->bytes, picture->size, &features);
    if (status == VP8_STATUS_OK && features.has_animation) status = VP8_STATUS_UNSUPPORTED_FEATURE;
    if (status != VP8_STATUS_OK) return fail(status, error);
    if ((size_t)features.width != picture->width || (size_t)features.height != picture->height)
        return contradiction(error);
    picture->transparent = features.has_alpha;
    /* Of a lossy picture the alpha is a plane, which may be coded as a lossless picture. */
    const size_t bytes_a_pixel = features.format == lossless ? 4 : features.has_alpha ? 1 + 4 : 0;
    picture->working_bytes = picture->width * picture->height * bytes_a_pixel;
    return true;
}

/* Decodes the picture, reduced to width x height, into `pixels` of `channels` (3 or 4) bytes. */
static VP8StatusCode decode_into(const struct picture *picture, size_t width, size_t height,
                                 size_t channels, uint8_t *pixels) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return VP8_STATUS_INVALID_PARAM;
    config.options.use_scaling = width != picture->width || height != picture->height;
    config.options.scaled_width = (int)width;
    config.options.scaled_height = (int)height;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = (int)(width * channels);
    config.output.u.RGBA.size = width * height * channels;
    return WebPDecode(picture->bytes, picture->size, &config);
}

/* RGBA becomes RGB in its own place: a huge photo is not held twice. */
static VP8StatusCode decode_transparent(const struct picture *picture, struct image *out) {
    const size_t count = out->width * out->height;
    uint8_t *rgba = realloc(out->pixels, count * 4);
    if (!rgba) return VP8_STATUS_OUT_OF_MEMORY;
    out->pixels = rgba;
    VP8StatusCode status = decode_into(picture, out->width, out->height, 4, rgba);
    if (status != VP8_STATUS_OK) return status;
    image_over_white(rgba, 4, count, rgba);
    uint8_t *rgb = realloc(rgba, count * 3);
    if (rgb) out->pixels = rgb;
    return status;
}

/* A picture that is the whole photo, which libwebp itself makes smaller where it is huge. */
static bool decode_whole(const struct picture *picture, size_t size,
                         const struct format_header *header, size_t min_side, struct image *out,
                         caption_error *error) {
    const size_t divisor = image_choose_divisor(header, min_side);
    if (!image_new_reduced(out, header, divisor, error)) return false;
    const size_t made = image_reduced_bytes(header, divisor);
    const size_t alpha = picture->transparent ? out->width * out->height : 0;
    out->photo.width = (float)out->width; /* reduced from edge to edge */
    out->photo.height = (float)out->height;
    if (!image_check_cost(header, made, picture->working_bytes + alpha, size, error)) return false;
    VP8StatusCode status = picture->transparent
                               ? decode_transparent(picture, out)
                               : decode_into(picture, out->width, out->height, 3, out->pixels);
    return status == VP8_STATUS_OK || fail(status, error);
}

static void take_row(struct image_rows *rows, size_t y, const struct picture *picture,
                     const uint8_t *rgba) {
    uint8_t *rgb = image_rows_at(rows, y);
    memset(rgb, 255, rows->width * 3);
    if (rgba) image_over_white(rgba, 4, picture->width, rgb + picture->left * 3);
    image_rows_take(rows, y);
}

/* A frame that leaves some of the photo free: that is transparent, hence white. */
static bool decode_part(const struct picture *picture, size_t size,
                        const struct format_header *header, size_t min_side, struct image *out,
                        caption_error *error) {
    struct image_rows rows;
    const size_t row = picture->width * 4;
    const size_t made = image_reduced_bytes(header, image_choose_divisor(header, min_side));
    if (!image_check_cost(header, made, picture->working_bytes + picture->height * row, size,
                          error))
        return false;
    uint8_t *rgba = memory_uninitialised(picture->height, row, "a photo's pixels", error);
    if (!rgba) return false;
    VP8StatusCode status = decode_into(picture, picture->width, picture->height, 4, rgba);
    bool ok = status == VP8_STATUS_OK || fail(status, error);
    if (ok && image_rows_begin(&rows, header, size, min_side, out, error)) {
        const uint8_t *from = rgba;
        for (size_t y = 0; y < rows.height; y++) {
            const bool drawn = y >= picture->top && y < picture->top + picture->height;
            take_row(&rows, y, picture, drawn ? from : NULL);
            if (drawn) from += row;
        }
        image_rows_end(&rows, true);
    } else {
        ok = false;
    }
    free(rgba);
    return ok;
}

static void convert_colors(const struct format_header *header, struct image *image) {
    struct color *color =
        color_take(header->colors, header->profile, header->profile_size, COLOR_RGB);
    if (color) color_convert(color, image->pixels, image->width * image->height, image->pixels);
    color_put(header->colors, color);
}

static bool webp_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    struct picture picture;
    if (!find_picture(bytes, size, header, &picture, error)) return false;
    const bool whole = picture.width == header->width && picture.height == header->height;
    const bool ok = whole ? decode_whole(&picture, size, header, min_side, out, error)
                          : decode_part(&picture, size, header, min_side, out, error);
    if (ok)
        convert_colors(header, out);
    else
        image_free(out);
    return ok;
}

#else
#define webp_decode NULL
#endif

static const char absent[] = "is a WebP photo, which this build cannot decode: libwebp was absent";

const struct format format_webp = {"WebP", webp_recognise, webp_inspect, webp_decode, absent};
