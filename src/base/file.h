/* Reads whole files and parts of files; writes files atomically. */
#ifndef CAPTION_BASE_FILE_H
#define CAPTION_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"

struct file_bytes {
    uint8_t *data; /* owned; a terminating 0 follows the last byte */
    size_t size;
};

/* Sets the error that errno is, of a path with which something cannot be done: "PATH: cannot open:
 * No such file or directory". What the system lacks (memory, descriptors, a disk that answers) has
 * another status than what is wrong with the file. Returns false. */
bool file_error(caption_error *error, const char *path, const char *doing);

/* open(2), closed on exec. /dev/stdin, /dev/stdout and /dev/stderr are the open ones where the
 * system does not open them anew: sockets, another user's files, or there is no /proc. */
int file_open_descriptor(const char *path, int flags);

/* Reads a whole regular file or pipe of at most `limit` bytes. "-" is not special. A directory, a
 * missing file or a larger file is an error that names the path. Freed with file_bytes_free. */
bool file_read(const char *path, size_t limit, struct file_bytes *out, caption_error *error);
/* What may end a wait for a pipe or a terminal: `asked` is called from the thread that waits, about
 * ten times a second, and returns true where the caller wants no more of it. */
struct file_stop {
    bool (*asked)(void *context);
    void *context;
};

/* As file_read, but the wait for what is no regular file ends with CAPTION_ERROR_INTERRUPTED where
 * `stop` (NULL: never) returns true. */
bool file_read_unless(const char *path, size_t limit, const struct file_stop *stop,
                      struct file_bytes *out, caption_error *error);
/* As file_read, from an open stream; `name` is for messages. */
bool file_read_stream(FILE *stream, const char *name, size_t limit, struct file_bytes *out,
                      caption_error *error);
/* Reads the first bytes of a regular file, at most `most`. Returns false if the file is not regular
 * or cannot be read. */
bool file_read_beginning(const char *path, size_t most, struct file_bytes *out);
void file_bytes_free(struct file_bytes *bytes);

/* Makes path[size] that of another file: `from` ("../share/model") is where that one lies, seen
 * from the folder of this one. False where the path names no folder or there is no space for the
 * other. */
bool file_beside(const char *from, char *path, size_t size);
/* The same of the running program, which is found as it is in /proc, or where there is none, as in
 * a root of few files, by what it was started with. False where both are unknown. */
bool file_beside_program(const char *from, char *path, size_t size);

/* Whether so many bytes of an archive unpack to more than its reader should keep in memory: to more
 * than 64 MB, and a hundred times as many. What photos are compressed by, an archive cannot do
 * again.
 */
bool file_is_bomb(size_t unpacked, size_t packed);

/* An open file that is read in parts, in any order and by any number of threads. It is not a memory
 * mapping: reads are faster where page faults are expensive, as in most virtual machines, and a
 * file that another program truncates is an error, not a SIGBUS. */
struct file_parts {
    bool is_open; /* a struct of zeros is a closed one */
    int descriptor;
    size_t size; /* in bytes, when it was opened */
};

/* Opens a regular file. An empty one is an error. */
bool file_parts_open(struct file_parts *file, const char *path, caption_error *error);
/* Reads bytes offset .. offset + size - 1 of `file`, which was opened as `path`, to out[size]. A
 * shorter file is an error. */
bool file_parts_read(const struct file_parts *file, const char *path, size_t offset, size_t size,
                     void *out, caption_error *error);
void file_parts_close(struct file_parts *file);

/* A file written beside `path` and renamed over it on file_writer_commit, so that a crash at any
 * byte leaves the old file intact. It has the old file's mode. Any number of processes may write
 * one path at once: the last commit wins. A stream (file_is_stream) is not replaced: it
 * receives all bytes on file_writer_commit. */
struct file_writer {
    FILE *stream;
    char *path;
    struct file_target *target; /* what the stream writes to */
};

/* Whether a path names something that is written to, not replaced: a pipe, a device, /dev/stdout.
 */
bool file_is_stream(const char *path);

bool file_writer_open(struct file_writer *writer, const char *path, caption_error *error);
/* Returns false if a write failed; `error` has the reason of the first failure. */
bool file_writer_is_whole(const struct file_writer *writer, caption_error *error);
/* Flushes, syncs and renames; the writer is finished whether it succeeds or not. */
bool file_writer_commit(struct file_writer *writer, caption_error *error);
/* Gives up: removes the temporary file. Harmless after a commit. */
void file_writer_abandon(struct file_writer *writer);

/* Writes a small file atomically. */
bool file_write(const char *path, const void *bytes, size_t size, caption_error *error);

/* Whether file_replace may replace what a path names: a regular file of one name, which the user
 * may write. *status: what lstat(2) says of it. The error says what it is instead. */
bool file_check_replaceable(const char *path, struct stat *status, caption_error *error);

/* Replaces a regular file that lstat(2) saw as `old`, atomically, by one that keeps its mode,
 * owner, extended attributes and, with `keeps_time`, its time of last change. An error where the
 * file has changed since, or the new one cannot belong to the old owner; the file is then as it
 * was. */
