#include "report/caption_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/tar.h"
#include "image/photo.h"

/* A file that captions are added to. */
static const size_t largest_file = (size_t)1 << 24;

struct file_output {
    struct caption_output output;
    struct caption_file_options options;
};

char *caption_file_path(const struct caption_row *row, const char *folder, const char *extension,
                        caption_error *error) {
    const char *photo = folder ? row->path + row->relative : row->path;
    const size_t stem = row->name_taken ? strlen(photo) : file_stem_length(photo);
    const size_t extra = strlen(extension) + 1;
    char *name = memory_uninitialised(stem + extra, 1, "a file name", error);
    if (!name) return NULL;
    memcpy(name, photo, stem);
    memcpy(name + stem, extension, extra);
    if (!folder) return name;
    char *path = file_join(folder, name, error);
    free(name);
    return path;
}

char *caption_file_first(const char *path) {
    struct stat status;
    struct file_bytes beginning;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        !file_read_beginning(path, 4096, &beginning))
        return NULL;
    const char *text = (const char *)beginning.data;
    char *line = beginning.size > 0 ? memory_substring(text, strcspn(text, "\r\n"), NULL) : NULL;
    file_bytes_free(&beginning);
    return line;
}

bool caption_file_is_there(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The captions as lines, freed by the caller; NULL when memory is short. */
static char *captions_text(const struct file_output *files, const caption_result *result,
                           size_t *size, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a file of captions", error)) return NULL;
    const enum tags_shown tags = files->options.tags;
    const size_t count = tags == TAGS_ALONE ? 0 : files->options.n_best ? result->count : 1;
    for (size_t i = 0; i < count; i++) fprintf(text.stream, "%s\n", result->captions[i].text);
    if (tags != TAGS_HIDDEN) {
        tag_text_write(text.stream, result);
        fputc('\n', text.stream);
    }
    char *lines = text_stream_close(&text, error);
    *size = text.size;
    return lines;
}

/* Old lines and new ones; a missing newline at the end is added. A byte order mark stays the first.
 */
static bool write_joined(const char *path, const struct stat *status, const char *text, size_t size,
                         bool old_first, caption_error *error) {
    struct file_bytes old;
    if (!file_read(path, largest_file, &old, error)) return false;
    const bool ended = old.size == 0 || old.data[old.size - 1] == '\n';
    const size_t all = old.size + !ended + size;
    const size_t before = old_first ? old.size + !ended : utf8_mark((char *)old.data, old.size);
    char *joined = memory_uninitialised(all, 1, "a file of captions", error);
    if (!joined) {
        file_bytes_free(&old);
        return false;
    }
    const size_t first = size_smaller(before, old.size);
    memcpy(joined, old.data, first);
    memcpy(joined + before, text, size);
    memcpy(joined + before + size, old.data + first, old.size - first);
    if (!ended) joined[old_first ? old.size : all - 1] = '\n';
    const bool ok = file_replace(path, status, false, joined, all, error);
    free(joined);
    file_bytes_free(&old);
    return ok;
}

/* Whether a file begins like text. */
static bool is_text(const char *path) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, 4096, &beginning)) return false;
    const bool text = signature_is_text(beginning.data, beginning.size) &&
                      !signature_name(beginning.data, beginning.size);
    file_bytes_free(&beginning);
    return text;
}

/* Whether the file is one that the run itself reads or writes. */
static bool is_reserved(const struct file_output *files, const char *path) {
    struct stat own, other;
    const bool there = stat(path, &own) == 0;
    for (size_t i = 0; i < CAPTION_FILE_RESERVED; i++) {
        const char *reserved = files->options.reserved[i];
        if (!reserved) continue;
        if (there && stat(reserved, &other) == 0 && own.st_dev == other.st_dev &&
            own.st_ino == other.st_ino)
            return true;
        if (strcmp(path + file_name_start(path), reserved + file_name_start(reserved)) == 0 &&
            file_same(path, reserved))
            return true;
    }
    return false;
}

/* Whether an existing file may be changed; *status: what it is. */
static bool may_change(const char *path, bool force, struct stat *status, caption_error *error) {
    if (!file_check_replaceable(path, status, error)) return false;
    if (photo_recognise(path))
        return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: a photo, which is left as it is",
                         path);
    if (force || is_text(path)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: expected a text, found something else: --force writes over it", path);
}

static bool write_captions(const struct file_output *files, const char *path, const char *text,
                           size_t size, caption_error *error) {
    const enum caption_file_existing existing = files->options.existing;
    bool there;
    struct stat status;
    if (!file_entry_is_there(path, &there, error)) return false;
    if (there && existing == CAPTION_FILE_SKIP)
        return caption_file_is_there(path) ||
               error_set(error, CAPTION_ERROR_IO,
                         "%s: expected a text of captions, found no regular file", path);
    if (is_reserved(files, path))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: this run reads or writes it: expected another name (--sidecar=.EXT)",
                         path);
    if (!there)
        return (!files->options.folder || file_make_folders(path, error)) &&
               file_write(path, text, size, error);
    if (!may_change(path, files->options.force, &status, error)) return false;
    if (existing == CAPTION_FILE_OVERWRITE)
        return file_replace(path, &status, false, text, size, error);
    return write_joined(path, &status, text, size, existing == CAPTION_FILE_APPEND, error);
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    const struct file_output *files = (const struct file_output *)output;
    if (row->result->count == 0 || row->result->captions[0].text[0] == '\0') return true;
    char *path = caption_file_path(row, files->options.folder, files->options.extension, error);
    size_t size = 0;
    char *text = path ? captions_text(files, row->result, &size, error) : NULL;
    const bool ok = text && write_captions(files, path, text, size, error);
    free(text);
    free(path);
    return ok;
}

