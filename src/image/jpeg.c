/* JPEG (ITU T.81): markers, some followed by a segment with its length. Decoded by libjpeg-turbo,
 * by stb_image where that is absent. */
#include <string.h>

#include "image/bytes.h"
#include "image/format.h"

#ifdef CAPTION_WITH_TURBOJPEG
#include <stdlib.h>

#include <turbojpeg.h>

#include "base/memory.h"
#else
#include "image/stb.h"
#endif

enum marker {
    MARKER_TEMPORARY = 0x01,
    MARKER_FRAME_FIRST = 0xc0, /* to 0xcf, but for the three that follow */
    MARKER_HUFFMAN_TABLE = 0xc4,
    MARKER_EXTENSION = 0xc8,
    MARKER_ARITHMETIC_TABLE = 0xcc,
    MARKER_RESTART_FIRST = 0xd0,
    MARKER_START = 0xd8,
    MARKER_END = 0xd9,
    MARKER_APPLICATION_1 = 0xe1,
    MARKER_APPLICATION_14 = 0xee,
};

static bool jpeg_recognise(const uint8_t *bytes, size_t size) {
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

/* 0x00 is no marker but an 0xff in the pixels' data. */
static bool has_segment(unsigned marker) {
    return marker != 0 && marker != MARKER_TEMPORARY &&
           !(marker >= MARKER_RESTART_FIRST && marker <= MARKER_START);
}

static bool is_frame(unsigned marker) {
    return (marker & 0xf0) == MARKER_FRAME_FIRST && marker != MARKER_HUFFMAN_TABLE &&
           marker != MARKER_EXTENSION && marker != MARKER_ARITHMETIC_TABLE;
}

/* A segment of tables: class and number, 16 counts of codes by their length, the codes' values.
 * stb_image writes behind its array when the counts add up to more than there are values. */
static bool has_sane_huffman_tables(const uint8_t *segment, size_t length) {
    enum { lengths = 16, most_values = 256 };
    for (size_t at = 0; at < length;) {
        if (length - at < 1 + lengths) return false;
        size_t values = 0;
        for (size_t i = 0; i < lengths; i++) values += segment[at + 1 + i];
        if (values > most_values || values > length - at - 1 - lengths) return false;
        at += 1 + lengths + values;
    }
    return true;
}

/* `length` bytes from behind the segment's own length on. */
static void read_segment(unsigned marker, const uint8_t *segment, size_t length,
                         struct format_header *header) {
    if (is_frame(marker) && length >= 5 && header->width == 0) {
        header->height = bytes_big_16(segment + 1);
        header->width = bytes_big_16(segment + 3);
    } else if (marker == MARKER_APPLICATION_1 && length > 6 && !header->exif &&
               memcmp(segment, "Exif\0", 6) == 0) {
        header->exif = segment + 6;
        header->exif_size = length - 6;
    } else if (marker == MARKER_APPLICATION_14 && length >= 12 &&
               memcmp(segment, "Adobe", 5) == 0) {
        header->stores_inverted_ink = true;
    } else if (marker == MARKER_HUFFMAN_TABLE && !has_sane_huffman_tables(segment, length)) {
        header->impossible = "its Huffman tables are longer than they can be";
    }
}

/* Walks from marker to marker. What lies between two segments is pixels' data (or junk, which
 * decoders skip likewise). */
static void jpeg_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    header->missing = "its end-of-image marker";
    for (size_t at = 2; at < size;) {
        const uint8_t *found = memchr(bytes + at, 0xff, size - at);
        if (!found) return;
        at = (size_t)(found - bytes);
        while (at < size && bytes[at] == 0xff) at++; /* any number of 0xff may come first */
        if (at == size) return;
        unsigned marker = bytes[at++];
        if (marker == MARKER_END) {
            header->missing = NULL;
            return;
        }
        if (!has_segment(marker)) continue;
        if (size - at < 2) return;
        size_t length = bytes_big_16(bytes + at);
        if (length < 2) continue; /* nonsense: the decoder complains */
        if (length > size - at) return;
        read_segment(marker, bytes + at + 2, length - 2, header);
        at += length;
    }
}

#ifdef CAPTION_WITH_TURBOJPEG

static size_t divided(size_t side, size_t divisor) {
    return (side + divisor - 1) / divisor;
}

/* The largest of 1, 2, 4 and 8 by which both sides, divided and rounded up as libjpeg-turbo does,
 * are still at least `min_side`. */