bool file_replace(const char *path, const struct stat *old, bool keeps_time, const void *bytes,
                  size_t size, caption_error *error);

/* Whether a path names a symbolic link. */
bool file_is_link(const char *path);

/* Whether a file exists. Returns false with `error` set if the check fails. A dangling link is an
 * entry of its folder but not a file. */
bool file_is_there(const char *path, bool *there, caption_error *error);
bool file_entry_is_there(const char *path, bool *there, caption_error *error);

/* Creates the missing parent folders of `path`. */
bool file_make_folders(const char *path, caption_error *error);

/* A newly allocated "directory/name" (just `name` if it is absolute or directory is empty), or NULL
 * with `error` set. */
char *file_join(const char *directory, const char *name, caption_error *error);
/* Length of a path up to its file name, and up to that name's extension. A name that is all
 * extension (".txt") has no extension. */
size_t file_name_start(const char *path);
size_t file_stem_length(const char *path);

/* Whether a path ends in one of the extensions (".htm"; NULL ends the list), in any case. */
bool file_has_extension(const char *path, const char *const *extensions);

/* Whether two paths name the same directory entry, which need not exist: a file renamed over one
 * then replaces the other. False if a directory cannot be read. */
bool file_same(const char *a, const char *b);
/* A newly allocated copy of everything before the last '/', or "." without a '/'. */
char *file_directory(const char *path, caption_error *error);

/* Paths as Windows writes them. */

/* Makes slashes of the path's backslashes where there is no file of its name and one of that name:
 * a backslash is a letter here. */
void windows_path_try(char *path);

/* The names in a folder. */

struct names {
    char **names; /* [count], owned */
    size_t count, capacity;
};

/* Reads the names that do not begin with a dot, sorted by bytes, so that results do not depend on
 * the file system's order. An error names the folder. Freed with names_free, after a failure
 * too. */
bool names_read(struct names *names, const char *folder, caption_error *error);
void names_free(struct names *names);

/* Recognises files that are often given by mistake. */

/* Describes the type of a file that begins with bytes[size]: "a web page (HTML)", "a Git LFS
 * pointer, not the file itself ('git lfs pull' fetches it)"; NULL if unknown. The first 64 bytes
 * are enough. */
const char *signature_name(const uint8_t *bytes, size_t size);

/* Whether these bytes are text: they have no control characters except white space. */
bool signature_is_text(const uint8_t *bytes, size_t size);

/* Bytes with some parts replaced by others. Everything outside these parts is copied unchanged.
 *
 *     struct splices splices = {0};
 *     bool ok = splices_add(&splices, 10, 14, "alt", 3, error) &&
 *               splices_apply(&splices, file.data, file.size, &changed, error);
 *     splices_free(&splices);
 */

/* Bytes `begin` to `end` become `bytes`; where the two are equal, nothing is replaced and the bytes
 * are inserted. */
struct splice {
    size_t begin, end;
    uint8_t *bytes; /* [size], owned */
    size_t size;
    size_t number; /* in the order in which they were added */
};

/* A struct of zeros is empty. */
struct splices {
    struct splice *items; /* [count], owned */
    size_t count, capacity;
};

/* Adds a part, in any order of places; parts must not overlap. Those inserted at one place stay in
 * the order in which they were added, before a part that is replaced there. The bytes are copied.
 * False when memory is short. */
bool splices_add(struct splices *splices, size_t begin, size_t end, const void *bytes, size_t size,
                 caption_error *error);

/* bytes[size] with all parts replaced, newly allocated; a 0 follows. Sorts the parts by place. */
bool splices_apply(struct splices *splices, const void *bytes, size_t size, struct file_bytes *out,
                   caption_error *error);

void splices_free(struct splices *splices);

/* Libraries of the system that are loaded when a file needs them, and then stay: those of rare
 * formats, with all their codecs, take longer to load than a caption takes. A macro names what is
 * used of one, each once:
 *
 *     #define LIBPNG(FUNCTION) FUNCTION(png_create) FUNCTION(png_free)
 *     struct libpng {
 *         LIBPNG(LIBRARY_POINTER)
 *     } lib;
 *     library_load("libpng.so.16", "a PNG photo", "libpng", LIBRARY_NAMES(LIBPNG), &lib, error)
 */

#define LIBRARY_POINTER(name) __typeof__(&name) name;
#define LIBRARY_NAME(name) #name,
#define LIBRARY_NAMES(LIST) ((const char *const[]){LIST(LIBRARY_NAME) NULL})

/* Loads the library `soname` ("libtiff.so.6") and sets the pointers of the struct at `out`, which
 * has one for each of the names, up to NULL, and nothing else. False with `error` set, which names
 * the file's kind ("a TIFF photo") and the library, as `name`. */
bool library_load(const char *soname, const char *kind, const char *name, const char *const *names,
                  void *out, caption_error *error);

/* The same for other errors of the caller's; dlerror(3) has the reason. */
bool library_find(const char *soname, const char *const *names, void *out);

#endif
