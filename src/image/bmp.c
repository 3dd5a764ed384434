/* BMP: a file header, an information header (12 bytes in OS/2's version 1, up to 64 in its version
 * 2, 40 to 124 in those of Windows), a palette or masks, rows of pixels, from the lowest upwards.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/decode.h"

enum bmp_compression {
    BMP_PLAIN = 0,
    BMP_RLE8 = 1,
    BMP_RLE4 = 2,
    BMP_MASKS = 3,
    BMP_ALPHA_MASKS = 6
};

struct bmp {
    size_t width, height;
    size_t bits; /* a pixel: 1, 2, 4, 8, 16, 24 or 32 */
    bool downwards;
    uint32_t compression;
    size_t header_size;      /* of the information header */
    size_t start;            /* pixels begin at this byte */
    size_t row;              /* bytes of one, where not run-length encoded */
    uint32_t masks[4];       /* red, green, blue, alpha of 16 and 32 bits */
    uint8_t palette[256][3]; /* RGB; black where the file has fewer colours */
};

enum { FILE_HEADER = 14, OS2_HEADER = 12, OS2_LONG_HEADER = 64, SHORTEST_HEADER = 16 };
enum { WINDOWS_HEADER = 40, ALPHA_HEADER = 56, LONGEST_HEADER = 124 };

static bool is_header_size(size_t size) {
    return size == OS2_HEADER || (size >= SHORTEST_HEADER && size <= LONGEST_HEADER);
}

static bool bmp_recognise(const uint8_t *bytes, size_t size) {
    if (size < 2 || memcmp(bytes, "BM", 2) != 0) return false;
    /* Two letters are little: text may begin with them. */
    return size < FILE_HEADER + 4 || is_header_size(bytes_little_32(bytes + FILE_HEADER));
}

/* A number of the information header; 0 where that is too short to have it. */
static uint32_t field(const struct bmp *bmp, const uint8_t *bytes, size_t at) {
    return at + 4 <= bmp->header_size ? bytes_little_32(bytes + FILE_HEADER + at) : 0;
}

static void read_size(const uint8_t *bytes, struct bmp *bmp) {
    const uint8_t *info = bytes + FILE_HEADER;
    if (bmp->header_size == OS2_HEADER) {
        bmp->width = bytes_little_16(info + 4);
        bmp->height = bytes_little_16(info + 6);
        bmp->bits = bytes_little_16(info + 10);
        return;
    }
    const uint32_t height = bytes_little_32(info + 8);
    bmp->downwards = height >> 31;
    bmp->width = bytes_little_32(info + 4);
    bmp->height = bmp->downwards ? 0u - height : height;
    bmp->bits = bytes_little_16(info + 14);
    bmp->compression = field(bmp, bytes, 16);
}

/* A row is a multiple of 4 bytes; SIZE_MAX where that is too much. */
static size_t row_size(const struct bmp *bmp) {
    size_t bits;
    if (!size_multiply(bmp->width, bmp->bits, &bits) || !size_add(bits, 31, &bits)) return SIZE_MAX;
    return bits / 32 * 4;
}

static size_t palette_entry(const struct bmp *bmp) {
    return bmp->header_size == OS2_HEADER ? 3 : 4;
}

/* Colours that the palette is to have. */
static size_t palette_count(const struct bmp *bmp, const uint8_t *bytes) {
    const size_t most = (size_t)1 << bmp->bits, named = field(bmp, bytes, 32);
    return named > 0 && named < most ? named : most;
}

/* False where the file ends before the header does. Some programs forget the palette when they say
 * where the pixels begin. */
static bool read_header(const uint8_t *bytes, size_t size, struct bmp *bmp) {
    *bmp = (struct bmp){0};
    if (size < FILE_HEADER + 4) return false;
    bmp->header_size = bytes_little_32(bytes + FILE_HEADER);
    if (size < FILE_HEADER + bmp->header_size) return false;
    bmp->start = bytes_little_32(bytes + 10);
    read_size(bytes, bmp);
    if (bmp->bits <= 8 && bmp->start == FILE_HEADER + bmp->header_size)
        bmp->start += palette_entry(bmp) * palette_count(bmp, bytes);
    bmp->row = row_size(bmp);
    return true;
}

static bool has_runs(const struct bmp *bmp) {
    return bmp->compression == BMP_RLE8 || bmp->compression == BMP_RLE4;
}

