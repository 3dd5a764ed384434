/* PNG: a signature, then chunks of length, type, data and checksum (W3C PNG, third edition).
 * Decoded by libpng, or stb_image where that was absent at build time. */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_PNG
#include <png.h>
#endif

#include "base/memory.h"
#include "image/decode.h"

static bool png_recognise(const uint8_t *bytes, size_t size) {
    if (size < 8 || memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) != 0) return false;
    return size < 16 || memcmp(bytes + 12, "CgBI", 4) != 0; /* Apple's own form is no PNG */
}

/* A chunk that says how the pixels are to be read, by its type and its content. */
static void read_chunk(const uint8_t *type, size_t length, struct format_header *header) {
    const uint8_t *content = type + 4;
    if (memcmp(type, "eXIf", 4) == 0) {
        header->exif = content;
        header->exif_size = length;
    } else if (memcmp(type, "cICP", 4) == 0 && length == 4) {
        header->cicp = (struct cicp){.primaries = content[0], .transfer = content[1]};
    }
}

static void png_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { around_data = 12 };
    header->lacks_end = true;
    if (size < 24) {
        header->missing = "its size";
        return;
    }
    header->width = bytes_big_32(bytes + 16);
    header->height = bytes_big_32(bytes + 20);
    for (size_t at = 8; size - at >= around_data;) {
        size_t length = bytes_big_32(bytes + at);
        if (length > size - at - around_data) return;
        const uint8_t *type = bytes + at + 4;
        read_chunk(type, length, header);
        if (memcmp(type, "IEND", 4) == 0) {
            header->lacks_end = false;
            return;
        }
        at += around_data + length;
    }
}

#ifdef CAPTION_WITH_PNG

/* What outlives a jump out of libpng, which is how failures are reported there. */
struct png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size, at;
    struct image_rows rows;
    size_t channels;
    bool grey;         /* as it is stored */
    uint8_t *pixels;   /* a row; all rows of an interlaced file */
    png_bytep *starts; /* of the rows of an interlaced file */
    caption_error *error;
};

static void fail(png_structp png, png_const_charp reason) {
    struct png_reader *reader = png_get_error_ptr(png);
    error_set(reader->error, CAPTION_ERROR_FORMAT, "PNG cannot be decoded: %s", reason);
    png_longjmp(png, 1);
}

/* libpng warns of damage that changes pixels, too: a wrong checksum of the pixels as they were
 * before compression, of the transparent colour. */
static void take_warning(png_structp png, png_const_charp warning) {
    bool damage =
        strstr(warning, "incorrect data check") != NULL || strcmp(warning, "tRNS: CRC error") == 0;
    if (damage) fail(png, warning);
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    struct png_reader *reader = png_get_io_ptr(png);
    if (count > reader->size - reader->at) {
        error_set(reader->error, CAPTION_ERROR_FORMAT,
                  "truncated PNG: it ends after %zu bytes, before its last row of pixels",
                  reader->size);
        png_longjmp(png, 1);
    }
    memcpy(to, reader->bytes + reader->at, count);
    reader->at += count;
}

/* libpng keeps two rows of up to 8 bytes a pixel, and a row of 3 or 4 is made of each: before any
 * is allocated, a photo that is wide and nothing else is refused. */
static bool check_row(const struct png_reader *reader, const struct format_header *header) {
    enum { BYTES_A_PIXEL = 2 * 8 + 4 + 3 };
    return image_check_cost(header, 0, BYTES_A_PIXEL * header->width, reader->size, reader->error);
}

/* Where nothing but a gamma says what the values are, they are made those of a screen's: of sRGB it
 * is about 1/2.2, and what is within 5 % of that is left as it is. */
static void correct_gamma(struct png_reader *reader, const struct format_header *header) {
    enum { srgb = 45455, near = srgb / 20, least = 1000, most = 1000000, screen = 220000 };
    png_fixed_point gamma;
    if (png_get_valid(reader->png, reader->info, PNG_INFO_iCCP | PNG_INFO_sRGB) ||
        header->cicp.transfer != 0 || !png_get_gAMA_fixed(reader->png, reader->info, &gamma))
        return;
    if (gamma < least || gamma > most || abs(gamma - srgb) <= near) return;
    png_set_gamma_fixed(reader->png, screen, gamma);
}

/* 8 bits of RGB or RGBA, whatever is stored; no chunk but those of pixels and their colours. */
static void prepare(struct png_reader *reader, const struct format_header *header) {
    static const png_byte chunks[] = "iCCP\0sRGB\0gAMA"; /* 5 bytes each */
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* checked already */
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, chunks, 3);
    png_read_info(reader->png, reader->info);
    reader->grey = (png_get_color_type(reader->png, reader->info) & PNG_COLOR_MASK_COLOR) == 0;
    png_set_expand(reader->png);
    png_set_strip_16(reader->png);
    png_set_gray_to_rgb(reader->png);
    png_set_interlace_handling(reader->png);
    correct_gamma(reader, header);
    png_read_update_info(reader->png, reader->info);
    reader->channels = png_get_channels(reader->png, reader->info);
}

static void take_row(struct png_reader *reader, const uint8_t *pixels, size_t y) {
    image_over_white(pixels, reader->channels, reader->rows.width, image_rows_at(&reader->rows, y));
    image_rows_take(&reader->rows, y);
}

