#include "data/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { HEADER = 512, MAGIC_AT = 257 };

bool tar_recognise(const uint8_t *bytes, size_t size) {
    static const char magic[] = "ustar";
    return size >= MAGIC_AT + sizeof magic &&
           memcmp(bytes + MAGIC_AT, magic, sizeof magic - 1) == 0;
}

bool tar_file_recognise(const char *path) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, HEADER, &beginning)) return false;
    const bool archive = tar_recognise(beginning.data, beginning.size);
    file_bytes_free(&beginning);
    return archive;
}

void tar_members_free(struct tar_members *members) {
    for (size_t i = 0; i < members->count; i++) free(members->items[i].name);
    free(members->items);
    *members = (struct tar_members){0};
}

#ifdef CAPTION_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

#define LIBARCHIVE(X)                                                                              \
    X(archive_read_new)                                                                            \
    X(archive_read_free)                                                                           \
    X(archive_read_support_format_tar)                                                             \
    X(archive_read_support_filter_gzip)                                                            \
    X(archive_read_support_filter_zstd)                                                            \
    X(archive_read_support_filter_xz)                                                              \
    X(archive_read_support_filter_bzip2)                                                           \
    X(archive_read_set_format_option)                                                              \
    X(archive_read_set_read_callback)                                                              \
    X(archive_read_set_skip_callback)                                                              \
    X(archive_read_set_callback_data)                                                              \
    X(archive_read_open1)                                                                          \
    X(archive_read_data)                                                                           \
    X(archive_read_data_skip)                                                                      \
    X(archive_read_open_filename)                                                                  \
    X(archive_read_next_header2)                                                                   \
    X(archive_filter_bytes)                                                                        \
    X(archive_errno)                                                                               \
    X(archive_error_string)                                                                        \
    X(archive_entry_new)                                                                           \
    X(archive_entry_free)                                                                          \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_pathname_utf8)                                                                 \
    X(archive_entry_filetype)                                                                      \
    X(archive_entry_hardlink)                                                                      \
    X(archive_entry_sparse_count)                                                                  \
    X(archive_entry_size)

struct libarchive {
    LIBARCHIVE(LIBRARY_POINTER)
};

static bool load(struct libarchive *lib, caption_error *error) {
    return library_load(CAPTION_ARCHIVE_SONAME, "a tar archive", "libarchive",
                        LIBRARY_NAMES(LIBARCHIVE), lib, error);
}

/* An archive that is to be read, and its entry: libarchive makes its own, and does not look whether
 * there was memory for it. */
static bool new_archive(const struct libarchive *lib, struct archive **archive,
                        struct archive_entry **entry, caption_error *error) {
    *archive = lib->archive_read_new();
    *entry = lib->archive_entry_new();
    return (*archive && *entry) || error_memory(error, "the reader of an archive");
}

static void free_archive(const struct libarchive *lib, struct archive *archive,
                         struct archive_entry *entry) {
    if (archive) lib->archive_read_free(archive);
    if (entry) lib->archive_entry_free(entry);
}

/* An archive while it is listed. */
struct listing {
    struct libarchive lib;
    struct archive *archive;
    struct archive_entry *entry;
    const char *path;
    size_t size; /* of its file */
    struct tar_members *members;
};

static bool archive_error(const struct listing *listing, caption_error *error) {
    if (listing->lib.archive_errno(listing->archive) == ENOMEM)
        return error_memory(error, listing->path);
    const char *reason = listing->lib.archive_error_string(listing->archive);
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: cannot read the tar archive: %.200s",
                     listing->path, reason ? reason : "no reason given");
}

/* Whether a header was read. One with a wrong checksum is ARCHIVE_RETRY: of the next, nothing is
 * known. */
static bool is_read(int status) {
    return status == ARCHIVE_OK || status == ARCHIVE_WARN;
}

/* Whether an entry is a file whose bytes lie in the archive one after the other. */
static bool is_plain(const struct libarchive *lib, struct archive_entry *entry) {
    return lib->archive_entry_filetype(entry) == AE_IFREG && !lib->archive_entry_hardlink(entry) &&
           lib->archive_entry_sparse_count(entry) == 0;
}

