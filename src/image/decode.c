#include "image/decode.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static const struct format *const formats[] = {
    &format_jpeg, &format_png, &format_webp, &format_heic, &format_heif, &format_avif,
    &format_jxl,  &format_raw, &format_tiff, &format_gif,  &format_bmp,  &format_pnm};

static const struct format *find_format(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->recognise(bytes, size)) return formats[i];
    return NULL;
}

bool image_recognise(const uint8_t *bytes, size_t size) {
    return find_format(bytes, size) != NULL;
}

bool image_is_photo(const uint8_t *bytes, size_t size) {
    return image_recognise(bytes, size) || format_is_unread_photo(bytes, size);
}

void image_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]) {
    const struct format *format = find_format(bytes, size);
    if (format)
        snprintf(out, IMAGE_DESCRIPTION, "a %s photo", format->name);
    else
        format_describe(bytes, size, out);
}

struct image_file image_file_inspect(const char *name, const uint8_t *bytes, size_t size) {
    struct image_file file = {
        .name = name, .bytes = bytes, .size = size, .format = find_format(bytes, size)};
    if (file.format) file.format->inspect(bytes, size, &file.header);
    return file;
}

bool image_file_has_size(const struct image_file *file) {
    return file->header.width > 0 && file->header.height > 0;
}

size_t image_file_memory(const struct image_file *file, size_t min_side) {
    const size_t width = file->header.width, height = file->header.height;
    if (!image_file_has_size(file) || width > IMAGE_MAX_PIXELS / height) return 0; /* is refused */
    /* Pixels, turned upright into others; and what libraries keep of a whole photo: coefficients of
     * a JPEG of several scans, the rows of an interlaced PNG. */
    const size_t divisor = image_choose_divisor(&file->header, min_side);
    const size_t pixels = image_divided(width, divisor) * image_divided(height, divisor);
    return 6 * pixels + 6 * width * height;
}

/* A header cut off before the size counts as truncated, a size of 0 that is there as a size. */
static bool check_header(const struct image_file *file, caption_error *error) {
    const char *name = file->format->name;
    const struct format_header *header = &file->header;
    if (header->unread)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a %s photo %s", name, header->unread);
    if ((image_file_has_size(file) || !header->missing) &&
        !image_check_size(header->width, header->height, error))
        return error_prefix(error, name);
    if (header->missing)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "truncated %s: it ends after %zu bytes, before %s", name, file->size,
                         header->missing);
    if (header->impossible)
        return error_set(error, CAPTION_ERROR_FORMAT, "damaged %s: %s", name, header->impossible);
    return true;
}

static bool decode(const struct image_file *file, size_t min_side, bool partly, struct image *out,
                   caption_error *error) {
    const struct format *format = file->format;
    struct format_header header = file->header;
    if (file->size == 0) return error_set(error, CAPTION_ERROR_FORMAT, "is empty");
    if (!format) return format_refuse(file->bytes, file->size, error);
    if (!check_header(file, error)) return false;
    if (!format->decode) return error_set(error, CAPTION_ERROR_FORMAT, "%s", format->absent);
    header.accepting = partly;
    header.colors = file->colors;
    if (!header.orientation) header.orientation = exif_orientation(header.exif, header.exif_size);
    if (!format->decode(file->bytes, file->size, &header, min_side, out, error)) return false;
    if (image_turn_upright(out, header.orientation, error)) return true;
    image_free(out);
    return false;
}

bool image_file_decode(const struct image_file *file, size_t min_side, bool partly,
                       struct image *out, caption_error *error) {
    *out = (struct image){0};
    return decode(file, min_side, partly, out, error) ||
           (file->name && error_prefix(error, file->name));
}

bool image_decode_reduced(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                          caption_error *error) {
    const struct image_file file = image_file_inspect(NULL, bytes, size);
    return image_file_decode(&file, min_side, false, out, error);
}

bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error) {
    return image_decode_reduced(bytes, size, SIZE_MAX, out, error);
}

enum { CHANNELS = 3 };

/* Of the pixels of a photo that is not reduced. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { MOST_BYTES = 10000 }; /* a fuzzer's photos are small */
#else
enum { MOST_BYTES = 100 * 1000 * 1000 };
#endif

size_t image_divided(size_t side, size_t divisor) {
    return (side + divisor - 1) / divisor;
}

