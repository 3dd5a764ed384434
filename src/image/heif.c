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
    FUNCTION(heif_image_handle_has_alpha_channel)                                                  \
    FUNCTION(heif_image_handle_get_raw_color_profile_size)                                         \
    FUNCTION(heif_image_handle_get_raw_color_profile)                                              \
    FUNCTION(heif_decoding_options_alloc)                                                          \
    FUNCTION(heif_decoding_options_free)                                                           \
    FUNCTION(heif_decode_image)                                                                    \
    FUNCTION(heif_image_release)                                                                   \
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

static bool take_pixels(struct file *file, const struct format_header *header, size_t size,
                        size_t min_side, struct image *out, caption_error *error) {
    int stride = 0;
    struct whole_pixels whole = {.channels = file->transparent ? 4 : 3};
    whole.pixels =
        file->heif.heif_image_get_plane_readonly(file->image, heif_channel_interleaved, &stride);
    if (!whole.pixels || stride <= 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "is a HEIF photo without pixels");
    whole.stride = (size_t)stride;
    uint8_t *profile = read_profile(file, &whole.profile_size);
    whole.profile = profile;
    const bool ok = image_take_whole(&whole, header, size, min_side, out, error);
    free(profile);
    return ok;
}

static bool heif_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                        size_t min_side, struct image *out, caption_error *error) {
    struct format_header upright = *header;
    struct file file = {0};
    const bool ok = file_open(&file, bytes, size, &upright, error) &&
                    decode(&file, &upright, size, error) &&
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
