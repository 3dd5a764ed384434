#include "report/caption_xmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "report/caption_file.h"
#include "report/xmp_packet.h"

/* A larger file is not a sidecar. */
static const size_t largest_file = (size_t)1 << 24;

struct caption_xmp {
    struct caption_output output;
    struct caption_xmp_options options;
};

char *caption_xmp_path(const struct caption_row *row, const char *folder, caption_error *error) {
    struct caption_row whole_name = *row;
    whole_name.second = true;
    return caption_file_path(&whole_name, folder, ".xmp", error);
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

static bool is_full(const struct xmp_packet *packet, enum tags_told tags) {
    return xmp_packet_is_full(packet, tags != TAGS_ALONE, tags != TAGS_NOT_TOLD);
}

bool caption_xmp_is_full(const char *path, enum tags_told tags) {
    struct file_bytes file;
    struct xmp_packet packet;
    if (!read_sidecar(path, &file, &packet, NULL)) return false;
    const bool full = is_full(&packet, tags);
    file_bytes_free(&file);
    return full;
}

/* `old`: NULL where there is none. */
static bool write_sidecar(const struct caption_xmp *xmp, const char *path,
                          const struct xmp_packet *old, const struct xmp_content *content,
                          caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "an XMP sidecar", error)) return false;
    if (old)
        xmp_packet_write_merged(text.stream, old, content, xmp->options.overwrite);
    else
        xmp_packet_write(text.stream, content);
    char *packet = text_stream_close(&text, error);
    const bool ok = packet && file_write(path, packet, text.size, error);
    free(packet);
    return ok;
}

static bool merge(const struct caption_xmp *xmp, const char *path,
                  const struct xmp_content *content, caption_error *error) {
    struct file_bytes file;
    struct xmp_packet packet;
    if (!read_sidecar(path, &file, &packet, error)) return false;
    const bool overwrite = xmp->options.overwrite;
    const bool ok = (!overwrite && is_full(&packet, xmp->options.tags)) ||
                    (xmp_packet_can_merge(&packet, content, overwrite, path, error) &&
                     write_sidecar(xmp, path, &packet, content, error));
    file_bytes_free(&file);
    return ok;
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct caption_xmp *xmp = (const struct caption_xmp *)output;
    if (row->result->count == 0 || row->result->captions[0].text[0] == '\0') return true;
    char *path = caption_xmp_path(row, xmp->options.folder, error);
    if (!path) return false;
    const enum tags_told tags = xmp->options.tags;
    const struct xmp_content content = {
        .caption = tags == TAGS_ALONE ? NULL : row->result->captions[0].text,
        .confidence = row->result->captions[0].confidence,
        .tags = row->result->tags,
        .tag_count = tags == TAGS_NOT_TOLD ? 0 : row->result->tag_count};
    bool there, ok = file_entry_is_there(path, &there, error);
    if (ok && there)
        ok = merge(xmp, path, &content, error);
    else if (ok)
        ok = (!xmp->options.folder || file_make_folders(path, error)) &&
             write_sidecar(xmp, path, NULL, &content, error);
    free(path);
    return ok;
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
