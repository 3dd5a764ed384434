#include "metadata/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

/* Keeps a copy of XMP, without bytes of 0 behind it. */
static bool container_keep_packet(struct container *container, const uint8_t *bytes, size_t size,
                                  caption_error *error) {
    while (size > 0 && bytes[size - 1] == 0) size--;
    container->packet = memory_substring((const char *)bytes, size, error);
    container->packet_size = size;
    return container->packet != NULL;
}

/* JPEG: segments before the coded pixels. XMP is a segment APP1; what does not fit into it is
 * extended XMP, in segments of its own. Photoshop's image resources are segments APP13, which are
 * one block of bytes together. */

enum {
    MARKER_START = 0xd8,
    MARKER_SCAN = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1,
    MARKER_APP2 = 0xe2,
    MARKER_APP11 = 0xeb,
    MARKER_APP13 = 0xed,
    LARGEST_CONTENT = 65533, /* of a segment, without marker and length */
    SEGMENT_HEAD = 4,        /* marker and length */
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
    const uint8_t head[SEGMENT_HEAD] = {0xff, (uint8_t)put->marker, (uint8_t)(length >> 8),
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

/* Where that segment states the size of the first picture: in 4 bytes, as TIFF has its tags (CIPA
 * DC-007, tag 0xb002: 16 bytes for each picture). 0: nowhere. */
static size_t find_first_size(const struct container *container, bool *is_big) {
    enum { HEADER = 8, TAG = 12, PICTURES = 0xb002, SIZE_AT = 4 };
    size_t behind = container->first_of_others;
    struct segment segment = {0};
    if (behind == 0 || !next_segment(container, &behind, &segment, NULL) ||
        segment.size < sizeof others_name + HEADER)
        return 0;
    const uint8_t *tiff = segment.content + sizeof others_name;
    const size_t size = segment.size - sizeof others_name;
    *is_big = memcmp(tiff, "MM", 2) == 0;
    uint32_t (*number_16)(const uint8_t *) = *is_big ? bytes_big_16 : bytes_little_16,
                                        (*number_32)(const uint8_t *) =
                                            *is_big ? bytes_big_32 : bytes_little_32;
    const size_t tags = number_32(tiff + 4);
    if (tags > size - 2) return 0;
    for (size_t i = 0; i < number_16(tiff + tags) && (i + 1) * TAG <= size - tags - 2; i++) {
        const uint8_t *tag = tiff + tags + 2 + i * TAG;
        const size_t at = number_32(tag + 8);
        if (number_16(tag) == PICTURES && at <= size - SIZE_AT && size - SIZE_AT - at >= 4)
            return (size_t)(tiff - container->bytes) + at + SIZE_AT;
    }
    return 0;
}

/* The first picture becomes as much larger as its metadata. */
static bool put_first_size(const struct container *container, struct splices *splices,
                           caption_error *error) {
    bool is_big = false;
    const size_t at = find_first_size(container, &is_big);
    if (at == 0) return true;
    const uint8_t *bytes = container->bytes + at;
    size_t size = is_big ? bytes_big_32(bytes) : bytes_little_32(bytes);
    for (size_t i = 0; i < splices->count; i++)
        size += splices->items[i].size - (splices->items[i].end - splices->items[i].begin);
    uint8_t made[4];
    for (int i = 0; i < 4; i++) made[i] = (uint8_t)(size >> 8 * (is_big ? 3 - i : i));
    return splices_add(splices, at, at + sizeof made, made, sizeof made, error);
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
           (!resources || put_resources(container, resources, splices, error)) &&
           put_first_size(container, splices, error);
}

static const struct container_format container_jpeg = {"JPEG", true, jpeg_recognise, jpeg_read,
                                                       jpeg_put};

/* PNG: chunks of length, type, data and checksum. XMP is text in a chunk iTXt with a keyword of its
 * own, not compressed. */

enum { SIGNATURE = 8, TYPE = 4, CHUNK_HEAD = 8, CHECKSUM = 4, LARGEST_CHUNK = 0x7fffffff };

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
    const uint8_t *data = container->bytes + place.begin + CHUNK_HEAD;
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
    const size_t size = place.end - place.begin - CHUNK_HEAD - CHECKSUM;
    if (is_type(chunk, "caBX")) container->is_signed = true;
    /* Apple's iDOT counts from itself to the pixels, between which nothing may be put. */
    if ((is_type(chunk, "iDOT") || is_type(chunk, "IDAT")) && container->xmp.end == 0)
        container->xmp = (struct container_place){place.begin, place.begin};
    if (is_type(chunk, "iTXt") && !container->packet &&
        begins_with(chunk + CHUNK_HEAD, size, keyword, sizeof keyword))
        return read_text(container, place, error);
    const bool is_text = is_type(chunk, "zTXt") || is_type(chunk, "tEXt") || is_type(chunk, "iTXt");
    if (!is_text || !begins_with(chunk + CHUNK_HEAD, size, old_keyword, sizeof old_keyword))
        return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "has XMP in ImageMagick's old form (\"%s\"), which is not changed: --write-xmp "
        "writes a sidecar",
        old_keyword);
}