static void free_output(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_file_output_new(const struct caption_file_options *options,
                                               caption_error *error) {
    struct file_output *files = memory_zeroed(1, sizeof *files, "an output", error);
    if (!files) return NULL;
    files->output =
        (struct caption_output){.row = write_row, .free = free_output, .file_each = true};
    files->options = *options;
    return &files->output;
}

#ifdef CAPTION_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

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
    LIBARCHIVE(LIBRARY_POINTER)
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
    return library_find(CAPTION_ARCHIVE_SONAME, LIBRARY_NAMES(LIBARCHIVE), lib) ||
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

static bool write_tar_row(struct caption_output *output, const struct caption_row *row,
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
        (struct caption_output){.row = write_tar_row, .end = end_archive, .free = free_archive};
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

/* An existing sidecar, and what lstat(2) said of it before; its bytes are freed by the caller. */
static bool read_sidecar(const char *path, struct stat *status, struct file_bytes *file,
                         struct xmp_packet *packet, caption_error *error) {
    if (lstat(path, status) == 0 && !S_ISREG(status->st_mode))
        return error_set(error, CAPTION_ERROR_IO, "%s: expected a regular file", path);
    if (!file_read(path, largest_file, file, error)) return false;
    if (xmp_packet_read((const char *)file->data, file->size, path, packet, error)) return true;
    file_bytes_free(file);
    return false;
}

static bool is_full(const struct xmp_packet *packet, enum tags_shown tags) {
    return xmp_packet_is_full(packet, tags != TAGS_ALONE, tags != TAGS_HIDDEN);
}

/* Whether a "dog.xmp" names dog.cr2 as its photo, not dog.jpg. */
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

/* `old`: NULL where there is none; `before`: what lstat(2) said of it before it was read. */
static bool write_sidecar(const struct caption_xmp_options *options, const char *path,
                          const struct xmp_packet *old, const struct stat *before,
                          const struct xmp_content *content, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "an XMP sidecar", error)) return false;
    if (old)
        xmp_packet_write_merged(text.stream, old, content, options->overwrite);
    else
        xmp_packet_write(text.stream, content);
    char *packet = text_stream_close(&text, error);
    struct stat now;
    bool ok = packet != NULL;
    if (ok && old)
        ok = file_check_replaceable(path, &now, error) &&
             file_replace(path, before, false, packet, text.size, error);
    else if (ok)
        ok = file_write(path, packet, text.size, error);
    free(packet);
    return ok;
}

static bool merge(const struct caption_xmp_options *options, const struct caption_row *row,
                  const char *path, const struct xmp_content *content, caption_error *error) {
    struct file_bytes file;
    struct xmp_packet packet;
    struct stat before;
    if (!read_sidecar(path, &before, &file, &packet, error)) return false;
    const bool overwrite = options->overwrite;
    const bool ok = is_of_another(&packet, row->path) ||
                    (!overwrite && is_full(&packet, options->tags)) ||
                    (xmp_packet_can_merge(&packet, content, overwrite, path, error) &&
                     write_sidecar(options, path, &packet, &before, content, error));
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
                 write_sidecar(options, path, NULL, NULL, content, error);
    }
    forget_sidecars(&sidecars);
    return ok;
}

/* Whether there is nothing to add to a sidecar. */
static bool has_all(const struct caption_xmp_options *options, const struct caption_row *row,
                    const char *path) {
    struct file_bytes file;
    struct xmp_packet packet;
    struct stat status;
    if (!read_sidecar(path, &status, &file, &packet, NULL)) return false;
    const bool all = is_of_another(&packet, row->path) ||
                     (!options->overwrite && is_full(&packet, options->tags));
    file_bytes_free(&file);
    return all;
}

static bool is_written(const struct caption_xmp_options *options, const struct caption_row *row,
                       const struct sidecars *sidecars, int name) {
    return sidecars->there[name] ? !has_all(options, row, sidecars->paths[name])
                                 : is_created(options, sidecars, name);
}

bool caption_xmp_is_done(const struct caption_xmp_options *options, const struct caption_row *row) {
    struct sidecars sidecars;
    if (options->overwrite || !find_sidecars(options, row, &sidecars, NULL)) return false;
    bool done = true;
    for (int i = 0; done && i < NAMES; i++) done = !is_written(options, row, &sidecars, i);
    forget_sidecars(&sidecars);
    return done;
}

bool caption_xmp_list(const struct caption_xmp_options *options, const struct caption_row *row,
                      void (*take)(void *context, const char *path), void *context,
                      caption_error *error) {
    struct sidecars sidecars;
    if (!find_sidecars(options, row, &sidecars, error)) return false;
    for (int i = 0; i < NAMES; i++)
        if (is_written(options, row, &sidecars, i)) take(context, sidecars.paths[i]);
    forget_sidecars(&sidecars);
    return true;
}

static bool write_xmp_row(struct caption_output *output, const struct caption_row *row,
                          caption_error *error) {
    const struct caption_xmp_options *options = &((const struct caption_xmp *)output)->options;
    struct xmp_content content;
    return !caption_xmp_content(row, options->tags, &content) ||
           caption_xmp_put(options, row, &content, error);
}

struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error) {
    struct caption_xmp *xmp = memory_zeroed(1, sizeof *xmp, "an output", error);
    if (!xmp) return NULL;
    xmp->output =
        (struct caption_output){.row = write_xmp_row, .free = free_output, .file_each = true};
    xmp->options = *options;
    return &xmp->output;
}
