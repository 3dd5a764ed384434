#include "metadata/caption_metadata.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/photo.h"
#include "metadata/photo_metadata.h"
#include "report/caption_xmp.h"

struct caption_metadata {
    struct caption_output output;
    struct caption_metadata_options options;
};

static bool refuse(caption_error *error, const char *path, const char *what) {
    return error_set(error, CAPTION_ERROR_IO,
                     "%s: %s: it stays as it is (--write-xmp writes a "
                     "sidecar)",
                     path, what);
}

static bool may_change(const char *path, struct stat *status, caption_error *error) {
    if (lstat(path, status) != 0) return refuse(error, path, "cannot be looked at");
    if (S_ISLNK(status->st_mode))
        return refuse(error, path, "is a symbolic link, expected the photo itself");
    if (!S_ISREG(status->st_mode)) return refuse(error, path, "is no regular file");
    if (status->st_nlink > 1) return refuse(error, path, "is one of several hard links to a photo");
    if ((status->st_mode & 0222) == 0 || access(path, W_OK) != 0)
        return refuse(error, path, "is read-only");
    return true;
}

static bool put_into_photo(const char *path, const struct xmp_content *content, bool overwrite,
                           caption_error *error) {
    struct stat status;
    struct file_bytes old, made;
    if (!may_change(path, &status, error) || !file_read(path, PHOTO_MAX_BYTES, &old, error))
        return false;
    bool ok = photo_metadata_put(old.data, old.size, content, overwrite, &made, error) ||
              error_prefix(error, path);
    if (ok) {
        ok = file_replace(path, &status, made.data, made.size, error);
        file_bytes_free(&made);
    }
    file_bytes_free(&old);
    return ok;
}

static struct caption_xmp_options sidecars_of(const struct caption_metadata_options *options) {
    return (struct caption_xmp_options){
        .overwrite = options->overwrite, .tags = options->tags, .names = CAPTION_XMP_NONE};
}

static bool has_all(const char *path, enum tags_shown tags) {
    struct file_bytes file;
    if (!file_read(path, PHOTO_MAX_BYTES, &file, NULL)) return false;
    const bool full =
        photo_metadata_is_full(file.data, file.size, tags != TAGS_ALONE, tags != TAGS_HIDDEN);
    file_bytes_free(&file);
    return full;
}

bool caption_metadata_is_done(const struct caption_metadata_options *options,
                              const struct caption_row *row) {
    const struct caption_xmp_options sidecars = sidecars_of(options);
    return !options->overwrite && has_all(row->path, options->tags) &&
           caption_xmp_is_done(&sidecars, row);
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct caption_metadata_options *options =
        &((const struct caption_metadata *)output)->options;
    const struct caption_xmp_options sidecars = sidecars_of(options);
    struct xmp_content content;
    if (!caption_xmp_content(row, options->tags, &content)) return true;
    const bool is_kept = !options->overwrite && has_all(row->path, options->tags);
    return (is_kept || put_into_photo(row->path, &content, options->overwrite, error)) &&
           caption_xmp_put(&sidecars, row, &content, error);
}

static void free_metadata(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_metadata_new(const struct caption_metadata_options *options,
                                            caption_error *error) {
    struct caption_metadata *metadata = memory_zeroed(1, sizeof *metadata, "an output", error);
    if (!metadata) return NULL;
    metadata->output =
        (struct caption_output){.row = write_row, .free = free_metadata, .file_each = true};
    metadata->options = *options;
    return &metadata->output;
}
