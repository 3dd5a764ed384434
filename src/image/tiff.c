#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/decode.h"

enum { BIG_TIFF = 43 };

static uint32_t read_16(const struct tiff_file *file, const uint8_t *bytes) {
    return file->big_endian ? bytes_big_16(bytes) : bytes_little_16(bytes);
}

static uint32_t read_32(const struct tiff_file *file, const uint8_t *bytes) {
    return file->big_endian ? bytes_big_32(bytes) : bytes_little_32(bytes);
}

static uint64_t read_64(const struct tiff_file *file, const uint8_t *bytes) {
    const uint64_t first = read_32(file, bytes), second = read_32(file, bytes + 4);
    return file->big_endian ? first << 32 | second : second << 32 | first;
}

/* A count or an offset: as wide as the file's. */
static uint64_t read_wide(const struct tiff_file *file, const uint8_t *bytes) {
    return file->large ? read_64(file, bytes) : read_32(file, bytes);
}

bool tiff_file_read(const uint8_t *bytes, size_t size, struct tiff_file *file) {
    enum { header = 16 };
    if (size < header || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M')) return false;
    *file = (struct tiff_file){.bytes = bytes, .size = size, .big_endian = bytes[0] == 'M'};
    file->large = read_16(file, bytes + 2) == BIG_TIFF;
    file->first = read_wide(file, bytes + (file->large ? 8 : 4));
    return true;
}

bool tiff_directory_read(const struct tiff_file *file, uint64_t at,
                         struct tiff_directory *directory) {
    const size_t count_size = file->large ? 8 : 2, entry_size = file->large ? 20 : 12;
    *directory = (struct tiff_directory){0};
    if (at > file->size || file->size - (size_t)at < count_size) return false;
    const uint8_t *start = file->bytes + at;
    const uint64_t count = file->large ? read_64(file, start) : read_16(file, start);
    const size_t left = file->size - (size_t)at - count_size;
    directory->entries = start + count_size;
    directory->complete = count <= left / entry_size;
    directory->count = directory->complete ? (size_t)count : left / entry_size;
    const size_t used = directory->count * entry_size;
    if (directory->complete && left - used >= (file->large ? 8 : 4))
        directory->next = read_wide(file, directory->entries + used);
    return true;
}

static size_t type_size(unsigned type) {
    static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

struct tiff_entry tiff_entry_at(const struct tiff_file *file,
                                const struct tiff_directory *directory, size_t i) {
    const size_t entry_size = file->large ? 20 : 12, value_size = file->large ? 8 : 4;
    const uint8_t *bytes = directory->entries + i * entry_size;
    struct tiff_entry entry = {.tag = read_16(file, bytes), .type = read_16(file, bytes + 2)};
    entry.count = read_wide(file, bytes + 4);
    const size_t size = type_size(entry.type);
    if (size == 0 || entry.count == 0 || entry.count > file->size / size) return entry;
    entry.size = (size_t)entry.count * size;
    const uint8_t *value = bytes + entry_size - value_size;
    if (entry.size <= value_size) {
        entry.data = value;
        return entry;
    }
    const uint64_t at = read_wide(file, value);
    if (at <= file->size && entry.size <= file->size - (size_t)at) entry.data = file->bytes + at;
    return entry;
}

struct tiff_entry tiff_entry_find(const struct tiff_file *file,
                                  const struct tiff_directory *directory, unsigned tag) {
    for (size_t i = 0; i < directory->count; i++) {
        const struct tiff_entry entry = tiff_entry_at(file, directory, i);
        if (entry.tag == tag) return entry;
    }
    return (struct tiff_entry){0};
}

uint64_t tiff_number(const struct tiff_file *file, const struct tiff_entry *entry, uint64_t i) {
    const size_t size = type_size(entry->type);
    if (!entry->data || i >= entry->count) return 0;
    const uint8_t *value = entry->data + i * size;
    switch (size) {
    case 1:
        return *value;
    case 2:
        return read_16(file, value);
    case 4:
        return read_32(file, value);
    default:
        return read_64(file, value);
    }
}

/* TIFF 6.0 and BigTIFF: the first directory is the photo, unless it is a smaller copy of another by
 * its own word. Decoded by libtiff, without which they are refused. */

#ifdef CAPTION_WITH_TIFF
#include <tiffio.h>
#endif

/* Whether a directory is a smaller copy, or a mask, of another. */
static bool is_beside(const struct tiff_file *file, const struct tiff_directory *directory) {
    enum { smaller = 1, mask = 4 };
    const struct tiff_entry kind = tiff_entry_find(file, directory, TIFF_TAG_SUBFILE);
    return (tiff_number(file, &kind, 0) & (smaller | mask)) != 0;
}

/* Reads the photo's directory, and returns its place: the first that is no smaller copy, or the
 * first of all where each is. `directory->entries` is NULL where there is none. */
static uint64_t find_photo(const struct tiff_file *file, struct tiff_directory *directory) {
    enum { most = 32 }; /* they may name each other in a ring */
    struct tiff_directory found;
    uint64_t at = file->first;
    if (!tiff_directory_read(file, at, directory)) return at;
    for (size_t i = 0; i < most && at != 0 && tiff_directory_read(file, at, &found); i++) {
        if (!is_beside(file, &found)) {
            *directory = found;
            return at;
        }
        at = found.next;
    }
    return file->first;
}

static void tiff_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct tiff_file file;
    struct tiff_directory directory;
    header->missing = "its directory";
    if (!tiff_file_read(bytes, size, &file)) return;
    find_photo(&file, &directory);
    if (!directory.entries) return;
    const struct tiff_entry width = tiff_entry_find(&file, &directory, TIFF_TAG_WIDTH);
    const struct tiff_entry height = tiff_entry_find(&file, &directory, TIFF_TAG_HEIGHT);
    header->width = (size_t)tiff_number(&file, &width, 0);
    header->height = (size_t)tiff_number(&file, &height, 0);
    if (directory.complete) header->missing = NULL;
}

static bool tiff_recognise(const uint8_t *bytes, size_t size) {
    static const char *const starts[] = {"II*", "II+", "MM\0*", "MM\0+"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (size >= 4 && memcmp(bytes, starts[i], 4) == 0) return true;
    return false;
}

#ifdef CAPTION_WITH_TIFF

/* libtiff brings a dozen codecs along: they are loaded for the first such photo, and stay. */
#define LIBTIFF(FUNCTION)                                                                          \
    FUNCTION(TIFFOpenOptionsAlloc)                                                                 \
    FUNCTION(TIFFOpenOptionsFree)                                                                  \
    FUNCTION(TIFFOpenOptionsSetErrorHandlerExtR)                                                   \
    FUNCTION(TIFFOpenOptionsSetWarningHandlerExtR)                                                 \
    FUNCTION(TIFFClientOpenExt)                                                                    \
    FUNCTION(TIFFClose)                                                                            \
    FUNCTION(TIFFGetField)                                                                         \
    FUNCTION(TIFFSetSubDirectory)                                                                  \
    FUNCTION(TIFFReadRGBAImageOriented)                                                            \
    FUNCTION(TIFFIsTiled)                                                                          \
    FUNCTION(TIFFNumberOfStrips)                                                                   \
    FUNCTION(TIFFNumberOfTiles)                                                                    \
    FUNCTION(TIFFGetStrileOffset)                                                                  \
    FUNCTION(TIFFGetStrileByteCount)                                                               \
    FUNCTION(TIFFStripSize)                                                                        \
    FUNCTION(TIFFTileSize)                                                                         \
    FUNCTION(TIFFReadEncodedStrip)

struct libtiff {
    LIBTIFF(LIBRARY_POINTER)
};

static bool load(struct libtiff *lib, caption_error *error) {
    return library_load(CAPTION_TIFF_SONAME, "a TIFF photo", "libtiff", LIBRARY_NAMES(LIBTIFF), lib,
                        error);
}

/* A file in memory, and what libtiff first complained of, or what makes pixels wrong. */
struct tiff_source {
    const uint8_t *bytes;
    size_t size, at;
    char problem[160];
    bool damaged; /* libtiff goes on nevertheless */
};

static tmsize_t source_read(thandle_t handle, void *out, tmsize_t wanted) {
    struct tiff_source *source = handle;
    const size_t left = source->at < source->size ? source->size - source->at : 0;
    const size_t count = wanted > 0 ? size_smaller((size_t)wanted, left) : 0;
    memcpy(out, source->bytes + source->size - left, count);
    source->at += count;
    return (tmsize_t)count;
}

static tmsize_t source_write(thandle_t handle, void *bytes, tmsize_t size) {
    (void)handle;
    (void)bytes;
    (void)size;
    return -1;
}

static toff_t source_seek(thandle_t handle, toff_t offset, int whence) {
    struct tiff_source *source = handle;
    const toff_t from = whence == SEEK_CUR ? source->at : whence == SEEK_END ? source->size : 0;
    source->at = (size_t)(from + offset);
    return source->at;
}

static int source_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t source_size(thandle_t handle) {
    return ((const struct tiff_source *)handle)->size;
}

static int source_map(thandle_t handle, void **base, toff_t *size) {
    struct tiff_source *source = handle;
    *base = (void *)(uintptr_t)source->bytes;
    *size = source->size;
    return 1;
}

static void source_unmap(thandle_t handle, void *base, toff_t size) {
    (void)handle;
    (void)base;
    (void)size;
}

/* 1: it is taken care of, nothing is printed. */
static int keep_problem(TIFF *tiff, void *context, const char *module, const char *format,
                        va_list arguments) __attribute__((format(printf, 4, 0)));
static int keep_problem(TIFF *tiff, void *context, const char *module, const char *format,
                        va_list arguments) {
    (void)tiff;
    (void)module;
    struct tiff_source *source = context;
    if (!*source->problem) vsnprintf(source->problem, sizeof source->problem, format, arguments);
    return 1;
}

/* Of most that libtiff warns of, or complains of and decodes, the pixels are nevertheless whole;
 * not where a JPEG in it has fewer than the tags say. */
static int take_warning(TIFF *tiff, void *context, const char *module, const char *format,
                        va_list arguments) __attribute__((format(printf, 4, 0)));
static int take_warning(TIFF *tiff, void *context, const char *module, const char *format,
                        va_list arguments) {
    static const char too_small[] = "Improper JPEG strip/tile size";
    (void)tiff;
    (void)module;
    struct tiff_source *source = context;
    if (strncmp(format, too_small, strlen(too_small)) != 0) return 1;
    source->damaged = true;
    vsnprintf(source->problem, sizeof source->problem, format, arguments);
    return 1;
}

static bool fail(const struct tiff_source *source, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "is a TIFF photo that cannot be decoded: %s",
                     *source->problem ? source->problem : "libtiff does not say why");
}

static TIFF *open_tiff(const struct libtiff *lib, struct tiff_source *source,
                       caption_error *error) {
    TIFFOpenOptions *options = lib->TIFFOpenOptionsAlloc();
    if (!options) {
        error_memory(error, "the TIFF decoder");
        return NULL;
    }
    lib->TIFFOpenOptionsSetErrorHandlerExtR(options, keep_problem, source);
    lib->TIFFOpenOptionsSetWarningHandlerExtR(options, take_warning, source);
    TIFF *tiff =
        lib->TIFFClientOpenExt("photo", "r", source, source_read, source_write, source_seek,
                               source_close, source_size, source_map, source_unmap, options);
    lib->TIFFOpenOptionsFree(options);
    if (!tiff) fail(source, error);
    return tiff;
}

static uint16_t number_of(const struct libtiff *lib, TIFF *tiff, uint32_t tag) {
    uint16_t number = 0;
    return lib->TIFFGetField(tiff, tag, &number) ? number : 0;
}

/* The kind of alpha that stands beside the colours, EXTRASAMPLE_UNSPECIFIED: none. What is not said
 * to be alpha is a mask, a selection or infrared: libtiff would take it for alpha. */
static unsigned alpha_kind(const struct libtiff *lib, TIFF *tiff) {
    uint16_t extras = 0, *kinds = NULL;
    if (!lib->TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds) || extras == 0)
        return EXTRASAMPLE_UNSPECIFIED;
    return *kinds;
}

