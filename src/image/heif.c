/* HEIF: boxes of ISO/IEC 14496-12, in them photos as HEVC (HEIC) or AV1 (AVIF). Decoded by
 * libheif, without which they are refused. */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_HEIF
#include <libheif/heif.h>
#endif

#include "base/file.h"
#include "base/memory.h"
#include "image/decode.h"

/* The largest of the sizes of all items: that of the photo, for its tiles, thumbnails and depth
 * maps are smaller. */
static void read_sizes(const struct iso_box *properties, struct format_header *header) {
    const uint8_t *bytes = properties->content;
    size_t size = properties->size;
    struct iso_box box;
    while (iso_box_find(bytes, size, "ispe", &box) && box.size >= ISO_FULL_BOX + 8) {
        const size_t width = bytes_big_32(box.content + ISO_FULL_BOX);
        const size_t height = bytes_big_32(box.content + ISO_FULL_BOX + 4);
        if ((uint64_t)width * height > (uint64_t)header->width * header->height) {
            header->width = width;
            header->height = height;
        }
        const size_t read = (size_t)(box.content - bytes) + box.size;
        bytes += read;
        size -= read;
    }
}

static void heif_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct iso_box meta, properties, items;
    if (iso_box_find(bytes, size, "meta", &meta) && meta.size > ISO_FULL_BOX &&
        iso_box_find(meta.content + ISO_FULL_BOX, meta.size - ISO_FULL_BOX, "iprp", &properties) &&
        iso_box_find(properties.content, properties.size, "ipco", &items))
        read_sizes(&items, header);
    if (!iso_boxes_end(bytes, size)) {
        header->missing = "the end that its boxes give";
        return;
    }
    if (header->width == 0) header->impossible = "it has no size of a photo";
}

static bool has_brand(const uint8_t *bytes, size_t size, const char *brand) {
    const size_t length = strlen(brand);
    return size >= 8 + length && memcmp(bytes + 4, "ftyp", 4) == 0 &&
           memcmp(bytes + 8, brand, length) == 0;
}

static bool heic_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "hei") || has_brand(bytes, size, "hev");
}

static bool heif_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "mif1") || has_brand(bytes, size, "msf1");
}

static bool avif_recognise(const uint8_t *bytes, size_t size) {
    return has_brand(bytes, size, "avi");
}

#ifdef CAPTION_WITH_HEIF

/* libheif and its codecs take longer to load than a caption takes: they are loaded for the first
 * such photo, and stay. */
#define LIBHEIF(FUNCTION)                                                                          \
    FUNCTION(heif_context_alloc)                                                                   \
    FUNCTION(heif_context_free)                                                                    \
    FUNCTION(heif_context_read_from_memory_without_copy)                                           \
    FUNCTION(heif_context_get_primary_image_handle)                                                \
    FUNCTION(heif_image_handle_release)                                                            \
    FUNCTION(heif_image_handle_get_width)                                                          \
    FUNCTION(heif_image_handle_get_height)                                                         \
    FUNCTION(heif_image_handle_get_luma_bits_per_pixel)                                            \
    FUNCTION(heif_image_handle_has_alpha_channel)                                                  \
    FUNCTION(heif_image_handle_is_premultiplied_alpha)                                             \
    FUNCTION(heif_image_handle_get_raw_color_profile_size)                                         \
    FUNCTION(heif_image_handle_get_raw_color_profile)                                              \
    FUNCTION(heif_image_handle_get_nclx_color_profile)                                             \
    FUNCTION(heif_nclx_color_profile_free)                                                         \
    FUNCTION(heif_decoding_options_alloc)                                                          \
    FUNCTION(heif_decoding_options_free)                                                           \
    FUNCTION(heif_decode_image)                                                                    \
    FUNCTION(heif_image_release)                                                                   \
    FUNCTION(heif_image_get_width)                                                                 \
    FUNCTION(heif_image_get_height)                                                                \
    FUNCTION(heif_image_get_plane_readonly)