static bool has_masks(const struct bmp *bmp) {
    return bmp->compression == BMP_MASKS || bmp->compression == BMP_ALPHA_MASKS;
}

static void bmp_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct bmp bmp;
    size_t end;
    header->missing = "its last row of pixels";
    if (!read_header(bytes, size, &bmp)) return;
    header->width = bmp.width;
    header->height = bmp.height;
    if (has_runs(&bmp)) {
        if (bmp.start < size) header->missing = NULL;
    } else if (size_multiply(bmp.row, bmp.height, &end) && size_add(end, bmp.start, &end) &&
               end <= size) {
        header->missing = NULL;
    }
}

/* What is wrong with the way in which pixels are stored, or NULL. */
static const char *find_fault(const struct bmp *bmp) {
    const size_t bits = bmp->bits;
    if (bmp->header_size == OS2_LONG_HEADER && bmp->compression == 3)
        return "is compressed by a Huffman code, which is not supported";
    if (bmp->header_size == OS2_LONG_HEADER && bmp->compression == 4)
        return "is compressed as RLE24, which is not supported";
    switch (bmp->compression) {
    case BMP_PLAIN:
        if (bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 24) return NULL;
        break;
    case BMP_RLE8:
        return bits == 8 ? NULL : "has RLE8 pixels of other than 8 bits";
    case BMP_RLE4:
        return bits == 4 ? NULL : "has RLE4 pixels of other than 4 bits";
    case BMP_MASKS:
    case BMP_ALPHA_MASKS:
        break;
    case 4:
        return "holds a JPEG, which is not supported";
    case 5:
        return "holds a PNG, which is not supported";
    default:
        return "is compressed in an unknown way";
    }
    return bits == 16 || bits == 32 ? NULL : "has an impossible number of bits a pixel";
}

/* Masks follow the header of 40 bytes and are part of longer ones. Returns bytes behind a header
 * of 40. */
static size_t read_masks(const uint8_t *bytes, size_t size, struct bmp *bmp) {
    static const uint32_t of_16[4] = {0x7c00, 0x3e0, 0x1f, 0},
                          of_32[4] = {0xff0000, 0xff00, 0xff, 0};
    memcpy(bmp->masks, bmp->bits == 16 ? of_16 : of_32, sizeof bmp->masks);
    if (!has_masks(bmp)) return 0;
    const bool alpha = bmp->compression == BMP_ALPHA_MASKS || bmp->header_size >= ALPHA_HEADER;
    const size_t count = alpha ? 4 : 3, at = FILE_HEADER + WINDOWS_HEADER;
    if (size < at + count * 4) return 0;
    for (size_t i = 0; i < count; i++) bmp->masks[i] = bytes_little_32(bytes + at + i * 4);
    return bmp->header_size == WINDOWS_HEADER ? count * 4 : 0;
}

/* The palette stands before the pixels. Numbers behind its end are black. */
static void read_palette(const uint8_t *bytes, struct bmp *bmp) {
    const size_t entry = palette_entry(bmp), at = FILE_HEADER + bmp->header_size;
    const size_t there = (bmp->start - at) / entry;
    size_t count = palette_count(bmp, bytes);
    if (count > there) count = there;
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++) bmp->palette[i][c] = bytes[at + i * entry + 2 - c];
}

static void take_numbers(const struct bmp *bmp, const uint8_t *numbers, struct image_rows *rows,
                         size_t y) {
    uint8_t *to = image_rows_at(rows, y);
    for (size_t x = 0; x < bmp->width; x++) memcpy(to + x * 3, bmp->palette[numbers[x]], 3);
    image_rows_take(rows, y);
}

/* A row of 1, 2, 4 or 8 bits as numbers. */
static void unpack_numbers(const struct bmp *bmp, const uint8_t *from, uint8_t *numbers) {
    const size_t in_byte = 8 / bmp->bits;
    const unsigned mask = (1u << bmp->bits) - 1;
    for (size_t x = 0; x < bmp->width; x++) {
        const size_t behind = 8 - bmp->bits * (1 + x % in_byte);
        numbers[x] = (uint8_t)((unsigned)from[x / in_byte] >> behind & mask);
    }
}

