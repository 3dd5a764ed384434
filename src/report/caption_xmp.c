#include "report/caption_xmp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "report/caption_file.h"

/* A larger file is not a sidecar. */
static const size_t largest_file = (size_t)1 << 24;

struct caption_xmp {
    struct caption_output output;
    struct caption_xmp_options options;
};

enum { WHOLE_NAME, STEM, NAMES };

/* Of the name of darktable, or of Adobe. NULL with `error` set when memory is short. */
static char *path_of(const struct caption_row *row, const char *folder, int name,
                     caption_error *error) {
    struct caption_row named = *row;
    named.name_taken |= name == WHOLE_NAME;
    return caption_file_path(&named, folder, ".xmp", error);
}

/* An existing sidecar; its bytes are freed by the caller. */
static bool read_sidecar(const char *path, struct file_bytes *file, struct xmp_packet *packet,
                         caption_error *error) {
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, CAPTION_ERROR_IO, "%s: expected a regular file", path);
    if (!file_read(path, largest_file, file, error)) return false;
    if (xmp_packet_read((const char *)file->data, file->size, path, packet, error)) return true;
    file_bytes_free(file);
    return false;
}

static bool is_full(const struct xmp_packet *packet, enum tags_shown tags) {
    return xmp_packet_is_full(packet, tags != TAGS_ALONE, tags != TAGS_HIDDEN);
}

/* Whether a "dog.xmp" says that it is the sidecar of dog.cr2, not of dog.jpg. */
static bool is_of_another(const struct xmp_packet *packet, const char *photo) {
    static const char property[] = "photoshop:SidecarForExtension";
    const char *extension = photo + file_stem_length(photo);
    const char *found = strstr(packet->bytes, property);
    if (!found || *extension != '.') return false;
    found += strlen(property);
    found += strspn(found, " \t\r\n=\"'>");
    const size_t length = strlen(++extension);
    return strncasecmp(found, extension, length) != 0 || isalnum((unsigned char)found[length]);
}

/* `old`: NULL where there is none. */
static bool write_sidecar(const struct caption_xmp_options *options, const char *path,
                          const struct xmp_packet *old, const struct xmp_content *content,
                          caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "an XMP sidecar", error)) return false;
    if (old)
        xmp_packet_write_merged(text.stream, old, content, options->overwrite);
    else
        xmp_packet_write(text.stream, content);
    char *packet = text_stream_close(&text, error);
    const bool ok = packet && file_write(path, packet, text.size, error);
    free(packet);
    return ok;
}

static bool merge(const struct caption_xmp_options *options, const struct caption_row *row,
                  const char *path, const struct xmp_content *content, caption_error *error) {
    struct file_bytes file;
    struct xmp_packet packet;
    if (!read_sidecar(path, &file, &packet, error)) return false;
    const bool overwrite = options->overwrite;
    const bool ok = is_of_another(&packet, row->path) ||
                    (!overwrite && is_full(&packet, options->tags)) ||
                    (xmp_packet_can_merge(&packet, content, overwrite, path, error) &&
                     write_sidecar(options, path, &packet, content, error));
    file_bytes_free(&file);
    return ok;
}

/* The sidecars of a photo, freed with forget_sidecars. */
struct sidecars {
    char *paths[NAMES]; /* STEM: NULL where another photo has that name */
    bool there[NAMES];
};

static void forget_sidecars(struct sidecars *sidecars) {
    for (int i = 0; i < NAMES; i++) free(sidecars->paths[i]);
}

static bool find_sidecars(const struct caption_xmp_options *options, const struct caption_row *row,
                          struct sidecars *sidecars, caption_error *error) {
    *sidecars = (struct sidecars){0};
    for (int i = 0; i < (row->name_taken ? STEM : NAMES); i++) {
        sidecars->paths[i] = path_of(row, options->folder, i, error);
        if (sidecars->paths[i] &&
            file_entry_is_there(sidecars->paths[i], &sidecars->there[i], error))
            continue;
        forget_sidecars(sidecars);
        return false;
    }
    return true;
}

static bool is_created(const struct caption_xmp_options *options, const struct sidecars *sidecars,
                       int name) {
    if (!sidecars->paths[name] || sidecars->there[name]) return false;
    switch (options->names) {
    case CAPTION_XMP_USUAL:
        return name == WHOLE_NAME && !sidecars->there[STEM];
    case CAPTION_XMP_DARKTABLE:
        return name == WHOLE_NAME;
    case CAPTION_XMP_ADOBE:
        return name == STEM || !sidecars->paths[STEM];
    case CAPTION_XMP_BOTH:
        return true;
    case CAPTION_XMP_NONE:
        break;
    }
    return false;
}

bool caption_xmp_content(const struct caption_row *row, enum tags_shown tags,
                         struct xmp_content *content) {
    const caption_result *result = row->result;
    if (result->count == 0 || result->captions[0].text[0] == '\0') return false;
    const char *caption = tags == TAGS_ALONE ? NULL : result->captions[0].text;
    *content = (struct xmp_content){.texts = {caption, caption},
                                    .confidence = result->captions[0].confidence,
                                    .tags = result->tags,
                                    .tag_count = tags == TAGS_HIDDEN ? 0 : result->tag_count};
    return true;
}

bool caption_xmp_put(const struct caption_xmp_options *options, const struct caption_row *row,
                     const struct xmp_content *content, caption_error *error) {
    struct sidecars sidecars;
    if (!find_sidecars(options, row, &sidecars, error)) return false;
    bool ok = true;
    for (int i = 0; ok && i < NAMES; i++) {
        const char *path = sidecars.paths[i];
        if (sidecars.there[i])
            ok = merge(options, row, path, content, error);
        else if (is_created(options, &sidecars, i))
            ok = (!options->folder || file_make_folders(path, error)) &&
                 write_sidecar(options, path, NULL, content, error);
    }
    forget_sidecars(&sidecars);
    return ok;
}

/* Whether there is nothing to add to a sidecar. */
static bool has_all(const struct caption_xmp_options *options, const struct caption_row *row,
                    const char *path) {
    struct file_bytes file;
    struct xmp_packet packet;
    if (!read_sidecar(path, &file, &packet, NULL)) return false;
    const bool all = is_of_another(&packet, row->path) || is_full(&packet, options->tags);
    file_bytes_free(&file);
    return all;
}

bool caption_xmp_is_done(const struct caption_xmp_options *options, const struct caption_row *row) {
    struct sidecars sidecars;
    if (options->overwrite || !find_sidecars(options, row, &sidecars, NULL)) return false;
    bool done = true;
    for (int i = 0; done && i < NAMES; i++)
        done = sidecars.there[i] ? has_all(options, row, sidecars.paths[i])
                                 : !is_created(options, &sidecars, i);
    forget_sidecars(&sidecars);
    return done;
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct caption_xmp_options *options = &((const struct caption_xmp *)output)->options;
    struct xmp_content content;
    return !caption_xmp_content(row, options->tags, &content) ||
           caption_xmp_put(options, row, &content, error);
}

static void free_xmp(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error) {
    struct caption_xmp *xmp = memory_zeroed(1, sizeof *xmp, "an output", error);
    if (!xmp) return NULL;
    xmp->output = (struct caption_output){.row = write_row, .free = free_xmp, .file_each = true};
    xmp->options = *options;
    return &xmp->output;
}