struct libheif {
    LIBHEIF(LIBRARY_POINTER)
};

static bool load(struct libheif *lib, caption_error *error) {
    return library_load(CAPTION_HEIF_SONAME, "a HEIF photo", "libheif", LIBRARY_NAMES(LIBHEIF), lib,
                        error);
}

/* A file on its way to pixels. */
struct file {
    struct libheif heif;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_image *image; /* RGB or RGBA, upright */
    bool transparent, odd_colors;
};

static bool fail(struct heif_error result, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "is a HEIF photo that cannot be decoded: %.200s",
                     result.message);
}

static void file_close(struct file *file) {
    if (file->image) file->heif.heif_image_release(file->image);
    if (file->handle) file->heif.heif_image_handle_release(file->handle);
    if (file->context) file->heif.heif_context_free(file->context);
}

/* The photo, and its size as it stands upright. */
static bool file_open(struct file *file, const uint8_t *bytes, size_t size,
                      struct format_header *header, caption_error *error) {
    if (!load(&file->heif, error)) return false;
    file->context = file->heif.heif_context_alloc();
    if (!file->context) return error_memory(error, "the HEIF decoder");
    struct heif_error result =
        file->heif.heif_context_read_from_memory_without_copy(file->context, bytes, size, NULL);
    if (result.code == heif_error_Ok)
        result = file->heif.heif_context_get_primary_image_handle(file->context, &file->handle);
    if (result.code != heif_error_Ok) return fail(result, error);
    const int width = file->heif.heif_image_handle_get_width(file->handle);
    const int height = file->heif.heif_image_handle_get_height(file->handle);
    header->width = width > 0 ? (size_t)width : 0;
    header->height = height > 0 ? (size_t)height : 0;
    file->transparent = file->heif.heif_image_handle_has_alpha_channel(file->handle) != 0;
    return image_check_size(header->width, header->height, error);
}

/* What the pictures in the file are by the headers of their own streams: a decoder takes memory for
 * those, whatever the boxes say. */

struct coded {
    uint64_t pixels;    /* of the largest picture; 0: none is found */
    bool av1;           /* one of them is AV1 */
    bool deep;          /* one has more than 8 bits */
    bool full_chroma;   /* one may have colours that are not halved across and down */
    bool odd_colors;    /* one has colours that libheif does not know */
    bool shared, empty; /* items share their bytes; a picture has none: no photo */
};

/* Bits, the highest of each byte first; behind the end they are 0. Of HEVC, bytes that keep its
 * start codes unique are left out. */
struct stream_bits {
    const uint8_t *bytes;
    size_t size, at; /* in bytes, in bits */
    bool escaped;
};

static uint32_t read_bits(struct stream_bits *bits, unsigned count) {
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++, bits->at++) {
        const size_t byte = bits->at / 8;
        if (bits->escaped && bits->at % 8 == 0 && byte >= 2 && byte < bits->size &&
            bits->bytes[byte] == 3 && bits->bytes[byte - 1] == 0 && bits->bytes[byte - 2] == 0)
            bits->at += 8;
        const size_t place = bits->at / 8;
        const unsigned bit = place < bits->size ? bits->bytes[place] >> (7 - bits->at % 8) & 1U : 0;
        value = value << 1 | bit;
    }
    return value;
}

/* Exponential Golomb: so many bits as zeros stand before them. */
static uint32_t read_golomb(struct stream_bits *bits) {
    unsigned zeros = 0;
    while (zeros < 32 && read_bits(bits, 1) == 0) zeros++;
    return zeros == 32 ? UINT32_MAX : (1U << zeros) - 1 + read_bits(bits, zeros);
}

static void take_size(struct coded *coded, uint64_t width, uint64_t height) {
    if (width * height > coded->pixels) coded->pixels = width * height;
}