/* Of alpha beside grey or a palette's number: libtiff multiplies other colours by it. */
static bool has_straight_alpha(const struct libtiff *lib, TIFF *tiff) {
    return number_of(lib, tiff, TIFFTAG_SAMPLESPERPIXEL) == 2 &&
           alpha_kind(lib, tiff) == EXTRASAMPLE_UNASSALPHA;
}

struct open_tiff {
    const struct libtiff *lib;
    TIFF *tiff;
    struct tiff_source *source;
};

/* Puts RGB in the place of libtiff's pixels, which have colours multiplied by their alpha, unless
 * it is straight: over white, the rest is white. Each is written where it has been read, or before.
 */
static const uint8_t *pack_pixels(const struct open_tiff *open, uint32_t *pixels, size_t count) {
    const bool straight = has_straight_alpha(open->lib, open->tiff);
    const bool opaque = alpha_kind(open->lib, open->tiff) == EXTRASAMPLE_UNSPECIFIED;
    uint8_t *rgb = (uint8_t *)pixels;
    for (size_t i = 0; i < count; i++) {
        const uint32_t pixel = pixels[i], alpha = opaque ? 255 : TIFFGetA(pixel);
        const uint32_t colors[] = {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)};
        for (size_t c = 0; c < 3; c++) {
            const uint32_t color = straight ? (colors[c] * alpha + 127) / 255 : colors[c];
            rgb[3 * i + c] = (uint8_t)size_smaller(color + 255 - alpha, 255);
        }
    }
    return rgb;
}

