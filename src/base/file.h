/* Files: read whole, read in parts, or written whole or not at all. */
#ifndef CAPTION_BASE_FILE_H
#define CAPTION_BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct file_bytes {
    uint8_t *data; /* owned; a terminating 0 follows the last byte */
    size_t size;
};

/* Reads a whole regular file or pipe of at most `limit` bytes. "-" is not special. A directory, a
 * missing or a larger file is an error that names the path. Freed with file_bytes_free. */
bool file_read(const char *path, size_t limit, struct file_bytes *out, caption_error *error);
/* What may end a wait for a pipe or a terminal: `asked` is called from the thread that waits, about
 * ten times a second, and returns true where the caller wants no more of it. */
struct file_stop {
    bool (*asked)(void *context);
    void *context;
};

/* As file_read, but the wait for what is no regular file ends with CAPTION_ERROR_INTERRUPTED where
 * `stop` (NULL: never) says so. */
bool file_read_unless(const char *path, size_t limit, const struct file_stop *stop,
                      struct file_bytes *out, caption_error *error);
/* As file_read, from an open stream; `name` is for messages. */
bool file_read_stream(FILE *stream, const char *name, size_t limit, struct file_bytes *out,
                      caption_error *error);
/* The first bytes of a regular file, `most` of them where it has as many. False where it is none,
 * or cannot be read. */
bool file_read_beginning(const char *path, size_t most, struct file_bytes *out);
void file_bytes_free(struct file_bytes *bytes);

/* An open file of which parts are read, in any order and by any number of threads. Not a mapping:
 * where page faults are dear, as in most virtual machines, a model's numbers are read three times
 * as fast, and a file that another program cuts short is an error instead of the end of the
 * process. */
struct file_parts {
    bool is_open; /* a struct of zeros is a closed one */
    int descriptor;
    size_t size; /* in bytes, when it was opened */
};

/* Opens a regular file. An empty one is an error. */
bool file_parts_open(struct file_parts *file, const char *path, caption_error *error);
/* Reads bytes offset .. offset + size - 1 of `file`, which was opened as `path`, to out[size]. What
 * ends before that is an error. */
bool file_parts_read(const struct file_parts *file, const char *path, size_t offset, size_t size,
                     void *out, caption_error *error);
void file_parts_close(struct file_parts *file);

/* A file written beside `path` and renamed over it on file_writer_commit, so that a crash at any
 * byte leaves the old file whole, whose mode it has. Any number of runs may write one path at once:
 * the last one's file stays (base/file_temporary.h). What is no file stays what it is
 * (file_is_stream): it gets all bytes on file_writer_commit. */
struct file_writer {
    FILE *stream;
    char *path;
    struct file_target *target; /* what the stream writes to */
};

/* Whether a path names something that is written to, not replaced: a pipe, a device, /dev/stdout.
 */
bool file_is_stream(const char *path);

bool file_writer_open(struct file_writer *writer, const char *path, caption_error *error);
/* False with `error` set where something could not be written, with the reason of the first
 * failure.
 */
bool file_writer_is_whole(const struct file_writer *writer, caption_error *error);
/* Flushes, syncs and renames; the writer is finished whether it succeeds or not. */
bool file_writer_commit(struct file_writer *writer, caption_error *error);
/* Gives up: removes the temporary file. Harmless after a commit. */
void file_writer_abandon(struct file_writer *writer);

/* Writes a small file whole or not at all. */
bool file_write(const char *path, const void *bytes, size_t size, caption_error *error);

/* Whether there is a file; false with `error` set where that cannot be told. A link to nothing is
 * none, but an entry of its folder. */
bool file_is_there(const char *path, bool *there, caption_error *error);
bool file_entry_is_there(const char *path, bool *there, caption_error *error);

/* Makes the folders that `path` lies in, where they are missing. */
bool file_make_folders(const char *path, caption_error *error);

/* A newly allocated "directory/name" (just `name` where it is absolute or directory is empty), or
 * NULL with `error` set. */
char *file_join(const char *directory, const char *name, caption_error *error);
/* Bytes of a path before its file's name, and before that name's extension; a name that is all
 * extension (".txt") is left whole. */
size_t file_name_start(const char *path);
size_t file_stem_length(const char *path);

/* Whether two paths name the same entry of a directory, which need not be there: what is renamed
 * over one is then renamed over the other. False where a directory cannot be looked at. */
bool file_same(const char *a, const char *b);
/* A newly allocated copy of everything before the last '/', "." where there is none. */
char *file_directory(const char *path, caption_error *error);

#endif