/* ISO/IEC 23008-2, 7.3.2.2: a sequence parameter set behind the 2 bytes that say so. */
static void read_parameters(const uint8_t *bytes, size_t size, struct coded *coded) {
    struct stream_bits bits = {bytes, size, 16, true};
    bool has_profile[8] = {false}, has_level[8] = {false};
    read_bits(&bits, 4);
    const unsigned layers = read_bits(&bits, 3);
    read_bits(&bits, 1);
    for (unsigned i = 0; i < 12; i++) read_bits(&bits, 8); /* the profile and its level */
    for (unsigned i = 0; i < (layers > 0 ? 8 : 0); i++) {
        has_profile[i] = read_bits(&bits, 1) && i < layers;
        has_level[i] = read_bits(&bits, 1) && i < layers;
    }
    for (unsigned i = 0; i < layers; i++) {
        for (unsigned j = 0; has_profile[i] && j < 11; j++) read_bits(&bits, 8);
        if (has_level[i]) read_bits(&bits, 8);
    }
    read_golomb(&bits);
    const uint32_t chroma = read_golomb(&bits);
    if (chroma == 3) read_bits(&bits, 1);
    const uint32_t width = read_golomb(&bits);
    take_size(coded, width, read_golomb(&bits));
    const bool cropped = read_bits(&bits, 1);
    for (unsigned i = 0; i < (cropped ? 4 : 0); i++) read_golomb(&bits);
    const uint32_t luma_bits = read_golomb(&bits), chroma_bits = read_golomb(&bits); /* beyond 8 */
    coded->deep |= luma_bits > 0 || chroma_bits > 0;
    coded->full_chroma |= chroma > 1;
}

enum { HEVC_PARAMETERS = 33, HEVC_LENGTH = 4 };

static void read_unit(const uint8_t *bytes, size_t size, struct coded *coded) {
    if (size > 2 && (bytes[0] >> 1 & 63) == HEVC_PARAMETERS) read_parameters(bytes, size, coded);
}

static void read_hevc(const uint8_t *bytes, size_t size, struct coded *coded) {
    while (size > HEVC_LENGTH) {
        const size_t length = bytes_big_32(bytes);
        if (length > size - HEVC_LENGTH) return;
        read_unit(bytes + HEVC_LENGTH, length, coded);
        bytes += HEVC_LENGTH + length;
        size -= HEVC_LENGTH + length;
    }
}

/* What stands beside a picture: lists of units. */
static void read_hevc_settings(const uint8_t *bytes, size_t size, struct coded *coded) {
    enum { settings = 22 };
    size_t at = settings + 1;
    for (unsigned lists = size > settings ? bytes[settings] : 0; lists > 0 && size - at >= 3;
         lists--) {
        unsigned units = bytes_big_16(bytes + at + 1);
        for (at += 3; units > 0 && size - at >= 2; units--) {
            const size_t length = bytes_big_16(bytes + at);
            if (length > size - at - 2) return;
            read_unit(bytes + at + 2, length, coded);
            at += 2 + length;
        }
    }
}

/* AV1, 5.5.1: times and operating points of a sequence that is more than a picture. */
static void read_operations(struct stream_bits *bits) {
    unsigned delay = 0;       /* bits of a decoder's delays; 0: there are none */
    if (read_bits(bits, 1)) { /* times */
        for (unsigned i = 0; i < 8; i++) read_bits(bits, 8);
        if (read_bits(bits, 1)) read_golomb(bits);
        if (read_bits(bits, 1)) {
            delay = read_bits(bits, 5) + 1;
            read_bits(bits, 32);
            read_bits(bits, 10);
        }
    }
    const bool waits = read_bits(bits, 1);
    for (unsigned points = read_bits(bits, 5) + 1; points > 0; points--) {
        read_bits(bits, 12);
        if (read_bits(bits, 5) > 7) read_bits(bits, 1);
        if (delay > 0 && read_bits(bits, 1)) {
            read_bits(bits, delay);
            read_bits(bits, delay);
            read_bits(bits, 1);
        }
        if (waits && read_bits(bits, 1)) read_bits(bits, 4);
    }
}