bool image_new_reduced(struct image *image, const struct format_header *header, size_t divisor,
                       caption_error *error) {
    if (!image_new(image, image_divided(header->width, divisor),
                   image_divided(header->height, divisor), error))
        return false;
    image->photo.width = (float)header->width / (float)divisor;
    image->photo.height = (float)header->height / (float)divisor;
    image->variance = (1 - 1 / (float)(divisor * divisor)) / 12;
    return true;
}

bool image_check_cost(const struct format_header *header, size_t made, size_t beside,
                      size_t file_size, caption_error *error) {
    const size_t megabyte = 1000 * 1000, free_bytes = 200 * megabyte, bytes_per_byte = 192;
    const size_t turned = header->orientation > 1 ? made : 0;
    const size_t needed = made + size_larger(beside, turned);
    if (needed <= free_bytes) return true;
    if (file_size >= megabyte && (needed - free_bytes) / bytes_per_byte <= file_size) return true;
    const size_t allowed = free_bytes + (file_size >= megabyte ? bytes_per_byte * file_size : 0);
    return error_set(error, CAPTION_ERROR_LIMIT,
                     "%zu x %zu pixels in a file of %zu bytes: decoding them would take %zu MB of "
                     "memory, at most %zu MB are accepted for a file so small",
                     header->width, header->height, file_size, needed / megabyte,
                     allowed / megabyte);
}

size_t image_reduced_bytes(const struct format_header *header, size_t divisor) {
    return image_divided(header->width, divisor) * image_divided(header->height, divisor) *
           CHANNELS;
}

size_t image_choose_divisor(const struct format_header *header, size_t min_side) {
    size_t divisor = 1;
    while (image_reduced_bytes(header, divisor) > MOST_BYTES &&
           image_divided(header->width, divisor + 1) >= min_side &&
           image_divided(header->height, divisor + 1) >= min_side)
        divisor++;
    return divisor;
}

bool image_rows_begin(struct image_rows *rows, const struct format_header *header, size_t file_size,
                      size_t min_side, struct image *image, caption_error *error) {
    const size_t divisor = image_choose_divisor(header, min_side);
    *rows = (struct image_rows){
        .image = image, .width = header->width, .height = header->height, .divisor = divisor};
    if (!image_check_cost(header, image_reduced_bytes(header, divisor), 0, file_size, error) ||
        !image_new_reduced(image, header, divisor, error))
        return false;
    if (divisor == 1) return true;
    rows->row = memory_zeroed(rows->width, CHANNELS, "a row of pixels", error);
    rows->sums =
        memory_zeroed(image->width, CHANNELS * sizeof *rows->sums, "a row of pixels", error);
    return (rows->row && rows->sums) || image_rows_end(rows, false);
}

uint8_t *image_rows_at(const struct image_rows *rows, size_t y) {
    return rows->row ? rows->row : rows->image->pixels + y * rows->width * CHANNELS;
}

static void add_row(struct image_rows *rows) {
    const uint8_t *from = rows->row;
    uint32_t *sum = rows->sums;
    for (size_t left = rows->width; left > 0; sum += CHANNELS) {
        size_t count = left < rows->divisor ? left : rows->divisor;
        for (size_t i = 0; i < count; i++, from += CHANNELS)
            for (size_t c = 0; c < CHANNELS; c++) sum[c] += from[c];
        left -= count;
    }
}

/* Turns the sums into means of `group` rows, and clears them. */
static void finish_rows(struct image_rows *rows, uint8_t *to, size_t group) {
    uint32_t *sum = rows->sums;
    for (size_t left = rows->width; left > 0; sum += CHANNELS, to += CHANNELS) {
        size_t count = left < rows->divisor ? left : rows->divisor;
        const uint32_t area = (uint32_t)(count * group);
        for (size_t c = 0; c < CHANNELS; c++) {
            to[c] = (uint8_t)((sum[c] + area / 2) / area);
            sum[c] = 0;
        }
        left -= count;
    }
}

void image_rows_take(struct image_rows *rows, size_t y) {
    if (!rows->row) return;
    add_row(rows);
    const size_t first = y / rows->divisor * rows->divisor, left = rows->height - first;
    const size_t group = left < rows->divisor ? left : rows->divisor;
    if (++rows->pending < group) return;
    finish_rows(rows, rows->image->pixels + y / rows->divisor * rows->image->width * CHANNELS,
                group);
    rows->pending = 0;
}

bool image_rows_end(struct image_rows *rows, bool ok) {
    free(rows->row);
    free(rows->sums);
    rows->row = NULL;
    rows->sums = NULL;
    if (!ok) image_free(rows->image);
    return ok;
}

