#include "report/caption_tar.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/tar.h"

#ifdef CAPTION_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

#include "base/library.h"
#include "base/text_stream.h"

#define LIBARCHIVE(X)                                                                              \
    X(archive_write_new)                                                                           \
    X(archive_write_set_format_pax_restricted)                                                     \
    X(archive_write_open)                                                                          \
    X(archive_write_header)                                                                        \
    X(archive_write_data)                                                                          \
    X(archive_write_close)                                                                         \
    X(archive_write_free)                                                                          \
    X(archive_error_string)                                                                        \
    X(archive_entry_new)                                                                           \
    X(archive_entry_free)                                                                          \
    X(archive_entry_set_pathname)                                                                  \
    X(archive_entry_set_size)                                                                      \
    X(archive_entry_set_filetype)                                                                  \
    X(archive_entry_set_perm)                                                                      \
    X(archive_entry_set_mtime)

struct archive_writing {
#define POINTER(name) __typeof__(&name) name;
    LIBARCHIVE(POINTER)
#undef POINTER
};

struct tar_output {
    struct caption_output output;
    struct archive_writing lib;
    struct caption_rows rows;
    struct file_writer writer;
    struct archive *archive;
    char *path;
};

static bool load(struct archive_writing *lib, caption_error *error) {
    static const struct library_function functions[] = {
#define FUNCTION(name) LIBRARY_FUNCTION(struct archive_writing, name),
        LIBARCHIVE(FUNCTION)
#undef FUNCTION
            LIBRARY_END,
    };
    return library_find(CAPTION_ARCHIVE_SONAME, functions, lib) ||
           error_set(error, CAPTION_ERROR_FORMAT,
                     "libarchive, which writes tar archives, cannot be loaded: %.200s", dlerror());
}

/* What the stream cannot take, its owner reports. */
static la_ssize_t write_block(struct archive *archive, void *context, const void *block,
                              size_t size) {
    (void)archive;
    struct tar_output *tar = context;
    return fwrite(block, 1, size, tar->writer.stream) == size ? (la_ssize_t)size : -1;
}

static bool archive_error(const struct tar_output *tar, caption_error *error) {
    if (!file_writer_is_whole(&tar->writer, error)) return false;
    const char *reason = tar->lib.archive_error_string(tar->archive);
    return error_set(error, CAPTION_ERROR_IO, "%s: cannot write the tar archive: %.200s", tar->path,
                     reason ? reason : "no reason given");
}

static bool put(const struct tar_output *tar, const struct caption_member *member,
                caption_error *error) {
    const struct archive_writing *lib = &tar->lib;
    struct archive_entry *entry = lib->archive_entry_new();
    if (!entry) return error_memory(error, "a member of an archive");
    lib->archive_entry_set_pathname(entry, member->name);
    lib->archive_entry_set_size(entry, (la_int64_t)member->size);
    lib->archive_entry_set_filetype(entry, AE_IFREG);
    lib->archive_entry_set_perm(entry, 0644);
    lib->archive_entry_set_mtime(entry, 0, 0);
    bool ok = lib->archive_write_header(tar->archive, entry) >= ARCHIVE_WARN;
    lib->archive_entry_free(entry);
    if (ok && member->size > 0)
        ok = lib->archive_write_data(tar->archive, member->bytes, member->size) ==
             (la_ssize_t)member->size;
    return ok || archive_error(tar, error);
}

static bool put_text(const struct tar_output *tar, const struct caption_row *row, bool json,
                     caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a caption", error)) return false;
    struct caption_rows rows = tar->rows;
    rows.stream = text.stream;
    rows.json_lines = json;
    rows.with_path = rows.with_logprob = false;
    bool ok = caption_rows_write(&rows, row->path, row->result, error);
    char *content = ok ? text_stream_close(&text, error) : NULL;
    char *name = content ? memory_join(row->path, json ? ".json" : ".txt", "", error) : NULL;
    ok = name && put(tar, &(struct caption_member){name, content, text.size}, error);
    text_stream_abandon(&text);
    free(content);
    free(name);
    return ok;
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct tar_output *tar = (struct tar_output *)output;
    if (row->result->count == 0 || !row->member) return true;
    return put(tar, row->member, error) && put_text(tar, row, false, error) &&
           put_text(tar, row, true, error);
}

static bool end_archive(struct caption_output *output, caption_error *error) {
    struct tar_output *tar = (struct tar_output *)output;
    if (tar->lib.archive_write_close(tar->archive) < ARCHIVE_WARN) return archive_error(tar, error);
    return file_writer_commit(&tar->writer, error);
}

static void free_archive(struct caption_output *output) {
    struct tar_output *tar = (struct tar_output *)output;
    if (tar->archive) tar->lib.archive_write_free(tar->archive);
    file_writer_abandon(&tar->writer);
    free(tar->path);
    free(tar);
}

static bool open_archive(struct tar_output *tar, caption_error *error) {
    tar->archive = tar->lib.archive_write_new();
    if (!tar->archive) return error_memory(error, "the writer of an archive");
    return (tar->lib.archive_write_set_format_pax_restricted(tar->archive) == ARCHIVE_OK &&
            tar->lib.archive_write_open(tar->archive, tar, NULL, write_block, NULL) ==
                ARCHIVE_OK) ||
           archive_error(tar, error);
}

struct caption_output *caption_tar_new(const char *path, const struct caption_rows *rows,
                                       caption_error *error) {
    struct tar_output *tar = memory_zeroed(1, sizeof *tar, "an output", error);
    if (!tar) return NULL;
    tar->output =
        (struct caption_output){.row = write_row, .end = end_archive, .free = free_archive};
    tar->rows = *rows;
    tar->path = memory_string(path, error);
    if (tar->path && (load(&tar->lib, error) || error_prefix(error, path)) &&
        file_writer_open(&tar->writer, path, error) && open_archive(tar, error))
        return &tar->output;
    free_archive(&tar->output);
    return NULL;
}

#else

struct caption_output *caption_tar_new(const char *path, const struct caption_rows *rows,
                                       caption_error *error) {
    (void)rows;
    error_set(error, CAPTION_ERROR_FORMAT,
              "%s: caption was built without libarchive, which writes tar archives", path);
    return NULL;
}

#endif