/* The tools of such a sequence. */
static void read_tools(struct stream_bits *bits) {
    read_bits(bits, 4);
    const bool ordered = read_bits(bits, 1);
    if (ordered) read_bits(bits, 2);
    const bool screen = read_bits(bits, 1) || read_bits(bits, 1);
    if (screen && !read_bits(bits, 1)) read_bits(bits, 1);
    if (ordered) read_bits(bits, 3);
}

/* AV1, 5.5.1: a sequence header, as far as it says how many bits a colour has. Colours are halved
 * across and down in profile 0, and in others not always. */
static void read_sequence(const uint8_t *bytes, size_t size, struct coded *coded) {
    struct stream_bits bits = {bytes, size, 0, false};
    const unsigned profile = read_bits(&bits, 3);
    read_bits(&bits, 1);
    const bool alone = read_bits(&bits, 1); /* a picture */
    if (alone)
        read_bits(&bits, 5);
    else
        read_operations(&bits);
    const unsigned width_bits = read_bits(&bits, 4) + 1, height_bits = read_bits(&bits, 4) + 1;
    const uint64_t width = read_bits(&bits, width_bits) + (uint64_t)1;
    take_size(coded, width, read_bits(&bits, height_bits) + (uint64_t)1);
    if (!alone && read_bits(&bits, 1)) read_bits(&bits, 7); /* numbers of frames */
    read_bits(&bits, 3);
    if (!alone) read_tools(&bits);
    read_bits(&bits, 3);
    coded->deep |= read_bits(&bits, 1);
    coded->full_chroma |= profile > 0;
    coded->av1 = true;
}

/* Bytes of a number of 7 bits a byte, the lowest first; 0: it has no end. */
static size_t read_leb128(const uint8_t *bytes, size_t size, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < 8 && i < size; i++) {
        *value |= (uint64_t)(bytes[i] & 0x7f) << 7 * i;
        if (bytes[i] < 0x80) return i + 1;
    }
    return 0;
}

static void read_av1(const uint8_t *bytes, size_t size, struct coded *coded) {
    enum { sequence = 1, has_extension = 4, has_size = 2 };
    while (size > 2) {
        const unsigned head = *bytes;
        size_t begin = head & has_extension ? 2 : 1;
        uint64_t length = size - begin;
        if (head & has_size) {
            const size_t digits = read_leb128(bytes + begin, size - begin, &length);
            begin += digits;
            if (digits == 0 || length > size - begin) return;
        }
        if ((head >> 3 & 15) == sequence) read_sequence(bytes + begin, (size_t)length, coded);
        bytes += begin + (size_t)length;
        size -= begin + (size_t)length;
    }
}

/* An item that is made of others has no bytes of its own. */
enum { MOST_EMPTY = 64 };

/* Bytes of items that may lie where others' do: cells of a grid that look the same. */
enum { MOST_SHARED = 500 * 1000 };

/* Where an item's bytes lie: ISO/IEC 14496-12, 8.11.3. */
struct locations {
    const uint8_t *bytes; /* of the box, behind what was read */
    size_t size;
    unsigned version, offset_size, length_size, base_size, index_size;
    const uint8_t *file, *data; /* from which offsets count */
    size_t file_size, data_size;
    size_t taken;         /* bytes of all extents so far */
    unsigned empty;       /* items so far that have none */
    struct iso_box kinds; /* of the items */
};

/* A number of 0, 2, 4 or 8 bytes; behind the end 0. */
static uint64_t take_number(struct locations *in, size_t count) {
    uint64_t number = 0;
    if (count > in->size) in->size = 0;
    for (size_t i = 0; i < count && in->size > 0; i++, in->bytes++, in->size--)
        number = number << 8 | *in->bytes;
    return number;
}

