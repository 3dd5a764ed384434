/* Files: read whole, mapped, or written whole or not at all. */
#ifndef CAPTION_BASE_FILE_H
#define CAPTION_BASE_FILE_H

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
/* The same from an open stream; `name` is for messages. */
bool file_read_stream(FILE *stream, const char *name, size_t limit, struct file_bytes *out,
                      caption_error *error);
void file_bytes_free(struct file_bytes *bytes);

struct file_map {
    const uint8_t *data; /* read-only */
    size_t size;
};

/* Maps a regular file into memory, read-only. An empty file is an error. */
bool file_map(const char *path, struct file_map *out, caption_error *error);
void file_unmap(struct file_map *map);

/* Gives the memory back that the bytes looked at so far take: whoever looks again has them read
 * again. */
void file_map_release(const struct file_map *map);

/* A file written beside `path` and renamed over it on file_commit, so that a crash at any byte
 * leaves the old file whole. */
struct file_writer {
    FILE *stream;
    char *path;
    char *temporary;
};

bool file_writer_open(struct file_writer *writer, const char *path, caption_error *error);
/* Flushes, syncs and renames; the writer is finished whether it succeeds or not. */
bool file_writer_commit(struct file_writer *writer, caption_error *error);
/* Gives up: removes the temporary file. Harmless after a commit. */
void file_writer_abandon(struct file_writer *writer);

/* Writes a small file whole or not at all, through a temporary file beside it whose hidden name
 * hangs on the path alone: what a killed run left behind, the next one to write the path takes up.
 */
bool file_write(const char *path, const void *bytes, size_t size, caption_error *error);

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