/* RGBA that is multiplied by its alpha: the rest is white. */
static void premultiplied_over_white(const uint8_t *pixels, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++, pixels += 4, rgb += 3)
        for (size_t c = 0; c < 3; c++)
            rgb[c] = (uint8_t)size_smaller(pixels[c] + 255U - pixels[3], 255);
}

bool image_take_whole(const struct whole_pixels *whole, const struct format_header *header,
                      size_t file_size, size_t min_side, struct image *image,
                      caption_error *error) {
    struct image_rows rows;
    struct cicp_tables tables;
    if (!image_rows_begin(&rows, header, file_size, min_side, image, error)) return false;
    const bool by_cicp = cicp_begin(whole->cicp, whole->profile_size > 0, &tables);
    const enum color_kind kind = whole->grey ? COLOR_GREY : COLOR_RGB;
    struct color *color =
        by_cicp ? NULL : color_take(header->colors, whole->profile, whole->profile_size, kind);
    for (size_t y = 0; y < rows.height; y++) {
        uint8_t *row = image_rows_at(&rows, y);
        const uint8_t *from = whole->pixels + y * whole->stride;
        if (whole->premultiplied && whole->channels == 4)
            premultiplied_over_white(from, rows.width, row);
        else
            image_over_white(from, whole->channels, rows.width, row);
        if (by_cicp) cicp_convert(&tables, row, rows.width, row);
        if (color) color_convert(color, row, rows.width, row);
        image_rows_take(&rows, y);
    }
    color_put(header->colors, color);
    return image_rows_end(&rows, true);
}

enum { LARGE_BOX_HEADER = 16 };

struct iso_box iso_box_read(const uint8_t *bytes, size_t size) {
    uint64_t length = bytes_big_32(bytes);
    size_t header = ISO_BOX_HEADER;
    if (length == 1 && size >= LARGE_BOX_HEADER) {
        header = LARGE_BOX_HEADER;
        length = (uint64_t)bytes_big_32(bytes + 8) << 32 | bytes_big_32(bytes + 12);
    }
    if (length == 0) length = size;
    struct iso_box box = {(const char *)bytes + 4, bytes + header, 0, 0};
    if (length < header || length > SIZE_MAX) return box;
    box.length = (size_t)length;
    box.size = (box.length < size ? box.length : size) - header;
    return box;
}

bool iso_box_is(const struct iso_box *box, const char *type) {
    return memcmp(box->type, type, 4) == 0;
}

bool iso_box_find(const uint8_t *bytes, size_t size, const char *type, struct iso_box *box) {
    while (size >= ISO_BOX_HEADER) {
        *box = iso_box_read(bytes, size);
        if (box->length == 0) return false;
        if (iso_box_is(box, type)) return true;
        if (box->length > size) return false;
        bytes += box->length;
        size -= box->length;
    }
    return false;
}

bool iso_boxes_end(const uint8_t *bytes, size_t size) {
    while (size >= ISO_BOX_HEADER) {
        const struct iso_box box = iso_box_read(bytes, size);
        if (box.length == 0) return true;
        if (box.length > size) return false;
        bytes += box.length;
        size -= box.length;
    }
    return true;
}

#ifdef CAPTION_WITH_STB_IMAGE

/* What a damaged photo leaves unset would become pixels. */
static void *zeroed(size_t size) {
    return calloc(1, size);
}

static void *zeroed_again(void *memory, size_t old_size, size_t size) {
    char *larger = realloc(memory, size);
    if (larger && size > old_size) memset(larger + old_size, 0, size - old_size);
    return larger;
}

#define STBI_MALLOC zeroed
#define STBI_REALLOC_SIZED zeroed_again
#define STBI_FREE free
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

static bool copy_pixels(const stbi_uc *pixels, int channels, const struct format_header *header,
                        struct image *out, caption_error *error) {
    if (!image_new(out, header->width, header->height, error)) return false;
    image_over_white(pixels, (size_t)channels, out->width * out->height, out->pixels);
    return true;
}

