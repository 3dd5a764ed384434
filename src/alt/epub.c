#include "alt/epub.h"

#include "alt/pictures.h"

#ifdef CAPTION_WITH_ZIP

#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/file.h"
#include "base/memory.h"

/* Loaded for the first EPUB: it takes OpenSSL along. */
#define LIBZIP(FUNCTION)                                                                           \
    FUNCTION(zip_close)                                                                            \
    FUNCTION(zip_discard)                                                                          \
    FUNCTION(zip_error_fini)                                                                       \
    FUNCTION(zip_error_init)                                                                       \
    FUNCTION(zip_error_strerror)                                                                   \
    FUNCTION(zip_fclose)                                                                           \
    FUNCTION(zip_file_replace)                                                                     \
    FUNCTION(zip_file_set_mtime)                                                                   \
    FUNCTION(zip_file_strerror)                                                                    \
    FUNCTION(zip_fopen)                                                                            \
    FUNCTION(zip_fread)                                                                            \
    FUNCTION(zip_get_name)                                                                         \
    FUNCTION(zip_get_num_entries)                                                                  \
    FUNCTION(zip_name_locate)                                                                      \
    FUNCTION(zip_open_from_source)                                                                 \
    FUNCTION(zip_set_file_compression)                                                             \
    FUNCTION(zip_source_buffer)                                                                    \
    FUNCTION(zip_source_buffer_create)                                                             \
    FUNCTION(zip_source_begin_write)                                                               \
    FUNCTION(zip_source_close)                                                                     \
    FUNCTION(zip_source_commit_write)                                                              \
    FUNCTION(zip_source_free)                                                                      \
    FUNCTION(zip_source_keep)                                                                      \
    FUNCTION(zip_source_open)                                                                      \
    FUNCTION(zip_source_read)                                                                      \
    FUNCTION(zip_source_rollback_write)                                                            \
    FUNCTION(zip_source_stat)                                                                      \
    FUNCTION(zip_source_write)                                                                     \
    FUNCTION(zip_stat)                                                                             \
    FUNCTION(zip_stat_index)                                                                       \
    FUNCTION(zip_strerror)

struct libzip {
    LIBZIP(LIBRARY_POINTER)
};

static bool load(struct libzip *lib, caption_error *error) {
    return library_load(CAPTION_ZIP_SONAME, "an EPUB", "libzip", LIBRARY_NAMES(LIBZIP), lib, error);
}

struct alt_epub {
    struct libzip lib;
    zip_t *archive;
    zip_source_t *source;   /* of the archive's bytes, and of what it becomes */
    const char **documents; /* [count], the archive's */
    size_t count, capacity;
    size_t size, replaced; /* bytes of the archive, and of the parts that are replaced */
};

static bool zip_failed(struct alt_epub *epub, caption_error *error, const char *what) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s", what,
                     epub->lib.zip_strerror(epub->archive));
}

static bool is_document(const char *name) {
    static const char *const extensions[] = {".xhtml", ".html", ".htm", ".xht", NULL};
    return file_has_extension(name, extensions);
}

static bool list_documents(struct alt_epub *epub, caption_error *error) {
    const zip_int64_t count = epub->lib.zip_get_num_entries(epub->archive, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = epub->lib.zip_get_name(epub->archive, (zip_uint64_t)i, 0);
        if (!name || !is_document(name)) continue;
        if (!memory_grow(&epub->documents, &epub->capacity, epub->count + 1,
                         sizeof *epub->documents, "documents", error))
            return false;
        epub->documents[epub->count++] = name;
    }
    if (epub->count == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "is no EPUB: it holds no page of XHTML");
    if (epub->lib.zip_name_locate(epub->archive, "META-INF/signatures.xml", 0) < 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "is signed (META-INF/signatures.xml), which a change would make invalid");
}

/* Writes the bytes to libzip's memory: of a buffer that is handed over, a failure does not say
 * whether libzip freed it, and libzip 1.7 frees bytes that are not its own when it writes an
 * archive whose first half stays. Frees the source (NULL: there is none) if that fails. */
