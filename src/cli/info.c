/* caption info [MODEL]: what a model is, was trained on and scores. */
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "decode/decode.h"
#include "format/packed_file.h"
#include "model/model.h"

static bool print_json(const struct model *model, const char *path, caption_error *error) {
    cJSON *info = model_info_json(model, path, error);
    if (!info) return false;
    bool done = json_write_line(info, stdout, error);
    cJSON_Delete(info);
    return done;
}

static bool print_text(const struct model *model, const char *path, caption_error *error) {
    char *info = model_info(model, path, error);
    if (!info) return false;
    fputs(info, stdout);
    free(info);
    return true;
}

static bool print_vocabulary(const struct model *model, caption_error *error) {
    char *words = vocabulary_format(&model->vocabulary, error);
    if (!words) return false;
    fputs(words, stdout);
    free(words);
    return true;
}

/* What anybody may write is not used, under whatever umask it was packed; the mode of an old file
 * would stay. */
static void keep_others_from_writing(const char *path) {
    struct stat old;
    umask(umask(0) | S_IWOTH);
    if (stat(path, &old) == 0 && (old.st_mode & S_IWOTH) != 0)
        (void)!chmod(path, old.st_mode & 0777 & ~(mode_t)S_IWOTH);
}

static bool write_packed(const struct prepared *prepared, const char *path, const char *key,
                         caption_error *error) {
    const struct arena *parts[PACKED_PARTS];
    prepared_parts(prepared, parts);
    keep_others_from_writing(path);
    if (!packed_file_write(path, key, parts, error)) return false;
    plain_text_write_line(stdout, path);
    putchar('\n');
    return true;
}

/* Where nothing is, or what was packed before. */
static bool may_write_packed(const char *path, caption_error *error) {
    bool there;
    struct stat status;
    if (!file_entry_is_there(path, &there, error)) return false;
    if (!there || (lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                   (status.st_size == 0 || packed_file_recognise(path))))
        return true;
    return error_set(error, CAPTION_ERROR_IO,
                     "%s: expected nothing or packed weights, found something else: remove it "
                     "first",
                     path);
}

/* Packs for captions with the options that are used when no flag is given. */
static bool pack(struct model *model, const char *path, caption_error *error) {
    const caption_options options = caption_options_default();
    char key[PACKED_KEY];
    struct prepared prepared;
    file_parts_close(&model->packed); /* it is packed anew */
    if (!prepared_key(model, &options, key, error) ||
        !prepared_init(&prepared, model, &options, 1, error))
        return false;
    char *packed = packed_file_path(path, error);
    const bool written =
        packed && may_write_packed(packed, error) && write_packed(&prepared, packed, key, error);
    free(packed);
    prepared_free(&prepared);
    return written;
}

/* Says of packed weights that lie beside a model whether they are used. */
static bool print_packed(const struct model *model, const char *path, caption_error *error) {
    if (!model->packed.is_open) return true;
    const caption_options options = caption_options_default();
    caption_error reason;
    const bool used = prepared_is_packed(model, &options, &reason);
    char *packed = packed_file_path(path, error);
    if (!packed) return false;
    fputs("packed weights ", stdout);
    plain_text_write_line(stdout, used ? packed : reason.message);
    putchar('\n');
    free(packed);
    return true;
}

/* What is asked of a model; none of these: its text. */
struct wanted {
    bool json, vocabulary, pack;
};

static bool show(struct model *model, const char *path, const struct wanted *wanted,
                 caption_error *error) {
    if (wanted->pack) return pack(model, path, error);
    if (wanted->vocabulary) return print_vocabulary(model, error);
    if (wanted->json) return print_json(model, path, error);
    return print_text(model, path, error) && print_packed(model, path, error);
}

static bool run(const char *path, const struct wanted *wanted, caption_error *error) {
    struct model model;
    if (wanted->json + wanted->vocabulary + wanted->pack > 1)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--json, --vocabulary and --pack go one at a time");
    if (!model_open(&model, path, error)) return false;
    const bool done = show(&model, path, wanted, error);
    model_free(&model);
    return done;
}

int command_info(int argc, char **argv) {
    struct wanted wanted = {0};
    const struct options_row rows[] = {
        {0, "json", OPTIONS_ON, &wanted.json, NULL, 0, 0, "as one JSON object", NULL},
        {0, "vocabulary", OPTIONS_ON, &wanted.vocabulary, NULL, 0, 0,
         "its words instead, WORD<TAB>COUNT a line, most frequent first", NULL},
        {0, "pack", OPTIONS_ON, &wanted.pack, NULL, 0, 0,
         "write MODEL.packed, its weights as this program and processor use them: captions of it "
         "then begin sooner, and programs that run at once share that memory",
         NULL},
    };
    const struct options_group groups[] = {{"Options", rows, sizeof rows / sizeof *rows}};
    const struct options_command command = {
        "caption info",
        "[OPTIONS] [MODEL]",
        "Shows what a model is, was trained on and scores; without MODEL, the one that is used\n"
        "when none is named.\n",
        groups,
        1,
        NULL};
    int status;
    const int first = command_begin(&command, argc, argv, 0, 1, &status);
    if (!first) return status;
    caption_error error;
    struct model_place place;
    const char *path = model_path(first < argc ? argv[first] : NULL, &place, &error);
    status = path && run(path, &wanted, &error) ? COMMAND_DONE : command_error(&command, &error);
    return command_finish(&command, status);
}