static bool is_grey(const struct libtiff *lib, TIFF *tiff) {
    const unsigned photometric = number_of(lib, tiff, TIFFTAG_PHOTOMETRIC);
    return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
}

/* Bytes of the alpha that libtiff leaves out: beside a palette's number 1, beside grey of 16 bits
 * 2; 0: of none, or where it does not stand beside the colour. */
static size_t left_out_alpha(const struct libtiff *lib, TIFF *tiff) {
    const unsigned photometric = number_of(lib, tiff, TIFFTAG_PHOTOMETRIC);
    const unsigned bits = number_of(lib, tiff, TIFFTAG_BITSPERSAMPLE);
    if (alpha_kind(lib, tiff) == EXTRASAMPLE_UNSPECIFIED || lib->TIFFIsTiled(tiff) ||
        number_of(lib, tiff, TIFFTAG_SAMPLESPERPIXEL) != 2 ||
        number_of(lib, tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE)
        return 0;
    if (is_grey(lib, tiff) && bits == 16) return 2;
    return photometric == PHOTOMETRIC_PALETTE && bits == 8 && has_straight_alpha(lib, tiff) ? 1 : 0;
}

/* libtiff leaves some alpha out: it is read again with what it stands beside. */
static bool take_left_out_alpha(const struct open_tiff *open, uint32_t *pixels, size_t count,
                                caption_error *error) {
    const struct libtiff *lib = open->lib;
    const size_t bytes = left_out_alpha(lib, open->tiff);
    if (bytes == 0) return true;
    const tmsize_t size = lib->TIFFStripSize(open->tiff);
    const uint32_t strips = lib->TIFFNumberOfStrips(open->tiff);
    uint8_t *pairs = memory_zeroed(size > 0 ? (size_t)size : 1, 1, "a strip of pixels", error);
    bool ok = pairs != NULL;
    for (uint32_t strip = 0; ok && strip < strips; strip++) {
        const tmsize_t read = lib->TIFFReadEncodedStrip(open->tiff, strip, pairs, size);
        ok = read >= 0 || fail(open->source, error);
        const size_t pairs_read = read > 0 ? (size_t)read / (2 * bytes) : 0;
        for (size_t i = 0; i < pairs_read && count > 0; i++, pixels++, count--) {
            uint16_t deep = 0;
            if (bytes == 2) memcpy(&deep, pairs + 4 * i + 2, sizeof deep);
            const uint32_t alpha = bytes == 2 ? deep >> 8 : pairs[2 * i + 1];
            *pixels = (*pixels & 0xffffff) | alpha << 24;
        }
    }
    free(pairs);
    return ok;
}

static void find_profile(const struct libtiff *lib, TIFF *tiff, struct whole_pixels *whole) {
    uint32_t size = 0;
    void *profile = NULL;
    if (!lib->TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &profile)) return;
    whole->profile = profile;
    whole->profile_size = size;
}

