/* TIFF 6.0 and BigTIFF: the first directory is the photo. Decoded by libtiff,
 * without which they are refused. */
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_TIFF
#include <tiffio.h>
#endif

#include "base/library.h"
#include "base/memory.h"
#include "image/color.h"
#include "image/format.h"
#include "image/rows.h"

/* Where numbers stand in classic files and in large ones. */
struct layout {
    bool big_endian, large;
    size_t count_size, entry_size, value_at; /* of a directory and its entries */
};

enum { TAG_SUBFILE = 254, TAG_WIDTH = 256, TAG_HEIGHT = 257 };
enum { TYPE_SHORT = 3, TYPE_LONG = 4 };

static uint32_t read_16(const struct layout *l, const uint8_t *bytes) {
    return l->big_endian ? bytes_big_16(bytes) : bytes_little_16(bytes);
}

static uint32_t read_32(const struct layout *l, const uint8_t *bytes) {
    return l->big_endian ? bytes_big_32(bytes) : bytes_little_32(bytes);
}

static uint64_t read_64(const struct layout *l, const uint8_t *bytes) {
    const uint64_t first = read_32(l, bytes), second = read_32(l, bytes + 4);
    return l->big_endian ? first << 32 | second : second << 32 | first;
}

static struct layout read_layout(const uint8_t *bytes) {
    struct layout layout = {bytes[0] == 'M', false, 2, 12, 8};
    if (read_16(&layout, bytes + 2) == 43) {
        layout.large = true;
        layout.count_size = 8;
        layout.entry_size = 20;
        layout.value_at = 12;
    }
    return layout;
}

/* A camera's raw file begins with a thumbnail, and marks it as one. */
static void read_entry(const struct layout *l, const uint8_t *entry, struct format_header *header) {
    enum { reduced = 1 };
    const uint32_t tag = read_16(l, entry), type = read_16(l, entry + 2);
    const uint8_t *at = entry + l->value_at;
    const uint32_t value = type == TYPE_SHORT  ? read_16(l, at)
                           : type == TYPE_LONG ? read_32(l, at)
                                               : 0;
    if (tag == TAG_WIDTH) header->width = value;
    if (tag == TAG_HEIGHT) header->height = value;
    if (tag == TAG_SUBFILE && (value & reduced))
        header->impossible =
            "it begins with a thumbnail, as a camera's raw photo does, and such are "
            "not supported";
}

static void tiff_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    header->missing = "its directory";
    if (size < 16) return;
    const struct layout layout = read_layout(bytes);
    const uint64_t at = layout.large ? read_64(&layout, bytes + 8) : read_32(&layout, bytes + 4);
    if (at > size - layout.count_size) return;
    const uint8_t *directory = bytes + at;
    const uint64_t count = layout.large ? read_64(&layout, directory) : read_16(&layout, directory);
    const size_t there = (size - (size_t)at - layout.count_size) / layout.entry_size;
    if (count <= there) header->missing = NULL;
    for (size_t i = 0; i < there && i < count; i++)
        read_entry(&layout, directory + layout.count_size + i * layout.entry_size, header);
}

static bool tiff_recognise(const uint8_t *bytes, size_t size) {
    static const char *const starts[] = {"II*", "II+", "MM\0*", "MM\0+"};
    if (size >= 11 && memcmp(bytes + 8, "CR\2", 3) == 0) return false; /* Canon's raw photos */
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (size >= 4 && memcmp(bytes, starts[i], 4) == 0) return true;
    return false;
}

#ifdef CAPTION_WITH_TIFF

/* libtiff brings a dozen codecs along: they are loaded for the first such photo, and stay. */
#define FUNCTION(name) __typeof__(&name) name
struct libtiff {
    FUNCTION(TIFFOpenOptionsAlloc);
    FUNCTION(TIFFOpenOptionsFree);
    FUNCTION(TIFFOpenOptionsSetErrorHandlerExtR);
    FUNCTION(TIFFOpenOptionsSetWarningHandlerExtR);
    FUNCTION(TIFFClientOpenExt);
    FUNCTION(TIFFClose);
    FUNCTION(TIFFGetField);
    FUNCTION(TIFFReadRGBAImageOriented);
};
#undef FUNCTION