/* One of red, green, blue and alpha: `shift` makes its lowest bit the lowest, `excess` leaves 8. */
struct channel {
    uint32_t mask;
    unsigned shift, excess;
    uint8_t bytes[256]; /* by value */
};

/* A value of fewer than 8 bits is repeated until it fills them. */
static uint8_t widen(unsigned value, unsigned bits) {
    unsigned filled = value << (8 - bits);
    for (unsigned have = bits; have < 8; have *= 2) filled |= filled >> have;
    return (uint8_t)filled;
}

static struct channel channel_of(uint32_t mask, uint8_t absent) {
    struct channel channel = {.mask = mask};
    memset(channel.bytes, absent, sizeof channel.bytes);
    if (mask == 0) return channel;
    unsigned bits = 0;
    while (!(mask >> channel.shift & 1)) channel.shift++;
    while (channel.shift + bits < 32 && mask >> (channel.shift + bits) & 1) bits++;
    channel.mask = (uint32_t)(((uint64_t)1 << bits) - 1) << channel.shift;
    channel.excess = bits > 8 ? bits - 8 : 0;
    if (bits > 8) bits = 8;
    for (unsigned i = 0; i < 1u << bits; i++) channel.bytes[i] = widen(i, bits);
    return channel;
}

static uint32_t pixel_at(const struct bmp *bmp, const uint8_t *row, size_t x) {
    return bmp->bits == 16 ? bytes_little_16(row + 2 * x) : bytes_little_32(row + 4 * x);
}

static uint8_t value_of(const struct channel *channel, uint32_t pixel) {
    return channel->bytes[(pixel & channel->mask) >> channel->shift >> channel->excess];
}

/* Some programs name a mask and leave every pixel transparent: then it means nothing. */
static bool has_opaque_pixel(const struct bmp *bmp, const uint8_t *pixels) {
    for (size_t y = 0; y < bmp->height; y++, pixels += bmp->row)
        for (size_t x = 0; x < bmp->width; x++)
            if (pixel_at(bmp, pixels, x) & bmp->masks[3]) return true;
    return false;
}

static void unmask_row(const struct bmp *bmp, const struct channel channels[4], const uint8_t *from,
                       uint8_t *rgb) {
    for (size_t x = 0; x < bmp->width; x++, rgb += 3) {
        const uint32_t pixel = pixel_at(bmp, from, x);
        uint8_t rgba[4];
        for (size_t c = 0; c < 4; c++) rgba[c] = value_of(&channels[c], pixel);
        image_over_white(rgba, 4, 1, rgb);
    }
}

static void swap_row(const uint8_t *bgr, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++, bgr += 3, rgb += 3)
        for (size_t c = 0; c < 3; c++) rgb[c] = bgr[2 - c];
}

static void read_rows(struct bmp *bmp, const uint8_t *bytes, struct image_rows *rows,
                      uint8_t *numbers) {
    if (bmp->masks[3] && !has_opaque_pixel(bmp, bytes + bmp->start)) bmp->masks[3] = 0;
    struct channel channels[4];
    for (size_t c = 0; c < 4; c++) channels[c] = channel_of(bmp->masks[c], c == 3 ? 255 : 0);
    const uint8_t *from = bytes + bmp->start;
    for (size_t i = 0; i < bmp->height; i++, from += bmp->row) {
        const size_t y = bmp->downwards ? i : bmp->height - 1 - i;
        if (bmp->bits <= 8) {
            unpack_numbers(bmp, from, numbers);
            take_numbers(bmp, numbers, rows, y);
            continue;
        }
        if (bmp->bits == 24)
            swap_row(from, bmp->width, image_rows_at(rows, y));
        else
            unmask_row(bmp, channels, from, image_rows_at(rows, y));
        image_rows_take(rows, y);
    }
}

static bool check(const struct bmp *bmp, size_t behind_header, caption_error *error) {
    const char *fault = find_fault(bmp);
    const size_t header_end = FILE_HEADER + bmp->header_size + behind_header;
    if (fault) return error_set(error, CAPTION_ERROR_FORMAT, "BMP cannot be decoded: it %s", fault);
    if (bmp->start < header_end)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "damaged BMP: its pixels begin at byte %zu, in its header of %zu bytes",
                         bmp->start, header_end);
    return true;
}

/* Run-length encoded BMP: pairs of a count and a value; after a count of 0 the end of a row, of the
 * picture, a jump, or a run of values as they are, filled up to an even number of bytes. */