static bool read_rows(struct png_reader *reader) {
    reader->pixels = memory_uninitialised(reader->rows.width, reader->channels, "a row of pixels",
                                          reader->error);
    if (!reader->pixels) return false;
    for (size_t y = 0; y < reader->rows.height; y++) {
        png_read_row(reader->png, reader->pixels, NULL);
        take_row(reader, reader->pixels, y);
    }
    return true;
}

/* Of an interlaced file every row grows from pass to pass. */
static bool read_interlaced(struct png_reader *reader, const struct format_header *header) {
    const size_t row = reader->rows.width * reader->channels, height = reader->rows.height;
    const size_t made = image_reduced_bytes(header, reader->rows.divisor);
    if (!image_check_cost(header, made, row * height, reader->size, reader->error)) return false;
    reader->pixels = memory_uninitialised(height, row, "a photo's pixels", reader->error);
    reader->starts =
        memory_zeroed(height, sizeof *reader->starts, "a photo's pixels", reader->error);
    if (!reader->pixels || !reader->starts) return false;
    for (size_t y = 0; y < height; y++) reader->starts[y] = reader->pixels + y * row;
    png_read_image(reader->png, reader->starts);
    for (size_t y = 0; y < height; y++) take_row(reader, reader->starts[y], y);
    return true;
}

static void convert_by_profile(struct png_reader *reader, struct color_cache *colors) {
    png_charp name;
    int compression;
    png_bytep profile;
    png_uint_32 size;
    if (!png_get_iCCP(reader->png, reader->info, &name, &compression, &profile, &size)) return;
    struct color *color = color_take(colors, profile, size, reader->grey ? COLOR_GREY : COLOR_RGB);
    struct image *image = reader->rows.image;
    if (color) color_convert(color, image->pixels, image->width * image->height, image->pixels);
    color_put(colors, color);
}

static void convert_colors(struct png_reader *reader, const struct format_header *header) {
    struct cicp_tables tables;
    struct image *image = reader->rows.image;
    const bool has_profile = png_get_valid(reader->png, reader->info, PNG_INFO_iCCP) != 0;
    if (cicp_begin(header->cicp, has_profile, &tables))
        cicp_convert(&tables, image->pixels, image->width * image->height, image->pixels);
    else
        convert_by_profile(reader, header->colors);
}

/* Nothing but this function sees the jump arrive. */
static bool try_to_read(struct png_reader *reader, const struct format_header *header,
                        size_t min_side, struct image *out) {
    if (setjmp(png_jmpbuf(reader->png)) != 0) return false;
    prepare(reader, header);
    if (!image_rows_begin(&reader->rows, header, reader->size, min_side, out, reader->error))
        return false;
    bool interlaced = png_get_interlace_type(reader->png, reader->info) != PNG_INTERLACE_NONE;
    if (!(interlaced ? read_interlaced(reader, header) : read_rows(reader))) return false;
    convert_colors(reader, header);
    return true;
}

static bool png_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    struct png_reader reader = {.bytes = bytes, .size = size, .error = error};
    reader.rows.image = out;
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, fail, take_warning);
    if (!reader.png) return error_memory(error, "the PNG decoder");
    /* Some programs say that what repeats lies nearer than it does. */
    png_set_option(reader.png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    reader.info = png_create_info_struct(reader.png);
    bool ok = reader.info || error_memory(error, "the PNG decoder");
    if (ok) ok = check_row(&reader, header) && try_to_read(&reader, header, min_side, out);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    free(reader.pixels);
    free(reader.starts);
    return image_rows_end(&reader.rows, ok);
}

#else

/* Where the chunk of this type begins, or `size`. */
static size_t find_chunk(const uint8_t *bytes, size_t size, const char *type) {
    enum { around_data = 12 };
    for (size_t at = 8; size - at >= around_data;) {
        if (memcmp(bytes + at + 4, type, 4) == 0) return at;
        size_t length = bytes_big_32(bytes + at);
        if (length > size - at - around_data) return size;
        at += around_data + length;
    }
    return size;
}

/* A number behind the end of the palette is black, as for libpng: stb_image would show what its
 * memory happens to hold. Decodes a copy whose palette has all 256 colours. */
static bool decode_with_palette(const uint8_t *bytes, size_t size, size_t at,
                                const struct format_header *header, struct image *out,
                                caption_error *error) {
    enum { full = 256 * 3 };
    const size_t length = bytes_big_32(bytes + at);
    if (length > full || length > size - at - 12)
        return error_set(error, CAPTION_ERROR_FORMAT, "damaged PNG: its palette is too long");
    uint8_t *copy = memory_zeroed(size + full, 1, "a photo's file", error);
    if (!copy) return false;
    memcpy(copy, bytes, at + 8 + length);
    copy[at + 2] = full >> 8;
    copy[at + 3] = full & 255;
    memcpy(copy + at + 8 + full, bytes + at + 8 + length, size - at - 8 - length);
    bool ok = stb_decode("PNG", copy, size + full - length, header, out, error);
    free(copy);
    return ok;
}

static bool png_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)min_side;
    if (header->lacks_end)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated PNG: it ends after %zu bytes, before its IEND chunk", size);
    const size_t palette = find_chunk(bytes, size, "PLTE");
    return palette == size ? stb_decode("PNG", bytes, size, header, out, error)
                           : decode_with_palette(bytes, size, palette, header, out, error);
}

#endif

const struct format format_png = {"PNG", png_recognise, png_inspect, png_decode, NULL};