/* In the locale's encoding, or where it has not all the letters, in UTF-8; NULL: no name. */
static const char *name_of(const struct libarchive *lib, struct archive_entry *entry) {
    const char *name = lib->archive_entry_pathname(entry);
    if (!name) name = lib->archive_entry_pathname_utf8(entry);
    while (name && strncmp(name, "./", 2) == 0) name += 2; /* as `tar -cf x.tar .` calls them */
    return name;
}

static bool is_hidden(const char *name) {
    return name[file_name_start(name)] == '.';
}

static bool add(struct listing *listing, const char *name, struct archive_entry *entry,
                caption_error *error) {
    struct tar_members *members = listing->members;
    const int64_t offset = listing->lib.archive_filter_bytes(listing->archive, 0);
    const int64_t size = listing->lib.archive_entry_size(entry);
    if (offset < 0 || size < 0 || (uint64_t)offset > listing->size ||
        (uint64_t)size > listing->size - (uint64_t)offset) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: truncated tar archive: it ends before the end of %.200s",
                         listing->path, name);
    }
    if (!memory_grow(&members->items, &members->capacity, members->count + 1,
                     sizeof *members->items, "the members of an archive", error)) {
        return false;
    }
    char *copy = memory_string(name, error);
    if (!copy) return false;
    members->items[members->count++] = (struct tar_member){copy, (size_t)offset, (size_t)size};
    return true;
}

static bool list_entry(struct listing *listing, caption_error *error) {
    struct archive_entry *entry = listing->entry;
    const char *name = name_of(&listing->lib, entry);
    if (listing->lib.archive_entry_filetype(entry) == AE_IFDIR) return true;
    if (!name || !is_plain(&listing->lib, entry)) {
        listing->members->others++;
        return true;
    }
    return is_hidden(name) || add(listing, name, entry, error);
}

static bool list(struct listing *listing, caption_error *error) {
    enum { BLOCK = 1 << 16 };
    const struct libarchive *lib = &listing->lib;
    if (lib->archive_read_support_format_tar(listing->archive) != ARCHIVE_OK ||
        lib->archive_read_open_filename(listing->archive, listing->path, BLOCK) != ARCHIVE_OK) {
        return archive_error(listing, error);
    }
    for (;;) {
        const int status = lib->archive_read_next_header2(listing->archive, listing->entry);
        if (status == ARCHIVE_EOF) return true;
        if (!is_read(status)) return archive_error(listing, error);
        if (!list_entry(listing, error)) return false;
    }
}

/* The size of a regular file. */
static bool find_size(struct listing *listing, caption_error *error) {
    struct file_parts parts;
    if (!file_parts_open(&parts, listing->path, error)) return false;
    listing->size = parts.size;
    file_parts_close(&parts);
    return true;
}

bool tar_members_read(struct tar_members *members, const char *path, caption_error *error) {
    *members = (struct tar_members){0};
    struct listing listing = {.path = path, .members = members};
    if (!find_size(&listing, error)) return false;
    if (!load(&listing.lib, error)) return error_prefix(error, path);
    const bool ok =
        new_archive(&listing.lib, &listing.archive, &listing.entry, error) && list(&listing, error);
    free_archive(&listing.lib, listing.archive, listing.entry);
    return ok;
}

enum { STREAM_BLOCK = 1 << 16, PATIENCE = 100 /* milliseconds between two questions */ };

struct tar_stream {
    struct libarchive lib;
    struct archive *archive;
    struct archive_entry *entry; /* the member that was read last */
    const struct file_stop *stop;
    char *path;
    int descriptor;
    size_t size; /* of a regular file; 0 of anything else */
    size_t members, others;
    size_t left;      /* of the member, by its header */
    int64_t position; /* of the end of the last member */
    int reason;       /* errno of a read that failed */
    bool was_stopped; /* the caller wants no more */
    uint8_t *block;   /* [STREAM_BLOCK] */
};

/* False where the caller wants no more of a wait. */
static bool wait_for_block(struct tar_stream *stream) {
    for (;;) {
        struct pollfd pipe = {.fd = stream->descriptor, .events = POLLIN};
        if (poll(&pipe, 1, stream->stop ? PATIENCE : -1) > 0) return true;
        if (stream->stop && stream->stop->asked(stream->stop->context)) return false;
    }
}