struct runs {
    const struct bmp *bmp;
    struct image_rows *rows;
    uint8_t *numbers; /* the row that is being filled; 0 where nothing is drawn */
    size_t x, y;      /* y counted as stored */
};

static void end_row(struct runs *runs) {
    const size_t height = runs->bmp->height;
    const size_t y = runs->bmp->downwards ? runs->y : height - 1 - runs->y;
    take_numbers(runs->bmp, runs->numbers, runs->rows, y);
    memset(runs->numbers, 0, runs->bmp->width);
    runs->x = 0;
    runs->y++;
}

/* What would lie behind the end of the row is left out. */
static void put(struct runs *runs, unsigned number) {
    if (runs->x < runs->bmp->width) runs->numbers[runs->x++] = (uint8_t)number;
}

/* Pixel i of a run: half a byte each in RLE4. */
static unsigned number_at(const struct runs *runs, const uint8_t *values, size_t i) {
    if (runs->bmp->compression == BMP_RLE8) return values[i];
    return i % 2 == 0 ? values[i / 2] >> 4 : values[i / 2] & 15u;
}

/* The same value, or the same two halves in turn, `count` times. */
static void repeat(struct runs *runs, size_t count, const uint8_t *value) {
    const bool halves = runs->bmp->compression == BMP_RLE4;
    for (size_t i = 0; i < count; i++) put(runs, number_at(runs, value, halves ? i % 2 : 0));
}

static void jump(struct runs *runs, size_t right, size_t up) {
    const size_t x = runs->x + right;
    for (; up > 0 && runs->y < runs->bmp->height; up--) end_row(runs);
    runs->x = x < runs->bmp->width ? x : runs->bmp->width;
}

static bool read_runs(const struct bmp *bmp, const uint8_t *bytes, size_t size,
                      struct image_rows *rows, uint8_t *numbers, caption_error *error) {
    enum { end_of_row = 0, end_of_picture = 1, delta = 2 };
    struct runs runs = {.bmp = bmp, .rows = rows, .numbers = numbers};
    bool ended = false;
    memset(numbers, 0, bmp->width);
    for (size_t at = bmp->start; !ended && runs.y < bmp->height && size - at >= 2;) {
        const size_t count = bytes[at], code = bytes[at + 1];
        const size_t values = bmp->compression == BMP_RLE8 ? code : (code + 1) / 2;
        at += 2;
        if (count > 0) {
            repeat(&runs, count, bytes + at - 1);
        } else if (code == end_of_row) {
            end_row(&runs);
        } else if (code == end_of_picture) {
            ended = true;
        } else if (code == delta) {
            if (size - at < 2) break;
            jump(&runs, bytes[at], bytes[at + 1]);
            at += 2;
        } else {
            if (size - at < values) break;
            for (size_t i = 0; i < code; i++) put(&runs, number_at(&runs, bytes + at, i));
            at += values;
            at += values % 2 && at < size;
        }
    }
    if (!ended && runs.y + 1 == bmp->height && runs.x == bmp->width) end_row(&runs);
    if (!ended && runs.y < bmp->height)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated BMP: it ends after %zu bytes, before its last row of pixels",
                         size);
    while (runs.y < bmp->height) end_row(&runs);
    return true;
}

static bool bmp_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    struct bmp bmp;
    struct image_rows rows;
    if (!read_header(bytes, size, &bmp))
        return error_set(error, CAPTION_ERROR_FORMAT, "damaged BMP: its header is cut off");
    const size_t behind_header = read_masks(bytes, size, &bmp);
    if (!check(&bmp, behind_header, error)) return false;
    if (bmp.bits <= 8) read_palette(bytes, &bmp);
    if (!image_rows_begin(&rows, header, size, min_side, out, error)) return false;
    uint8_t *numbers = memory_uninitialised(bmp.width, 1, "a row of pixels", error);
    bool ok = numbers != NULL;
    if (ok && has_runs(&bmp))
        ok = read_runs(&bmp, bytes, size, &rows, numbers, error);
    else if (ok)
        read_rows(&bmp, bytes, &rows, numbers);
    free(numbers);
    return image_rows_end(&rows, ok);
}

const struct format format_bmp = {"BMP", bmp_recognise, bmp_inspect, bmp_decode, NULL};