/* How often libtiff holds a strip or tile: of separate planes one each, and its rarer codecs (WebP,
 * Zstandard) have buffers of that size. */
static size_t times_held(const struct libtiff *lib, TIFF *tiff) {
    const bool separate = number_of(lib, tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    const size_t planes =
        separate ? size_smaller(number_of(lib, tiff, TIFFTAG_SAMPLESPERPIXEL), 4) : 1;
    const unsigned codec = number_of(lib, tiff, TIFFTAG_COMPRESSION);
    const bool plain = codec <= COMPRESSION_JPEG || codec == COMPRESSION_ADOBE_DEFLATE ||
                       codec == COMPRESSION_DEFLATE || codec == COMPRESSION_PACKBITS;
    return planes + (plain ? 0 : 3);
}

/* Beside the pixels libtiff holds strips or tiles, each of which may be all of the photo. */
static bool check_cost(const struct open_tiff *open, const struct format_header *header,
                       size_t min_side, caption_error *error) {
    const struct libtiff *lib = open->lib;
    const tmsize_t part = lib->TIFFIsTiled(open->tiff) ? lib->TIFFTileSize(open->tiff)
                                                       : lib->TIFFStripSize(open->tiff);
    const size_t made = image_reduced_bytes(header, image_choose_divisor(header, min_side));
    const size_t pixels = header->width * header->height * sizeof(uint32_t);
    if (part <= 0) return fail(open->source, error);
    const size_t parts =
        (size_t)part < SIZE_MAX / 8 ? times_held(lib, open->tiff) * (size_t)part : SIZE_MAX / 2;
    return image_check_cost(header, 0, pixels + parts, open->source->size, error) &&
           image_check_cost(header, made, pixels, open->source->size, error);
}

/* Whether strips and tiles begin behind the header of the file. What is empty may begin anywhere.
 */
static bool check_places(const struct open_tiff *open, caption_error *error) {
    enum { header = 8 };
    const struct libtiff *lib = open->lib;
    TIFF *tiff = open->tiff;
    const uint32_t parts =
        lib->TIFFIsTiled(tiff) ? lib->TIFFNumberOfTiles(tiff) : lib->TIFFNumberOfStrips(tiff);
    for (uint32_t part = 0; part < parts; part++)
        if (lib->TIFFGetStrileOffset(tiff, part) < header &&
            lib->TIFFGetStrileByteCount(tiff, part) > 0)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "damaged TIFF: pixels begin within its header");
    return true;
}

