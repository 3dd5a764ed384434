#include "image/heif.h"

#ifdef CAPTION_WITH_HEIF

#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

#include "base/library.h"
#include "base/memory.h"
#include "image/color.h"
#include "image/rows.h"

/* libheif and its codecs take longer to load than a caption takes: they are loaded for the first
 * such photo, and stay. */
#define FUNCTION(name) __typeof__(&name) name
struct libheif {
    FUNCTION(heif_context_alloc);
    FUNCTION(heif_context_free);
    FUNCTION(heif_context_read_from_memory_without_copy);
    FUNCTION(heif_context_get_primary_image_handle);
    FUNCTION(heif_image_handle_release);
    FUNCTION(heif_image_handle_get_width);
    FUNCTION(heif_image_handle_get_height);
    FUNCTION(heif_image_handle_has_alpha_channel);
    FUNCTION(heif_image_handle_get_raw_color_profile_size);
    FUNCTION(heif_image_handle_get_raw_color_profile);
    FUNCTION(heif_decoding_options_alloc);
    FUNCTION(heif_decoding_options_free);
    FUNCTION(heif_decode_image);
    FUNCTION(heif_image_release);
    FUNCTION(heif_image_get_plane_readonly);
};
#undef FUNCTION

static bool load(struct libheif *lib, caption_error *error) {
#define FUNCTION(name) LIBRARY_FUNCTION(struct libheif, name)
    static const struct library_function functions[] = {
        FUNCTION(heif_context_alloc),
        FUNCTION(heif_context_free),
        FUNCTION(heif_context_read_from_memory_without_copy),
        FUNCTION(heif_context_get_primary_image_handle),
        FUNCTION(heif_image_handle_release),
        FUNCTION(heif_image_handle_get_width),
        FUNCTION(heif_image_handle_get_height),
        FUNCTION(heif_image_handle_has_alpha_channel),
        FUNCTION(heif_image_handle_get_raw_color_profile_size),
        FUNCTION(heif_image_handle_get_raw_color_profile),
        FUNCTION(heif_decoding_options_alloc),
        FUNCTION(heif_decoding_options_free),
        FUNCTION(heif_decode_image),
        FUNCTION(heif_image_release),
        FUNCTION(heif_image_get_plane_readonly),
    };
#undef FUNCTION
    return library_load(CAPTION_HEIF_SONAME, "a HEIF photo", "libheif", functions,
                        sizeof functions / sizeof *functions, lib, error);
}

/* A file on its way to pixels. */
struct file {
    struct libheif heif;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_image *image; /* RGB or RGBA, upright */
    bool transparent;
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

/* libheif keeps planes of the codec's own beside the pixels that are asked for. */
static bool decode(struct file *file, const struct format_header *header, size_t size,
                   caption_error *error) {
    enum { bytes_a_pixel = 8 };
    if (!image_check_cost(header, bytes_a_pixel * header->width * header->height, size, error))
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
static struct color *find_color(const struct file *file) {
    const size_t size = file->heif.heif_image_handle_get_raw_color_profile_size(file->handle);
    uint8_t *profile = size > 0 ? memory_uninitialised(size, 1, "a colour profile", NULL) : NULL;
    if (!profile) return NULL;
    const struct heif_error result =
        file->heif.heif_image_handle_get_raw_color_profile(file->handle, profile);
    struct color *color = result.code == heif_error_Ok ? color_new(profile, size, false) : NULL;
    free(profile);
    return color;
}

static bool take_rows(struct file *file, const struct format_header *header, size_t size,
                      size_t min_side, struct image *out, caption_error *error) {
    int stride = 0;
    const uint8_t *pixels =
        file->heif.heif_image_get_plane_readonly(file->image, heif_channel_interleaved, &stride);
    if (!pixels || stride <= 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a HEIF photo without pixels");
    struct image_rows rows;
    if (!image_rows_begin(&rows, header, size, min_side, out, error)) return false;
    struct color *color = find_color(file);
    for (size_t y = 0; y < rows.height; y++) {
        uint8_t *row = image_rows_at(&rows, y);
        image_over_white(pixels + y * (size_t)stride, file->transparent ? 4 : 3, rows.width, row);
        if (color) color_convert(color, row, rows.width, row);
        image_rows_take(&rows, y);
    }
    color_free(color);
    return image_rows_end(&rows, true);
}

bool heif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    struct format_header upright = *header;
    struct file file = {0};
    const bool ok = file_open(&file, bytes, size, &upright, error) &&
                    decode(&file, &upright, size, error) &&
                    take_rows(&file, &upright, size, min_side, out, error);
    file_close(&file);
    return ok;
}

#else

bool heif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                 size_t min_side, struct image *out, caption_error *error) {
    (void)bytes;
    (void)size;
    (void)header;
    (void)min_side;
    (void)out;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "is a HEIF photo, which this build cannot decode: libheif was absent");
}

#endif