static size_t reduction(const struct format_header *header, size_t min_side) {
    size_t divisor = 1;
    while (divisor < 8 && divided(header->width, 2 * divisor) >= min_side &&
           divided(header->height, 2 * divisor) >= min_side) {
        divisor *= 2;
    }
    return divisor;
}

/* Pixels for the photo reduced by `divisor`: what rounding up added is none of the photo, and each
 * is about the mean of divisor x divisor. */
static bool new_reduced(struct image *out, const struct format_header *header, size_t divisor,
                        caption_error *error) {
    if (!image_new(out, divided(header->width, divisor), divided(header->height, divisor), error))
        return false;
    out->photo.width = (float)header->width / (float)divisor;
    out->photo.height = (float)header->height / (float)divisor;
    out->variance = (1 - 1 / (float)(divisor * divisor)) / 12;
    return true;
}

/* Ink over white paper, without a colour profile. */
static void ink_to_rgb(const uint8_t *ink, bool inverted, size_t count, uint8_t *rgb) {
    unsigned flip = inverted ? 0 : 255;
    for (size_t i = 0; i < count; i++, ink += 4, rgb += 3) {
        unsigned light = ink[3] ^ flip;
        for (size_t c = 0; c < 3; c++) rgb[c] = (uint8_t)(((ink[c] ^ flip) * light + 127) / 255);
    }
}

/* Warnings after which the photo is nevertheless whole. Anything else that libjpeg warns of is
 * damaged data, behind which the pixels are noise. */
static bool is_harmless(const char *warning) {
    static const char *const harmless[] = {"extraneous bytes before marker",
                                           "Adobe color transform", "JFIF revision"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strstr(warning, harmless[i])) return true;
    return false;
}

static bool decode_into(tjhandle handle, const uint8_t *bytes, size_t size, int format,
                        const struct image *image, uint8_t *pixels, caption_error *error) {
    if (tjDecompress2(handle, bytes, size, pixels, (int)image->width, 0, (int)image->height, format,
                      TJFLAG_LIMITSCANS) == 0)
        return true;
    const char *reason = tjGetErrorStr2(handle);
    if (tjGetErrorCode(handle) == TJERR_WARNING && is_harmless(reason)) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "JPEG cannot be decoded: %s", reason);
}

static bool decode_ink(tjhandle handle, const uint8_t *bytes, size_t size, bool inverted,
                       const struct image *image, caption_error *error) {
    size_t count = image->width * image->height;
    uint8_t *ink = memory_uninitialised(count, 4, "a photo's pixels", error);
    if (!ink) return false;
    bool ok = decode_into(handle, bytes, size, TJPF_CMYK, image, ink, error);
    if (ok) ink_to_rgb(ink, inverted, count, image->pixels);
    free(ink);
    return ok;
}

static bool decode_with(tjhandle handle, const uint8_t *bytes, size_t size,
                        const struct format_header *header, size_t min_side, struct image *out,
                        caption_error *error) {
    int width = 0, height = 0, subsampling, colorspace = -1;
    /* Fails, too, for chroma subsampling that it has no name for but decodes: hence no look at what
     * it returns when the size is there. */
    tjDecompressHeader3(handle, bytes, size, &width, &height, &subsampling, &colorspace);
    if (width < 1 || height < 1)
        return error_set(error, CAPTION_ERROR_FORMAT, "JPEG cannot be decoded: %s",
                         tjGetErrorStr2(handle));
    if ((size_t)width != header->width || (size_t)height != header->height)
        return error_set(error, CAPTION_ERROR_FORMAT, "JPEG contradicts itself about its size");
    if (!new_reduced(out, header, reduction(header, min_side), error)) return false;
    bool ok = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK
                  ? decode_ink(handle, bytes, size, header->stores_inverted_ink, out, error)
                  : decode_into(handle, bytes, size, TJPF_RGB, out, out->pixels, error);
    if (!ok) image_free(out);
    return ok;
}

static bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    tjhandle handle = tjInitDecompress();
    if (!handle) return error_memory(error, "the JPEG decoder");
    bool ok = decode_with(handle, bytes, size, header, min_side, out, error);
    tjDestroy(handle);
    return ok;
}

#else

static bool jpeg_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    return stb_decode("JPEG", bytes, size, header, out, error);
}

#endif

const struct format format_jpeg = {"JPEG", jpeg_recognise, jpeg_inspect, jpeg_decode};