/* Of CMYK libtiff makes colours without its profile: it is read as it is stored where that is
 * simple, in strips of four bytes a pixel. NULL where it is not, or there is no profile for it. */
static struct color *take_ink(const struct open_tiff *open, const struct format_header *header) {
    const struct libtiff *lib = open->lib;
    struct whole_pixels found = {0};
    find_profile(lib, open->tiff, &found);
    if (number_of(lib, open->tiff, TIFFTAG_PHOTOMETRIC) != PHOTOMETRIC_SEPARATED ||
        number_of(lib, open->tiff, TIFFTAG_INKSET) > INKSET_CMYK ||
        number_of(lib, open->tiff, TIFFTAG_BITSPERSAMPLE) != 8 ||
        number_of(lib, open->tiff, TIFFTAG_SAMPLESPERPIXEL) != 4 ||
        number_of(lib, open->tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE ||
        lib->TIFFIsTiled(open->tiff))
        return NULL;
    return color_take(header->colors, found.profile, found.profile_size, COLOR_INK);
}

/* RGB in the place of `count` pixels of ink; 255 is all of it in the file. */
static bool read_ink(const struct open_tiff *open, const struct color *color, uint8_t *pixels,
                     size_t count, caption_error *error) {
    const struct libtiff *lib = open->lib;
    const tmsize_t size = lib->TIFFStripSize(open->tiff);
    const uint32_t strips = lib->TIFFNumberOfStrips(open->tiff);
    uint8_t *ink = memory_zeroed(size > 0 ? (size_t)size : 1, 1, "a strip of pixels", error);
    bool ok = ink != NULL;
    for (uint32_t strip = 0; ok && strip < strips && count > 0; strip++) {
        const tmsize_t read = lib->TIFFReadEncodedStrip(open->tiff, strip, ink, size);
        ok = read >= 0 || fail(open->source, error);
        const size_t some = ok ? size_smaller((size_t)read / 4, count) : 0;
        for (size_t i = 0; i < 4 * some; i++) ink[i] = (uint8_t)(255 - ink[i]);
        color_convert(color, ink, some, pixels);
        pixels += 3 * some;
        count -= some;
    }
    free(ink);
    return ok;
}

/* libtiff says of some photos no more than that it cannot handle them. */
static bool fail_kind(const struct open_tiff *open, caption_error *error) {
    static const char *const names[] = {
        [PHOTOMETRIC_MINISWHITE] = "grey",  [PHOTOMETRIC_MINISBLACK] = "grey",
        [PHOTOMETRIC_RGB] = "RGB",          [PHOTOMETRIC_PALETTE] = "of a palette",
        [PHOTOMETRIC_SEPARATED] = "CMYK",   [PHOTOMETRIC_YCBCR] = "YCbCr",
        [PHOTOMETRIC_CIELAB] = "CIE L*a*b*"};
    const struct libtiff *lib = open->lib;
    const unsigned kind = number_of(lib, open->tiff, TIFFTAG_PHOTOMETRIC);
    const char *name = kind < sizeof names / sizeof *names ? names[kind] : NULL;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "is a TIFF photo that cannot be decoded: %s (%s, %u x %u bits a pixel)",
                     *open->source->problem ? open->source->problem : "libtiff does not say why",
                     name ? name : "of other colours",
                     (unsigned)number_of(lib, open->tiff, TIFFTAG_SAMPLESPERPIXEL),
                     (unsigned)number_of(lib, open->tiff, TIFFTAG_BITSPERSAMPLE));
}

