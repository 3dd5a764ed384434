/* Tar archives, read by libarchive, without which they are refused. Nothing is unpacked. Either the
 * members of a file are listed and read in place, in any order (struct tar_members); or a file or a
 * pipe is read once from its beginning to its end (struct tar_stream). */
#ifndef CAPTION_DATA_TAR_H
#define CAPTION_DATA_TAR_H

#include <stdint.h>

#include "base/file.h"

/* A plain file in the archive. Its name is nothing but a name, be it absolute or with "..". */
struct tar_member {
    char *name;          /* owned */
    size_t offset, size; /* its bytes in the archive */
};

struct tar_members {
    struct tar_member *items; /* [count], in the order of the archive */
    size_t count, capacity;
    size_t others; /* links, devices, pipes and sparse files, which were passed over */
};

/* Whether a file that begins with these bytes is a tar archive (POSIX's or GNU's). */
bool tar_recognise(const uint8_t *bytes, size_t size);

/* Whether a file does. */
bool tar_file_recognise(const char *path);

/* Lists the members but for folders and hidden files, names without a "./" before them. A damaged
 * or truncated archive is an error that names the path. Freed with tar_members_free, also after a
 * failure. */
bool tar_members_read(struct tar_members *members, const char *path, caption_error *error);
void tar_members_free(struct tar_members *members);

/* An archive that is read once, without going back: as it is, or compressed by gzip, zstd, xz or
 * bzip2. Archives one after the other (`cat 0.tar 1.tar`) are read as one. Its memory does not
 * depend on what is in the archive. */
struct tar_stream;

/* Loads libarchive, which cannot be loaded in a sandbox (base/sandbox.h). False with `error` set
 * where there is none. */
bool tar_stream_prepare(caption_error *error);

/* Opens an archive; "-" is standard input. `stop` (NULL: never) may end a wait for its bytes, which
 * is then CAPTION_ERROR_INTERRUPTED; it must stay valid. NULL with `error` set, which names the
 * path, for what is no tar archive. Freed with tar_stream_free. */
struct tar_stream *tar_stream_open(const char *path, const struct file_stop *stop,
                                   caption_error *error);
void tar_stream_free(struct tar_stream *stream);

/* Goes to the next plain file that is not hidden; *name, without a "./" before it, is valid until
 * the next call, and NULL at the end of the archive. An archive that is damaged, or ends without
 * its mark of the end, is an error. Nothing can be read after an error. */
bool tar_stream_next(struct tar_stream *stream, const char **name, size_t *size,
                     caption_error *error);

/* Reads the next bytes of the member, as many as are left where there are fewer than `size`. */
bool tar_stream_read(struct tar_stream *stream, void *out, size_t size, size_t *got,
                     caption_error *error);

/* Bytes of the archive so far, as they were compressed. */
size_t tar_stream_packed(const struct tar_stream *stream);

/* Links, devices, pipes and sparse files so far, which were passed over. */
size_t tar_stream_others(const struct tar_stream *stream);

#endif