/* Whether an item is a picture of AV1. */
static bool is_av1(const struct iso_box *kinds, uint64_t number) {
    enum { flags = ISO_FULL_BOX, protection = 2, kind = 4 };
    if (kinds->size < flags + 4) return false;
    const size_t count = kinds->content[0] == 0 ? 2 : 4;
    const uint8_t *bytes = kinds->content + flags + count;
    size_t size = kinds->size - flags - count;
    struct iso_box box;
    while (iso_box_find(bytes, size, "infe", &box)) {
        const size_t width = box.size > 0 && box.content[0] > 2 ? 4 : 2;
        if (box.size >= flags + width + protection + kind) {
            const uint8_t *at = box.content + flags;
            const uint64_t found = width == 4 ? bytes_big_32(at) : bytes_big_16(at);
            if (found == number) return memcmp(at + width + protection, "av01", kind) == 0;
        }
        const size_t read = (size_t)(box.content - bytes) + box.size;
        bytes += read;
        size -= read;
    }
    return false;
}

/* Adds the bytes of an item's next extent to `item`, which has place for a file. */
static bool take_extent(struct locations *in, bool in_data, uint64_t base, uint8_t *item,
                        size_t *end, bool *stated) {
    take_number(in, in->index_size);
    const uint64_t offset = base + take_number(in, in->offset_size);
    uint64_t length = take_number(in, in->length_size);
    *stated |= length > 0;
    const uint8_t *from = in_data ? in->data : in->file;
    const size_t size = in_data ? in->data_size : in->file_size;
    if (offset > size) return false;
    if (length == 0) length = size - offset;
    if (length > size - offset || length > in->file_size - *end) return false;
    memcpy(item + *end, from + offset, (size_t)length);
    *end += (size_t)length;
    in->taken += (size_t)length;
    return true;
}

/* Items of other kinds are looked at, too: they are no such streams, and say nothing. False where
 * a picture of AV1 has no bytes: libheif 1.15 would hand them to libdav1d, and lose memory. */
static bool read_item(struct locations *in, uint8_t *item, struct coded *coded) {
    size_t end = 0;
    const uint64_t number = take_number(in, in->version < 2 ? 2 : 4);
    const bool in_data = in->version > 0 && (take_number(in, 2) & 15) == 1;
    take_number(in, 2);
    const uint64_t base = take_number(in, in->base_size);
    bool whole = true, stated = false;
    for (uint64_t extents = take_number(in, 2); extents > 0 && in->size > 0; extents--)
        whole = take_extent(in, in_data, base, item, &end, &stated) && whole;
    if (!stated && (++in->empty > MOST_EMPTY || is_av1(&in->kinds, number))) return false;
    if (!whole) return true; /* libheif refuses it */
    read_hevc(item, end, coded);
    read_av1(item, end, coded);
    return true;
}

/* Bytes of a number that the standard allows; libheif takes numbers of others for 0. */
static bool is_size(unsigned bytes) {
    return bytes == 0 || bytes == 4 || bytes == 8;
}

static void read_items(const struct iso_box *meta, const struct image_file *file, uint8_t *item,
                       struct coded *coded) {
    struct iso_box box, data = {0};
    const uint8_t *boxes = meta->content + ISO_FULL_BOX;
    const size_t size = meta->size - ISO_FULL_BOX;
    if (!iso_box_find(boxes, size, "iloc", &box) || box.size < ISO_FULL_BOX + 2) return;
    (void)iso_box_find(boxes, size, "idat", &data);
    const uint8_t *sizes = box.content + ISO_FULL_BOX;
    struct locations in = {.bytes = sizes + 2,
                           .size = box.size - ISO_FULL_BOX - 2,
                           .version = box.content[0],
                           .offset_size = sizes[0] >> 4,
                           .length_size = sizes[0] & 15,
                           .base_size = sizes[1] >> 4,
                           .index_size = box.content[0] > 0 ? sizes[1] & 15 : 0,
                           .file = file->bytes,
                           .data = data.content,
                           .file_size = file->size,
                           .data_size = data.size};
    if (!is_size(in.offset_size) || !is_size(in.length_size) || !is_size(in.base_size) ||
        !is_size(in.index_size)) {
        coded->empty = true;
        return;
    }
    if (!iso_box_find(boxes, size, "iinf", &in.kinds)) in.kinds = (struct iso_box){0};
    for (uint64_t items = take_number(&in, in.version < 2 ? 2 : 4); items > 0 && in.size > 0;
         items--) {
        if (!read_item(&in, item, coded)) {
            coded->empty = true;
            return;
        }
        /* Looking at them must take no longer than the file is long. */
        if (in.taken / 2 > size_larger(file->size, MOST_SHARED)) {
            coded->shared = true;
            return;
        }
    }
}