/* RGB of all pixels, in place of `pixels`, and what turns it to sRGB. */
static bool read_pixels(const struct open_tiff *open, const struct format_header *header,
                        uint32_t *pixels, struct whole_pixels *whole, caption_error *error) {
    const struct libtiff *lib = open->lib;
    const size_t count = header->width * header->height;
    struct color *ink = take_ink(open, header);
    if (ink) {
        whole->pixels = (const uint8_t *)pixels;
        const bool ok = read_ink(open, ink, (uint8_t *)pixels, count, error);
        color_put(header->colors, ink);
        return ok;
    }
    if (!lib->TIFFReadRGBAImageOriented(open->tiff, (uint32_t)header->width,
                                        (uint32_t)header->height, pixels, (int)header->orientation,
                                        1))
        return fail_kind(open, error);
    if (!take_left_out_alpha(open, pixels, count, error)) return false;
    whole->pixels = pack_pixels(open, pixels, count);
    whole->grey = is_grey(lib, open->tiff);
    find_profile(lib, open->tiff, whole);
    return true;
}

/* As it is stored: who asks for the orientation that it has gets rows as they come. */
static bool decode(const struct open_tiff *open, const struct format_header *header,
                   size_t min_side, struct image *out, caption_error *error) {
    struct tiff_source *source = open->source;
    const size_t count = header->width * header->height;
    if (!check_cost(open, header, min_side, error) || !check_places(open, error)) return false;
    uint32_t *pixels = memory_zeroed(count, sizeof *pixels, "a photo's pixels", error);
    if (!pixels) return false;
    struct whole_pixels whole = {.channels = 3, .stride = 3 * header->width};
    const bool ok = read_pixels(open, header, pixels, &whole, error) &&
                    (!source->damaged || fail(source, error)) &&
                    image_take_whole(&whole, header, source->size, min_side, out, error);
    free(pixels);
    return ok;
}

/* Goes to the directory of the photo, where that is not the first. */
static bool go_to_photo(const struct open_tiff *open, caption_error *error) {
    struct tiff_file file;
    struct tiff_directory directory;
    if (!tiff_file_read(open->source->bytes, open->source->size, &file)) return true;
    const uint64_t place = find_photo(&file, &directory);
    return place == file.first || open->lib->TIFFSetSubDirectory(open->tiff, place) ||
           fail(open->source, error);
}

static bool tiff_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    struct libtiff lib = {0};
    struct tiff_source source = {.bytes = bytes, .size = size};
    if (!load(&lib, error)) return false;
    TIFF *tiff = open_tiff(&lib, &source, error);
    if (!tiff) return false;
    const struct open_tiff open = {&lib, tiff, &source};
    bool ok = go_to_photo(&open, error);
    uint16_t orientation = 0;
    if (!lib.TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation) || orientation < 1 ||
        orientation > 8)
        orientation = 1;
    struct format_header stored = *header;
    stored.orientation = orientation;
    ok = ok && decode(&open, &stored, min_side, out, error);
    lib.TIFFClose(tiff);
    if (!ok || image_turn_upright(out, orientation, error)) return ok;
    image_free(out);
    return false;
}

#else
#define tiff_decode NULL
#endif

static const char absent[] =
    "is a TIFF photo, which this build cannot decode: libtiff 4.5 was absent";

const struct format format_tiff = {"TIFF", tiff_recognise, tiff_inspect, tiff_decode, absent};