static bool load(struct libtiff *lib, caption_error *error) {
#define FUNCTION(name) LIBRARY_FUNCTION(struct libtiff, name)
    static const struct library_function functions[] = {
        FUNCTION(TIFFOpenOptionsAlloc),
        FUNCTION(TIFFOpenOptionsFree),
        FUNCTION(TIFFOpenOptionsSetErrorHandlerExtR),
        FUNCTION(TIFFOpenOptionsSetWarningHandlerExtR),
        FUNCTION(TIFFClientOpenExt),
        FUNCTION(TIFFClose),
        FUNCTION(TIFFGetField),
        FUNCTION(TIFFReadRGBAImageOriented),
        LIBRARY_END,
    };
#undef FUNCTION
    return library_load(CAPTION_TIFF_SONAME, "a TIFF photo", "libtiff", functions, lib, error);
}

/* A file in memory, and what libtiff first complained of. */
struct tiff_source {
    const uint8_t *bytes;
    size_t size, at;
    char problem[160];
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

static int ignore_warning(TIFF *tiff, void *context, const char *module, const char *format,
                          va_list arguments) {
    (void)tiff;
    (void)context;
    (void)module;
    (void)format;
    (void)arguments;
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
    lib->TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, NULL);
    TIFF *tiff =
        lib->TIFFClientOpenExt("photo", "r", source, source_read, source_write, source_seek,
                               source_close, source_size, source_map, source_unmap, options);
    lib->TIFFOpenOptionsFree(options);
    if (!tiff) fail(source, error);
    return tiff;
}

static struct color *find_color(const struct libtiff *lib, TIFF *tiff) {
    uint32_t size = 0;
    void *profile = NULL;
    if (!lib->TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &profile)) return NULL;
    return color_new(profile, size, false);
}

/* libtiff multiplies colours by their alpha: over white, the rest is white. */
static void take_pixels(const uint32_t *pixels, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t pixel = pixels[i], white = 255 - TIFFGetA(pixel);
        const uint32_t colors[] = {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)};
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)size_smaller(colors[c] + white, 255);
    }
}

struct open_tiff {
    const struct libtiff *lib;
    TIFF *tiff;
    struct tiff_source *source;
};

/* As it is stored, `stored` being its orientation: who asks for that gets rows as they come. */
static bool decode(const struct open_tiff *open, const struct format_header *header,
                   uint16_t stored, size_t min_side, struct image *out, caption_error *error) {
    const struct libtiff *lib = open->lib;
    struct tiff_source *source = open->source;
    TIFF *tiff = open->tiff;
    const size_t count = header->width * header->height;
    if (!image_check_cost(header, count * sizeof(uint32_t), source->size, error)) return false;
    uint32_t *pixels = memory_zeroed(count, sizeof *pixels, "a photo's pixels", error);
    if (!pixels) return false;
    struct image_rows rows;
    bool ok = lib->TIFFReadRGBAImageOriented(tiff, (uint32_t)header->width,
                                             (uint32_t)header->height, pixels, stored, 1) ||
              fail(source, error);
    ok = ok && image_rows_begin(&rows, header, source->size, min_side, out, error);
    if (ok) {
        struct color *color = find_color(lib, tiff);
        for (size_t y = 0; y < rows.height; y++) {
            uint8_t *row = image_rows_at(&rows, y);
            take_pixels(pixels + y * rows.width, rows.width, row);
            if (color) color_convert(color, row, rows.width, row);
            image_rows_take(&rows, y);
        }
        color_free(color);
        image_rows_end(&rows, true);
    }
    free(pixels);
    return ok;
}

static bool tiff_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    struct libtiff lib = {0};
    struct tiff_source source = {.bytes = bytes, .size = size};
    if (!load(&lib, error)) return false;
    TIFF *tiff = open_tiff(&lib, &source, error);
    if (!tiff) return false;
    uint16_t orientation = 0;
    if (!lib.TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation) || orientation < 1 ||
        orientation > 8)
        orientation = 1;
    const struct open_tiff open = {&lib, tiff, &source};
    bool ok = decode(&open, header, orientation, min_side, out, error);
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