/* Whether the code points of colours (ITU-T H.273) in a box "colr" are some that libheif knows. Of
 * others version 1.15 loses the memory that it would give back. */
static bool are_known_colors(const struct iso_box *box) {
    const uint8_t *at = box->content + 4;
    if (box->size < 4 || memcmp(box->content, "nclx", 4) != 0) return true;
    if (box->size < 10) return false;
    const unsigned primaries = (unsigned)at[0] << 8 | at[1],
                   transfer = (unsigned)at[2] << 8 | at[3], matrix = (unsigned)at[4] << 8 | at[5];
    return ((primaries >= 1 && primaries <= 12 && primaries != 3) || primaries == 22) &&
           transfer >= 1 && transfer <= 18 && transfer != 3 && matrix <= 14 && matrix != 3;
}

static void read_settings(const struct iso_box *meta, struct coded *coded) {
    struct iso_box properties, items, box;
    if (!iso_box_find(meta->content + ISO_FULL_BOX, meta->size - ISO_FULL_BOX, "iprp",
                      &properties) ||
        !iso_box_find(properties.content, properties.size, "ipco", &items))
        return;
    while (items.size >= ISO_BOX_HEADER) {
        box = iso_box_read(items.content, items.size);
        if (box.length == 0 || box.length > items.size) return;
        if (iso_box_is(&box, "hvcC")) read_hevc_settings(box.content, box.size, coded);
        if (iso_box_is(&box, "av1C") && box.size > 4)
            read_av1(box.content + 4, box.size - 4, coded);
        if (iso_box_is(&box, "colr") && !are_known_colors(&box)) coded->odd_colors = true;
        items.content += box.length;
        items.size -= box.length;
    }
}

/* Looks at every item of bytes[size]. False with `error` set when memory is short. */
static bool coded_read(const uint8_t *bytes, size_t size, struct coded *coded,
                       caption_error *error) {
    const struct image_file file = {.bytes = bytes, .size = size};
    struct iso_box meta;
    *coded = (struct coded){0};
    if (!iso_box_find(bytes, size, "meta", &meta) || meta.size <= ISO_FULL_BOX) return true;
    uint8_t *item = memory_uninitialised(size, 1, "a photo's file", error);
    if (!item) return false;
    read_settings(&meta, coded);
    read_items(&meta, &file, item, coded);
    free(item);
    return true;
}

/* What libheif and its codecs were measured to take at most beside the file, rounded up: planes of
 * the codec's own, and of more than 8 bits copies on the way to those that are asked for; of AV1
 * with full chroma dav1d's coefficients, too. 3 bytes are those of the image. */
static size_t bytes_a_pixel(const struct file *file, const struct coded *coded) {
    const bool deep =
        coded->deep || file->heif.heif_image_handle_get_luma_bits_per_pixel(file->handle) > 8;
    size_t bytes = deep ? 14 : 8;
    if (coded->full_chroma && deep)
        bytes = 26;
    else if (coded->full_chroma && coded->av1)
        bytes = 14;
    return bytes + (file->transparent ? 6 : 0);
}