static la_ssize_t read_block(struct archive *archive, void *context, const void **block) {
    (void)archive;
    struct tar_stream *stream = context;
    if (!wait_for_block(stream)) {
        stream->was_stopped = true;
        return ARCHIVE_FATAL;
    }
    const ssize_t got = read(stream->descriptor, stream->block, STREAM_BLOCK);
    if (got < 0) stream->reason = errno;
    *block = stream->block;
    return got < 0 ? ARCHIVE_FATAL : got;
}

/* Skips bytes of a regular file, but for its last ones: reading them shows whether they are there.
 */
static la_int64_t skip_bytes(struct archive *archive, void *context, la_int64_t count) {
    (void)archive;
    const struct tar_stream *stream = context;
    const off_t at = stream->size > 0 ? lseek(stream->descriptor, 0, SEEK_CUR) : -1;
    if (at < 0 || count < STREAM_BLOCK || (uint64_t)at >= stream->size ||
        (uint64_t)count >= stream->size - (uint64_t)at)
        return 0;
    return lseek(stream->descriptor, count, SEEK_CUR) < 0 ? 0 : count;
}

static bool stream_error(const struct tar_stream *stream, caption_error *error) {
    if (stream->was_stopped)
        return error_set(error, CAPTION_ERROR_INTERRUPTED, "%s: interrupted", stream->path);
    if (stream->lib.archive_errno(stream->archive) == ENOMEM)
        return error_memory(error, stream->path);
    const char *reason = stream->lib.archive_error_string(stream->archive);
    if (stream->reason) reason = strerror(stream->reason);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: the tar archive is damaged or cut short after %zu members: %.200s",
                     stream->path, stream->members, reason ? reason : "no reason given");
}

bool tar_stream_prepare(caption_error *error) {
    struct libarchive lib;
    return load(&lib, error) || error_prefix(error, "--tar");
}

static bool open_descriptor(struct tar_stream *stream, const char *path, caption_error *error) {
    const bool input = strcmp(path, "-") == 0;
    stream->path = memory_string(input ? "standard input" : path, error);
    stream->block = memory_uninitialised(STREAM_BLOCK, 1, "an archive", error);
    if (!stream->path || !stream->block) return false;
    stream->descriptor = input ? STDIN_FILENO : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    /* A pipe is waited for where the wait can be stopped, and not here. */
    if (stream->descriptor < 0 || fstat(stream->descriptor, &status) != 0 ||
        (!input && fcntl(stream->descriptor, F_SETFL, 0) != 0))
        return file_error(error, path, "open");
    if (S_ISDIR(status.st_mode))
        return error_set(error, CAPTION_ERROR_IO, "%s: is a folder, expected a tar archive", path);
    stream->size = S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    return true;
}

static bool open_archive(struct tar_stream *stream, caption_error *error) {
    const struct libarchive *lib = &stream->lib;
    if (!new_archive(lib, &stream->archive, &stream->entry, error)) return false;
    struct archive *archive = stream->archive;
    lib->archive_read_support_filter_gzip(archive);
    lib->archive_read_support_filter_zstd(archive);
    lib->archive_read_support_filter_xz(archive);
    lib->archive_read_support_filter_bzip2(archive);
    if (lib->archive_read_support_format_tar(archive) == ARCHIVE_OK &&
        lib->archive_read_set_format_option(archive, "tar", "read_concatenated_archives", "1") ==
            ARCHIVE_OK &&
        lib->archive_read_set_read_callback(archive, read_block) == ARCHIVE_OK &&
        lib->archive_read_set_skip_callback(archive, skip_bytes) == ARCHIVE_OK &&
        lib->archive_read_set_callback_data(archive, stream) == ARCHIVE_OK &&
        lib->archive_read_open1(archive) == ARCHIVE_OK)
        return true;
    return stream_error(stream, error);
}

struct tar_stream *tar_stream_open(const char *path, const struct file_stop *stop,
                                   caption_error *error) {
    struct tar_stream *stream = memory_zeroed(1, sizeof *stream, "an archive", error);
    if (!stream) return NULL;
    stream->descriptor = -1;
    stream->stop = stop;
    bool ok = load(&stream->lib, error) || error_prefix(error, path);
    ok = ok && open_descriptor(stream, path, error) && open_archive(stream, error);
    if (ok) return stream;
    tar_stream_free(stream);
    return NULL;
}