/* What lies behind the last whole chunk stays as it is. */
static bool png_read(struct container *container, caption_error *error) {
    const size_t size = container->size;
    for (size_t at = SIGNATURE; size - at >= CHUNK_HEAD + CHECKSUM;) {
        const size_t length = bytes_big_32(container->bytes + at);
        if (length > size - at - CHUNK_HEAD - CHECKSUM) break;
        const struct container_place place = {at, at + CHUNK_HEAD + length + CHECKSUM};
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
    const size_t length = head + packet_size, size = CHUNK_HEAD + length + CHECKSUM;
    uint8_t *chunk = memory_uninitialised(size, 1, "a chunk", error);
    if (!chunk) return false;
    write_big_32(chunk, (uint32_t)length);
    memcpy(chunk + 4, "iTXt", TYPE);
    memcpy(chunk + CHUNK_HEAD, text_head, head);
    memcpy(chunk + CHUNK_HEAD + head, packet, packet_size);
    write_big_32(chunk + CHUNK_HEAD + length, checksum(chunk + 4, TYPE + length));
    const bool ok =
        splices_add(splices, container->xmp.begin, container->xmp.end, chunk, size, error);
    free(chunk);
    return ok;
}

static const struct container_format container_png = {"PNG", false, png_recognise, png_read,
                                                      png_put};

/* WebP: a RIFF file of chunks with type, size and data, which begin at even places. XMP is a chunk
 * of its own, announced by a flag in the chunk VP8X, which comes first; a simple file has no VP8X,
 * and gets one. */

enum { RIFF = 12, VP8X = 10, FLAG_XMP = 0x04, FLAG_ALPHA = 0x10 };

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
    if (end > container->size || end < RIFF + CHUNK_HEAD)
        return error_set(error, CAPTION_ERROR_FORMAT, "expected %zu bytes, found %zu", end,
                         container->size);
    size_t at = RIFF;
    while (end - at >= CHUNK_HEAD) {
        const uint8_t *chunk = container->bytes + at;
        const size_t length = bytes_little_32(chunk + 4), left = end - at - CHUNK_HEAD;
        if (length > left)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "its chunk at byte %zu is longer than the file", at);
        const size_t next = at + CHUNK_HEAD + length + (length & 1 && length < left);
        if (memcmp(chunk, "C2PA", 4) == 0) container->is_signed = true;
        if (memcmp(chunk, "XMP ", 4) == 0 && !container->packet) {
            container->xmp = (struct container_place){at, next};
            if (!container_keep_packet(container, chunk + CHUNK_HEAD, length, error)) return false;
        }
        at = next;
    }
    /* Behind the last chunk: bytes that are too few for another one stay the last. */
    if (!container->packet) container->xmp = (struct container_place){at, at};
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
        const uint8_t flags = chunk[CHUNK_HEAD] | FLAG_XMP;
        return splices_add(splices, RIFF + CHUNK_HEAD, RIFF + CHUNK_HEAD + 1, &flags, 1, error);
    }
    const struct image_file file = image_file_inspect(NULL, container->bytes, container->size);
    if (!image_file_has_size(&file))
        return error_set(error, CAPTION_ERROR_FORMAT, "expected pixels in its first chunk");
    /* VP8L has a signature of one byte, two sizes of 14 bits each and a bit for transparency. */
    const bool has_alpha =
        memcmp(chunk, "VP8L", 4) == 0 && length >= 5 && (chunk[CHUNK_HEAD + 4] & 0x10) != 0;
    uint8_t made[CHUNK_HEAD + VP8X] = "VP8X";
    write_little(made + 4, VP8X, 4);
    made[CHUNK_HEAD] = FLAG_XMP | (has_alpha ? FLAG_ALPHA : 0);
    write_little(made + CHUNK_HEAD + 4, file.header.width - 1, 3);
    write_little(made + CHUNK_HEAD + 7, file.header.height - 1, 3);
    return splices_add(splices, RIFF, RIFF, made, sizeof made, error);
}

/* The chunk; behind another one that lacks its byte of padding, that byte first. */
static bool put_chunk(const struct container *container, const char *packet, size_t packet_size,
                      struct splices *splices, caption_error *error) {
    const bool is_appended = container->xmp.begin == container->xmp.end,
               is_odd = is_appended && (container->xmp.begin & 1) != 0;
    const size_t size = CHUNK_HEAD + packet_size + (packet_size & 1);
    uint8_t *chunk = memory_zeroed(is_odd + size, 1, "a chunk", error);
    if (!chunk) return false;
    uint8_t *at = chunk + is_odd;
    memcpy(at, "XMP ", 4);
    write_little(at + 4, packet_size, 4);
    memcpy(at + CHUNK_HEAD, packet, packet_size);
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

static const struct container_format container_webp = {"WebP", false, webp_recognise, webp_read,
                                                       webp_put};

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

void container_free(struct container *container) {
    free(container->packet);
    free(container->extension);
    free(container->resources);
    free(container->resource_segments);
    *container = (struct container){0};
}