bool stb_decode(const char *name, const uint8_t *bytes, size_t size,
                const struct format_header *header, struct image *out, caption_error *error) {
    if (size > INT_MAX)
        return error_set(error, CAPTION_ERROR_LIMIT, "%s of %zu bytes, at most %d are accepted",
                         name, size, INT_MAX);
    /* It keeps all pixels: of a JPEG their planes and coefficients, of a PNG the unpacked rows. */
    enum { BESIDE_A_PIXEL = 12 };
    const size_t area = header->width * header->height;
    if (!image_check_cost(header, CHANNELS * area, BESIDE_A_PIXEL * area, size, error))
        return false;
    int width, height, channels;
    stbi_uc *pixels = stbi_load_from_memory(bytes, (int)size, &width, &height, &channels, 0);
    if (!pixels)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s cannot be decoded: %s", name,
                         stbi_failure_reason());
    const bool agrees = (size_t)width == header->width && (size_t)height == header->height;
    bool ok = agrees ? copy_pixels(pixels, channels, header, out, error)
                     : error_set(error, CAPTION_ERROR_FORMAT,
                                 "%s contradicts itself about its size", name);
    stbi_image_free(pixels);
    return ok;
}

#endif

/* Names what is not a photo that we read: the commonest mistakes. */

/* Formats that people have photos in, and what they may take for photos. */
static const struct refused_signature {
    size_t offset, length;
    const char *bytes, *name;
} signatures[] = {
    {4, 8, "ftypjp2 ", "a JPEG 2000 photo"},
    {4, 4, "ftyp", "a video"},
    {0, 4, "\0MRM", "a Minolta raw photo"},
    {0, 4, "FOVb", "a Sigma raw photo"},
    {4, 4, "jP  ", "a JPEG 2000 photo"},
    {0, 4, "\xff\x4f\xff\x51", "a JPEG 2000 photo"},
    {12, 4, "CgBI", "an iPhone app's own form of PNG (CgBI)"},
    {0, 4, "8BPS", "a Photoshop document"},
    {0, 9, "gimp xcf ", "a GIMP document"},
    {0, 4, "v/1\1", "an OpenEXR picture"},
    {0, 10, "#?RADIANCE", "a Radiance picture"},
    {0, 4, "qoif", "a QOI picture"},
    {0, 4, "DDS ", "a texture (DDS)"},
    {0, 4, "\0\0\1\0", "an icon (ICO)"},
    {0, 4, "icns", "an icon (ICNS)"},
    {0, 4, "<svg", "a drawing (SVG)"},
    {0, 3, "PF\n", "a PFM picture"},
    {0, 3, "Pf\n", "a PFM picture"},
};

static const char *find_name(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct refused_signature *s = &signatures[i];
        if (size >= s->offset + s->length && memcmp(bytes + s->offset, s->bytes, s->length) == 0)
            return s->name;
    }
    return signature_name(bytes, size);
}

bool format_is_unread_photo(const uint8_t *bytes, size_t size) {
    static const char end[] = " photo";
    const char *name = find_name(bytes, size);
    const size_t length = name ? strlen(name) : 0;
    return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

enum { shown = 24 };

static bool is_text(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isprint(bytes[i]) && !isspace(bytes[i])) return false;
    return true;
}

/* The first bytes as a line of text, white space as spaces. */
static void write_text(const uint8_t *bytes, size_t count, char *out) {
    for (size_t i = 0; i < count; i++) out[i] = isspace(bytes[i]) ? ' ' : (char)bytes[i];
    out[count] = 0;
}

static void write_numbers(const uint8_t *bytes, size_t count, char *out) {
    *out = 0;
    for (size_t i = 0; i < count; i++) out += sprintf(out, i ? " %02x" : "%02x", bytes[i]);
}

/* "the text \"hello\"" or "the bytes 00 01". */
static void write_beginning(const uint8_t *bytes, size_t size, char *out) {
    const size_t count = size < shown ? size : shown;
    if (is_text(bytes, count)) {
        out += sprintf(out, "the text \"");
        write_text(bytes, count, out);
        strcat(out, "\"");
    } else {
        out += sprintf(out, "the bytes ");
        write_numbers(bytes, count < 8 ? count : 8, out);
    }
}

bool format_refuse(const uint8_t *bytes, size_t size, caption_error *error) {
    const char *name = find_name(bytes, size);
    const char *known = signature_name(bytes, size);
    if (known) return error_set(error, CAPTION_ERROR_FORMAT, "is not a photo: it is %s", known);
    if (name) return error_set(error, CAPTION_ERROR_FORMAT, "is %s, which is not supported", name);
    char beginning[IMAGE_DESCRIPTION];
    write_beginning(bytes, size, beginning);
    return error_set(error, CAPTION_ERROR_FORMAT, "is not a photo: it begins with %s", beginning);
}

void format_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]) {
    const char *name = find_name(bytes, size);
    if (name) {
        snprintf(out, IMAGE_DESCRIPTION, "%s", name);
        return;
    }
    out += sprintf(out, "a file that begins with ");
    write_beginning(bytes, size, out);
}
