#include "data/tar.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { MAGIC_AT = 257 };

bool tar_recognise(const uint8_t *bytes, size_t size) {
    static const char magic[] = "ustar";
    return size >= MAGIC_AT + sizeof magic &&
           memcmp(bytes + MAGIC_AT, magic, sizeof magic - 1) == 0;
}

void tar_members_free(struct tar_members *members) {
    for (size_t i = 0; i < members->count; i++) free(members->items[i].name);
    free(members->items);
    *members = (struct tar_members){0};
}

#ifdef CAPTION_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

#include "base/library.h"

#define LIBARCHIVE(X)                                                                              \
    X(archive_read_new)                                                                            \
    X(archive_read_free)                                                                           \
    X(archive_read_support_format_tar)                                                             \
    X(archive_read_open_filename)                                                                  \
    X(archive_read_next_header)                                                                    \
    X(archive_filter_bytes)                                                                        \
    X(archive_error_string)                                                                        \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_filetype)                                                                      \
    X(archive_entry_hardlink)                                                                      \
    X(archive_entry_sparse_count)                                                                  \
    X(archive_entry_size)

struct libarchive {
#define POINTER(name) __typeof__(&name) name;
    LIBARCHIVE(POINTER)
#undef POINTER
};

static bool load(struct libarchive *lib, caption_error *error) {
    static const struct library_function functions[] = {
#define FUNCTION(name) LIBRARY_FUNCTION(struct libarchive, name),
        LIBARCHIVE(FUNCTION)
#undef FUNCTION
            LIBRARY_END,
    };
    return library_load(CAPTION_ARCHIVE_SONAME, "a tar archive", "libarchive", functions, lib,
                        error);
}

/* An archive while it is listed. */
struct listing {
    struct libarchive lib;
    struct archive *archive;
    const char *path;
    size_t size; /* of its file */
    struct tar_members *members;
};

static bool archive_error(const struct listing *listing, caption_error *error) {
    const char *reason = listing->lib.archive_error_string(listing->archive);
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: cannot read the tar archive: %.200s",
                     listing->path, reason ? reason : "no reason given");
}

/* Whether an entry is a file whose bytes lie in the archive one after the other. */
static bool is_plain(const struct libarchive *lib, struct archive_entry *entry) {
    return lib->archive_entry_filetype(entry) == AE_IFREG && !lib->archive_entry_hardlink(entry) &&
           lib->archive_entry_sparse_count(entry) == 0;
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

static bool list_entry(struct listing *listing, struct archive_entry *entry, caption_error *error) {
    const char *name = listing->lib.archive_entry_pathname(entry);
    if (listing->lib.archive_entry_filetype(entry) == AE_IFDIR) return true;
    if (!name || !is_plain(&listing->lib, entry)) {
        listing->members->others++;
        return true;
    }
    while (strncmp(name, "./", 2) == 0) name += 2; /* as `tar -cf x.tar .` calls them */
    return name[file_name_start(name)] == '.' || add(listing, name, entry, error);
}

static bool list(struct listing *listing, caption_error *error) {
    enum { BLOCK = 1 << 16 };
    const struct libarchive *lib = &listing->lib;
    if (lib->archive_read_support_format_tar(listing->archive) != ARCHIVE_OK ||
        lib->archive_read_open_filename(listing->archive, listing->path, BLOCK) != ARCHIVE_OK) {
        return archive_error(listing, error);
    }
    for (;;) {
        struct archive_entry *entry;
        const int status = lib->archive_read_next_header(listing->archive, &entry);
        if (status == ARCHIVE_EOF) return true;
        if (status < ARCHIVE_WARN) return archive_error(listing, error);
        if (!list_entry(listing, entry, error)) return false;
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
    listing.archive = listing.lib.archive_read_new();
    if (!listing.archive) return error_memory(error, "the reader of an archive");
    const bool ok = list(&listing, error);
    listing.lib.archive_read_free(listing.archive);
    return ok;
}

#else

bool tar_members_read(struct tar_members *members, const char *path, caption_error *error) {
    *members = (struct tar_members){0};
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: is a tar archive, and caption was built without libarchive, which reads "
                     "it: unpack it, and name its folder",
                     path);
}

#endif