static zip_source_t *filled(struct alt_epub *epub, zip_source_t *source, const void *bytes,
                            size_t size) {
    if (!source) return NULL;
    bool ok = epub->lib.zip_source_begin_write(source) == 0;
    if (ok && (epub->lib.zip_source_write(source, bytes, size) != (zip_int64_t)size ||
               epub->lib.zip_source_commit_write(source) != 0)) {
        epub->lib.zip_source_rollback_write(source);
        ok = false;
    }
    if (ok) return source;
    epub->lib.zip_source_free(source);
    return NULL;
}

static bool open_archive(struct alt_epub *epub, const void *bytes, size_t size,
                         caption_error *error) {
    zip_error_t reason;
    epub->lib.zip_error_init(&reason);
    epub->size = size;
    epub->source =
        filled(epub, epub->lib.zip_source_buffer_create(NULL, 0, 0, &reason), bytes, size);
    if (epub->source)
        epub->archive = epub->lib.zip_open_from_source(epub->source, ZIP_CHECKCONS, &reason);
    if (epub->archive) epub->lib.zip_source_keep(epub->source);
    if (!epub->source)
        error_memory(error, "an EPUB");
    else if (!epub->archive)
        error_set(error, CAPTION_ERROR_FORMAT, "is no whole EPUB (ZIP archive): %s",
                  epub->lib.zip_error_strerror(&reason));
    epub->lib.zip_error_fini(&reason);
    return epub->archive != NULL;
}

struct alt_epub *alt_epub_open(const void *bytes, size_t size, caption_error *error) {
    struct alt_epub *epub = memory_zeroed(1, sizeof *epub, "an EPUB", error);
    if (!epub) return NULL;
    if (load(&epub->lib, error) && open_archive(epub, bytes, size, error) &&
        list_documents(epub, error))
        return epub;
    alt_epub_free(epub);
    return NULL;
}

const char *alt_epub_document(const struct alt_epub *epub, size_t number) {
    return number < epub->count ? epub->documents[number] : NULL;
}

static bool read_part(struct alt_epub *epub, zip_file_t *file, const char *name, size_t size,
                      struct file_bytes *out, caption_error *error) {
    *out = (struct file_bytes){memory_uninitialised(size + 1, 1, name, error), size};
    if (!out->data) return false;
    out->data[size] = 0;
    const zip_int64_t got = epub->lib.zip_fread(file, out->data, size);
    uint8_t more;
    if (got == (zip_int64_t)size && epub->lib.zip_fread(file, &more, 1) == 0)
        return true; /* and its CRC */
    file_bytes_free(out);
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: cannot be read from the archive: %s", name,
                     epub->lib.zip_file_strerror(file));
}

bool alt_epub_read(struct alt_epub *epub, const char *name, size_t limit, struct file_bytes *out,
                   caption_error *error) {
    zip_stat_t status;
    if (epub->lib.zip_stat(epub->archive, name, ZIP_FL_UNCHANGED, &status) != 0 ||
        !(status.valid & ZIP_STAT_SIZE))
        return zip_failed(epub, error, name);
    if (status.size > limit)
        return error_set(error, CAPTION_ERROR_LIMIT, "%s: has %llu bytes, at most %zu are read",
                         name, (unsigned long long)status.size, limit);
    if (!(status.valid & ZIP_STAT_COMP_SIZE) ||
        file_is_bomb((size_t)status.size, (size_t)status.comp_size))
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "%s: %llu bytes of the archive unpack to %llu, more than a photo does",
                         name, (unsigned long long)status.comp_size,
                         (unsigned long long)status.size);
    zip_file_t *file = epub->lib.zip_fopen(epub->archive, name, ZIP_FL_UNCHANGED);
    if (!file) return zip_failed(epub, error, name);
    const bool ok = read_part(epub, file, name, (size_t)status.size, out, error);
    epub->lib.zip_fclose(file);
    return ok;
}