void tar_stream_free(struct tar_stream *stream) {
    if (!stream) return;
    free_archive(&stream->lib, stream->archive, stream->entry);
    if (stream->descriptor > STDERR_FILENO) close(stream->descriptor);
    free(stream->block);
    free(stream->path);
    free(stream);
}

/* At the end of the archive: blocks of zeros say so, and who reads less was cut off. */
static bool check_end(const struct tar_stream *stream, caption_error *error) {
    enum { TAR_BLOCK = 512 };
    const int64_t end = stream->lib.archive_filter_bytes(stream->archive, 0);
    if (end - stream->position >= TAR_BLOCK) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: the tar archive is cut short after %zu members: its mark of the end is "
                     "missing",
                     stream->path, stream->members);
}

/* Sets `end` where there is none. The rest of the last member is skipped by itself: where it ends
 * is where the next one begins. */
static bool next_entry(struct tar_stream *stream, bool *end, caption_error *error) {
    const struct libarchive *lib = &stream->lib;
    if (stream->members > 0 && lib->archive_read_data_skip(stream->archive) < ARCHIVE_WARN)
        return stream_error(stream, error);
    stream->position = lib->archive_filter_bytes(stream->archive, 0);
    const int status = lib->archive_read_next_header2(stream->archive, stream->entry);
    *end = status == ARCHIVE_EOF;
    if (*end) return check_end(stream, error);
    if (!is_read(status)) return stream_error(stream, error);
    stream->members++;
    return true;
}

bool tar_stream_next(struct tar_stream *stream, const char **name, size_t *size,
                     caption_error *error) {
    const struct libarchive *lib = &stream->lib;
    struct archive_entry *entry = stream->entry;
    for (bool end = false;;) {
        *name = NULL;
        if (!next_entry(stream, &end, error)) return false;
        if (end) return true;
        if (lib->archive_entry_filetype(entry) == AE_IFDIR) continue;
        const char *found = name_of(lib, entry);
        const int64_t bytes = lib->archive_entry_size(entry);
        if (!found || bytes < 0 || !is_plain(lib, entry)) {
            stream->others++;
            continue;
        }
        if (is_hidden(found)) continue;
        *name = found;
        *size = stream->left = (size_t)bytes;
        return true;
    }
}

bool tar_stream_read(struct tar_stream *stream, void *out, size_t size, size_t *got,
                     caption_error *error) {
    /* (The map of a damaged sparse file gives it bytes after its end.) */
    size = size_smaller(size, stream->left);
    for (*got = 0; *got < size;) {
        const la_ssize_t more =
            stream->lib.archive_read_data(stream->archive, (uint8_t *)out + *got, size - *got);
        if (more < 0) return stream_error(stream, error);
        if (more == 0) break;
        *got += (size_t)more;
    }
    stream->left -= *got;
    return true;
}

size_t tar_stream_packed(const struct tar_stream *stream) {
    const int64_t packed = stream->lib.archive_filter_bytes(stream->archive, -1);
    return packed > 0 ? (size_t)packed : 0;
}

size_t tar_stream_others(const struct tar_stream *stream) {
    return stream->others;
}

#else

bool tar_stream_prepare(caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "tar archives: caption was built without libarchive, which reads them");
}

struct tar_stream *tar_stream_open(const char *path, const struct file_stop *stop,
                                   caption_error *error) {
    (void)stop;
    if (!tar_stream_prepare(error)) error_prefix(error, path);
    return NULL;
}

void tar_stream_free(struct tar_stream *stream) {
    (void)stream;
}

bool tar_stream_next(struct tar_stream *stream, const char **name, size_t *size,
                     caption_error *error) {
    (void)stream, (void)size;
    *name = NULL;
    return tar_stream_prepare(error);
}

bool tar_stream_read(struct tar_stream *stream, void *out, size_t size, size_t *got,
                     caption_error *error) {
    (void)stream, (void)out, (void)size;
    *got = 0;
    return tar_stream_prepare(error);
}

size_t tar_stream_packed(const struct tar_stream *stream) {
    (void)stream;
    return 0;
}

size_t tar_stream_others(const struct tar_stream *stream) {
    (void)stream;
    return 0;
}

bool tar_members_read(struct tar_members *members, const char *path, caption_error *error) {
    *members = (struct tar_members){0};
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: is a tar archive, and caption was built without libarchive, which reads "
                     "it: unpack it, and name its folder",
                     path);
}

#endif