#ifdef CAPTION_WITH_HEIF
#include <libheif/heif.h>
#endif

/* A format, and the library that reads it. */
struct format_line {
    const char *format, *reader;
    bool built;         /* it, or what stands in for it, was there at build time */
    const char *soname; /* loaded when such a file comes; NULL: linked, or our own code */
};

#ifdef CAPTION_WITH_JPEG
#define JPEG_LINE "libjpeg-turbo", true, NULL
#else
#define JPEG_LINE "stb_image (no CMYK; libjpeg-turbo is missing)", true, NULL
#endif
#ifdef CAPTION_WITH_PNG
#define PNG_LINE "libpng", true, NULL
#else
#define PNG_LINE "stb_image (no checksums; libpng is missing)", true, NULL
#endif
#ifdef CAPTION_WITH_GIF
#define GIF_LINE "giflib", true, NULL
#else
#define GIF_LINE "stb_image (fewer kinds; giflib is missing)", true, NULL
#endif
#ifdef CAPTION_WITH_WEBP
#define WEBP_LINE "libwebp", true, NULL
#else
#define WEBP_LINE "libwebp", false, NULL
#endif
#ifdef CAPTION_WITH_HEIF
#define HEIF_LINE "libheif", true, CAPTION_HEIF_SONAME
#else
#define HEIF_LINE "libheif", false, NULL
#endif
#ifdef CAPTION_WITH_TIFF
#define TIFF_LINE "libtiff", true, CAPTION_TIFF_SONAME
#else
#define TIFF_LINE "libtiff", false, NULL
#endif
#ifdef CAPTION_WITH_JXL
#define JXL_LINE "libjxl", true, CAPTION_JXL_SONAME
#else
#define JXL_LINE "libjxl", false, NULL
#endif
#ifdef CAPTION_WITH_LCMS
#define PROFILE_LINE "LittleCMS", true, NULL
#else
#define PROFILE_LINE "LittleCMS", false, NULL
#endif
#ifdef CAPTION_WITH_EXIF
#define EXIF_LINE "libexif", true, NULL
#else
#define EXIF_LINE "libexif", false, NULL
#endif
#ifdef CAPTION_WITH_EXPAT
#define XMP_LINE "libexpat", true, NULL
#else
#define XMP_LINE "libexpat", false, NULL
#endif
#ifdef CAPTION_WITH_ARCHIVE
#define TAR_LINE "libarchive", true, CAPTION_ARCHIVE_SONAME
#else
#define TAR_LINE "libarchive", false, NULL
#endif

static const char heic[] = "HEIC", avif[] = "AVIF";

static const struct format_line lines[] = {
    {"JPEG", JPEG_LINE},
    {"PNG", PNG_LINE},
    {heic, HEIF_LINE},
    {avif, HEIF_LINE},
    {"WebP", WEBP_LINE},
    {"GIF", GIF_LINE},
    {"TIFF", TIFF_LINE},
    {"JPEG XL", JXL_LINE},
    {"raw photos (their JPEG preview)", JPEG_LINE},
    {"BMP", "caption", true, NULL},
    {"PNM and PAM", "caption", true, NULL},
    {"colour profiles", PROFILE_LINE},
    {"orientation (EXIF)", EXIF_LINE},
    {"XMP of other programs", XMP_LINE},
    {"tar archives", TAR_LINE},
};

/* libheif itself loads what decodes a file. */
static bool has_decoder(const struct format_line *line, caption_error *error) {
#ifdef CAPTION_WITH_HEIF
#define LIBHEIF(FUNCTION) FUNCTION(heif_have_decoder_for_format)
    struct {
        LIBHEIF(LIBRARY_POINTER)
    } lib;
    if (line->format != heic && line->format != avif) return true;
    if (!library_load(line->soname, "a HEIF photo", line->reader, LIBRARY_NAMES(LIBHEIF), &lib,
                      error))
        return false;
    if (lib.heif_have_decoder_for_format(line->format == heic ? heif_compression_HEVC
                                                              : heif_compression_AV1))
        return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "it has no decoder for %s", line->format);
#else
    (void)line;
    (void)error;
    return true;
#endif
}

static bool is_there(const struct format_line *line, caption_error *error) {
    if (!line->built)
        return error_set(error, CAPTION_ERROR_FORMAT, "absent when caption was built");
    if (!line->soname) return true;
    const char *const none = NULL;
    return library_load(line->soname, line->format, line->reader, &none, NULL, error) &&
           has_decoder(line, error);
}

void formats_write(FILE *stream) {
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        caption_error error;
        const bool there = is_there(&lines[i], &error);
        fprintf(stream, "%s\t%s\t%s", lines[i].format, there ? "yes" : "no", lines[i].reader);
        if (!there) fprintf(stream, ": %s", error.message);
        fputc('\n', stream);
    }
}
