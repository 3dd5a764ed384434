#include "image/tiff.h"

#ifdef CAPTION_WITH_TIFF

#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "base/library.h"
#include "base/memory.h"
#include "image/color.h"
#include "image/rows.h"

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
    };
#undef FUNCTION
    return library_load(CAPTION_TIFF_SONAME, "a TIFF photo", "libtiff", functions,
                        sizeof functions / sizeof *functions, lib, error);
}

/* A file in memory, and what libtiff first complained of. */
struct source {
    const uint8_t *bytes;
    size_t size, at;
    char problem[160];
};

static tmsize_t source_read(thandle_t handle, void *out, tmsize_t wanted) {
    struct source *source = handle;
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
    struct source *source = handle;
    const toff_t from = whence == SEEK_CUR ? source->at : whence == SEEK_END ? source->size : 0;
    source->at = (size_t)(from + offset);
    return source->at;
}

static int source_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t source_size(thandle_t handle) {
    return ((const struct source *)handle)->size;
}

static int source_map(thandle_t handle, void **base, toff_t *size) {
    struct source *source = handle;
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
    struct source *source = context;
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

static bool fail(const struct source *source, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "is a TIFF photo that cannot be decoded: %s",
                     *source->problem ? source->problem : "libtiff does not say why");
}

static TIFF *open_tiff(const struct libtiff *lib, struct source *source, caption_error *error) {
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

/* As it is stored, `stored` being its orientation: who asks for that gets rows as they come. */
static bool decode(const struct libtiff *lib, TIFF *tiff, struct source *source,
                   const struct format_header *header, uint16_t stored, size_t min_side,
                   struct image *out, caption_error *error) {
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

bool tiff_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    struct libtiff lib = {0};
    struct source source = {.bytes = bytes, .size = size};
    if (!load(&lib, error)) return false;
    TIFF *tiff = open_tiff(&lib, &source, error);
    if (!tiff) return false;
    uint16_t orientation = 0;
    if (!lib.TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation) || orientation < 1 ||
        orientation > 8)
        orientation = 1;
    bool ok = decode(&lib, tiff, &source, header, orientation, min_side, out, error);
    lib.TIFFClose(tiff);
    if (!ok || image_turn_upright(out, orientation, error)) return ok;
    image_free(out);
    return false;
}

#else

bool tiff_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    (void)bytes;
    (void)size;
    (void)header;
    (void)min_side;
    (void)out;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "is a TIFF photo, which this build cannot decode: libtiff 4.5 was absent");
}

#endif