static bool decode(struct file *file, const struct format_header *header,
                   const struct image_file *photo, caption_error *error) {
    struct coded coded;
    if (!coded_read(photo->bytes, photo->size, &coded, error)) return false;
    file->odd_colors = coded.odd_colors;
    if (coded.shared)
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "the items of the HEIF file share their bytes, and are no photo");
    if (coded.empty)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a HEIF photo without pixels");
    const size_t claimed = header->width * header->height;
    const size_t pixels =
        coded.pixels < SIZE_MAX / 64 ? size_larger((size_t)coded.pixels, claimed) : SIZE_MAX / 64;
    if (!image_check_cost(header, bytes_a_pixel(file, &coded) * pixels, 0, photo->size, error))
        return false;
    struct heif_decoding_options *options = file->heif.heif_decoding_options_alloc();
    if (!options) return error_memory(error, "the HEIF decoder");
    options->convert_hdr_to_8bit = 1;
    const struct heif_error result = file->heif.heif_decode_image(
        file->handle, &file->image, heif_colorspace_RGB,
        file->transparent ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, options);
    file->heif.heif_decoding_options_free(options);
    return result.code == heif_error_Ok || fail(result, error);
}

/* A photo is not refused for its profile, nor for want of memory for it. */
static uint8_t *read_profile(const struct file *file, size_t *size) {
    *size = file->heif.heif_image_handle_get_raw_color_profile_size(file->handle);
    uint8_t *profile = *size > 0 ? memory_uninitialised(*size, 1, "a colour profile", NULL) : NULL;
    if (!profile) return NULL;
    const struct heif_error result =
        file->heif.heif_image_handle_get_raw_color_profile(file->handle, profile);
    if (result.code == heif_error_Ok) return profile;
    free(profile);
    return NULL;
}

static struct cicp read_cicp(const struct file *file) {
    struct heif_color_profile_nclx *found = NULL;
    if (file->odd_colors) return (struct cicp){0};
    const struct heif_error result =
        file->heif.heif_image_handle_get_nclx_color_profile(file->handle, &found);
    if (result.code != heif_error_Ok || !found) return (struct cicp){0};
    const struct cicp cicp = {(unsigned)found->color_primaries,
                              (unsigned)found->transfer_characteristics};
    file->heif.heif_nclx_color_profile_free(found);
    return cicp;
}

/* The size comes from the boxes, the pixels from the stream: there may be fewer of them. */
static bool has_pixels(const struct file *file, const struct format_header *header) {
    const int width = file->heif.heif_image_get_width(file->image, heif_channel_interleaved);
    const int height = file->heif.heif_image_get_height(file->image, heif_channel_interleaved);
    return width > 0 && height > 0 && (size_t)width >= header->width &&
           (size_t)height >= header->height;
}

static bool take_pixels(struct file *file, const struct format_header *header, size_t size,
                        size_t min_side, struct image *out, caption_error *error) {
    int stride = 0;
    struct whole_pixels whole = {.channels = file->transparent ? 4 : 3};
    whole.pixels =
        file->heif.heif_image_get_plane_readonly(file->image, heif_channel_interleaved, &stride);
    if (!whole.pixels || stride <= 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a HEIF photo without pixels");
    if (!has_pixels(file, header))
        return error_set(error, CAPTION_ERROR_FORMAT, "HEIF contradicts itself about its size");
    whole.stride = (size_t)stride;
    uint8_t *profile = read_profile(file, &whole.profile_size);
    whole.profile = profile;
    whole.cicp = read_cicp(file);
    whole.premultiplied = file->heif.heif_image_handle_is_premultiplied_alpha(file->handle) != 0;
    const bool ok = image_take_whole(&whole, header, size, min_side, out, error);
    free(profile);
    return ok;
}

static bool heif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    const struct image_file photo = {.bytes = bytes, .size = size};
    struct format_header upright = *header;
    struct file file = {0};
    const bool ok = file_open(&file, bytes, size, &upright, error) &&
                    decode(&file, &upright, &photo, error) &&
                    take_pixels(&file, &upright, size, min_side, out, error);
    file_close(&file);
    return ok;
}

#else
#define heif_decode NULL
#endif

static const char absent[] = "is a HEIF photo, which this build cannot decode: libheif was absent";

const struct format format_heic = {"HEIC", heic_recognise, heif_inspect, heif_decode, absent};
const struct format format_heif = {"HEIF", heif_recognise, heif_inspect, heif_decode, absent};
const struct format format_avif = {"AVIF", avif_recognise, heif_inspect, heif_decode, absent};