bool alt_epub_replace(struct alt_epub *epub, const char *name, const struct file_bytes *bytes,
                      caption_error *error) {
    zip_stat_t old;
    if (file_is_bomb(epub->replaced + bytes->size, epub->size))
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "%s: an archive of %zu bytes unpacks to pages of more than %zu", name,
                         epub->size, epub->replaced);
    const zip_int64_t index = epub->lib.zip_name_locate(epub->archive, name, 0);
    if (index < 0 || epub->lib.zip_stat_index(epub->archive, (zip_uint64_t)index, 0, &old) != 0)
        return zip_failed(epub, error, name);
    zip_source_t *source = filled(epub, epub->lib.zip_source_buffer(epub->archive, NULL, 0, 0),
                                  bytes->data, bytes->size);
    if (!source) return error_memory(error, "an EPUB");
    if (epub->lib.zip_file_replace(epub->archive, (zip_uint64_t)index, source, 0) != 0) {
        epub->lib.zip_source_free(source);
        return zip_failed(epub, error, name);
    }
    epub->replaced += bytes->size;
    const zip_int32_t method = old.comp_method == ZIP_CM_STORE ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
    if (epub->lib.zip_set_file_compression(epub->archive, (zip_uint64_t)index, method, 0) != 0 ||
        epub->lib.zip_file_set_mtime(epub->archive, (zip_uint64_t)index, old.mtime, 0) != 0)
        return zip_failed(epub, error, name);
    return true;
}

static bool read_source(struct alt_epub *epub, struct file_bytes *out, caption_error *error) {
    zip_source_t *source = epub->source;
    zip_stat_t status;
    if (epub->lib.zip_source_stat(source, &status) != 0 || epub->lib.zip_source_open(source) != 0)
        return error_memory(error, "an EPUB");
    *out = (struct file_bytes){memory_uninitialised(status.size + 1, 1, "an EPUB", error),
                               (size_t)status.size};
    const bool ok = out->data && epub->lib.zip_source_read(source, out->data, status.size) ==
                                     (zip_int64_t)status.size;
    epub->lib.zip_source_close(source);
    if (ok) out->data[out->size] = 0;
    if (ok) return true;
    file_bytes_free(out);
    return error_memory(error, "an EPUB");
}

bool alt_epub_close(struct alt_epub *epub, struct file_bytes *out, caption_error *error) {
    if (epub->lib.zip_close(epub->archive) != 0)
        return zip_failed(epub, error, "cannot be written anew");
    epub->archive = NULL;
    return read_source(epub, out, error);
}

void alt_epub_free(struct alt_epub *epub) {
    if (!epub) return;
    if (epub->archive) epub->lib.zip_discard(epub->archive);
    if (epub->source) epub->lib.zip_source_free(epub->source);
    free(epub->documents);
    free(epub);
}

#else

struct alt_epub *alt_epub_open(const void *bytes, size_t size, caption_error *error) {
    (void)bytes, (void)size;
    pictures_need("libzip", "libzip-dev", error);
    return NULL;
}

const char *alt_epub_document(const struct alt_epub *epub, size_t number) {
    (void)epub, (void)number;
    return NULL;
}

bool alt_epub_read(struct alt_epub *epub, const char *name, size_t limit, struct file_bytes *out,
                   caption_error *error) {
    (void)epub, (void)name, (void)limit, (void)out;
    return pictures_need("libzip", "libzip-dev", error);
}

bool alt_epub_replace(struct alt_epub *epub, const char *name, const struct file_bytes *bytes,
                      caption_error *error) {
    (void)epub, (void)name, (void)bytes;
    return pictures_need("libzip", "libzip-dev", error);
}

bool alt_epub_close(struct alt_epub *epub, struct file_bytes *out, caption_error *error) {
    (void)epub, (void)out;
    return pictures_need("libzip", "libzip-dev", error);
}

void alt_epub_free(struct alt_epub *epub) {
    (void)epub;
}

#endif
