/* Atomic writing of files: see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

/* A file beside another, to be renamed over it when it is whole. */
struct file_temporary {
    int descriptor; /* open for writing; -1: none */
    char *path;     /* owned */
};

/* Names that are tried until one is free. */
enum { MOST_TRIES = 100 };

/* ".caption-HASH.part" in the folder of `path`, never longer than a file system allows; from the
 * second try on with random digits, which no other run has. */
static char *name_of(const char *path, int try, caption_error *error) {
    char digits[HASH_TEXT], random[HASH_TEXT + 1] = "", name[64];
    hash_text(hash_string(HASH_START, path + file_name_start(path)), digits);
    if (try > 0) {
        random[0] = '-';
        hash_text(siphash_key_new().first, random + 1);
    }
    snprintf(name, sizeof name, ".caption-%s%s.part", digits, random);
    char *directory = file_directory(path, error);
    char *temporary = directory ? file_join(directory, name, error) : NULL;
    free(directory);
    return temporary;
}

/* Whether the name still refers to the open file. */
static bool is_named(int descriptor, const char *name) {
    struct stat file, found;
    return fstat(descriptor, &file) == 0 && lstat(name, &found) == 0 &&
           file.st_dev == found.st_dev && file.st_ino == found.st_ino;
}

/* The process that locks a file which still has its name may write or remove it. */
static bool own(int descriptor, const char *name) {
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_named(descriptor, name);
}

/* Removes the file of a dead process, which is not locked. */
static void remove_leftover(const char *name) {
    struct stat status;
    const int descriptor = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && own(descriptor, name))
        unlink(name);
    close(descriptor);
}

/* On a file system without locks the first name belongs to the process that created it. */
static bool keep(int descriptor, const char *name) {
    return own(descriptor, name) || (errno != EWOULDBLOCK && is_named(descriptor, name));
}

static int create(const char *name, mode_t mode) {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int descriptor = open(name, flags, mode);
    if (descriptor < 0 && errno == EEXIST) {
        remove_leftover(name);
        descriptor = open(name, flags, mode);
    }
    if (descriptor < 0 || keep(descriptor, name)) return descriptor;
    close(descriptor); /* another process removed it as a leftover */
    errno = EEXIST;
    return -1;
}

/* Removes the file. Harmless after a commit. */
static void file_temporary_abandon(struct file_temporary *file) {
    if (file->path) unlink(file->path);
    if (file->descriptor >= 0) close(file->descriptor);
    free(file->path);
    *file = (struct file_temporary){.descriptor = -1};
}

/* Creates the file in the folder of `path`, with the mode of the existing file, else the default
 * mode under the umask. Its hidden name depends on the path, so the next run removes a file that a
 * killed run left behind. The file of another process that writes the same path now is locked and
 * left alone. An existing file is never opened for writing: links are not followed, pipes do not
 * block. */
static bool file_temporary_open(struct file_temporary *file, const char *path,
                                caption_error *error) {
    struct stat old;
    const bool there = stat(path, &old) == 0 && S_ISREG(old.st_mode);
    *file = (struct file_temporary){.descriptor = -1};
    for (int try = 0; try < MOST_TRIES; try++) {
        char *name = name_of(path, try, error);
        if (!name) return false;
        file->descriptor = create(name, there ? old.st_mode & 0777 : 0666);
        if (file->descriptor >= 0) {
            if (there) (void)!fchmod(file->descriptor, old.st_mode & 0777);
            file->path = name;
            return true;
        }
        free(name);
        if (errno != EEXIST) break;
    }
    return file_error(error, path, "create a file beside it");
}

/* The rename itself must reach the disk too. A file system that cannot sync a directory is not an
 * error: the file is complete either way. */
static void sync_directory(const char *path) {
    char *directory = file_directory(path, NULL);
    if (!directory) return;
    const int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
    free(directory);
}

static bool is_unchanged(const char *path, const struct stat *old) {
    struct stat now;
    return lstat(path, &now) == 0 && now.st_dev == old->st_dev && now.st_ino == old->st_ino &&
           now.st_size == old->st_size && now.st_ctim.tv_sec == old->st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == old->st_ctim.tv_nsec;
}

/* Syncs the file and renames it over `path`, which must still be `old` (NULL: may be anything);
 * removes it on failure. */
static bool file_temporary_commit(struct file_temporary *file, const char *path,
                                  const struct stat *old, caption_error *error) {
    bool ok = fsync(file->descriptor) == 0 || file_error(error, path, "write");
    if (ok && old && !is_unchanged(path, old))
        ok = error_set(error, CAPTION_ERROR_IO,
                       "%s: another program has changed it meanwhile: it stays as it is", path);
    /* The lock is held until the name is gone. */
    if (ok) ok = rename(file->path, path) == 0 || file_error(error, path, "replace");
    if (ok) {
        free(file->path);
        file->path = NULL;
        sync_directory(path);
    }
    file_temporary_abandon(file);
    return ok;
}

/* Behind the stream of a file_writer. */
struct file_target {
    struct file_temporary file; /* without a path: in memory, to be copied to a stream */
    int reason; /* errno of the first failure, else 0; the stream itself stores only a flag */
};

static bool write_error(caption_error *error, const char *path, int reason) {
    errno = reason;
    return file_error(error, path, "write");
}

static bool write_all(int descriptor, const char *bytes, size_t size) {
    while (size > 0) {
        const ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static ssize_t stream_write(void *cookie, const char *bytes, size_t size) {
    struct file_target *target = cookie;
    if (write_all(target->file.descriptor, bytes, size)) return (ssize_t)size;
    if (target->reason == 0) target->reason = errno;
    return 0;
}

static int stream_seek(void *cookie, off64_t *offset, int whence) {
    const struct file_target *target = cookie;
    *offset = lseek(target->file.descriptor, *offset, whence);
    return *offset < 0 ? -1 : 0;
}

/* The bytes for a stream are buffered in memory until commit. */
static bool open_file(struct file_temporary *file, const char *path, caption_error *error) {
    if (!file_is_stream(path)) return file_temporary_open(file, path, error);
    *file = (struct file_temporary){.descriptor = memfd_create("caption", MFD_CLOEXEC)};
    return file->descriptor >= 0 || write_error(error, path, errno);
}

static bool open_target(struct file_writer *writer, caption_error *error) {
    static const cookie_io_functions_t functions = {.write = stream_write, .seek = stream_seek};
    struct file_target *target = memory_zeroed(1, sizeof *target, "a file", error);
    if (!target) return false;
    if (!open_file(&target->file, writer->path, error)) {
        free(target);
        return false;
    }
    writer->target = target;
    writer->stream = fopencookie(target, "w", functions);
    return writer->stream || error_memory(error, "a file");
}

bool file_writer_open(struct file_writer *writer, const char *path, caption_error *error) {
    *writer = (struct file_writer){.path = memory_string(path, error)};
    if (writer->path && open_target(writer, error)) return true;
    file_writer_abandon(writer);
    return false;
}

bool file_writer_is_whole(const struct file_writer *writer, caption_error *error) {
    const int reason = writer->target->reason;
    return (reason == 0 && !ferror(writer->stream)) ||
           write_error(error, writer->path, reason ? reason : EIO);
}

static bool copy(int from, int to) {
    char block[1 << 16];
    if (lseek(from, 0, SEEK_SET) != 0) return false;
    for (;;) {
        const ssize_t got = read(from, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        if (!write_all(to, block, (size_t)got)) return false;
    }
}

static bool commit_target(struct file_target *target, const char *path, caption_error *error) {
    if (target->file.path) return file_temporary_commit(&target->file, path, NULL, error);
    const int descriptor = file_open_descriptor(path, O_WRONLY | O_APPEND);
    bool ok = descriptor >= 0 && copy(target->file.descriptor, descriptor);
    if (!ok) write_error(error, path, errno);
    if (descriptor >= 0 && close(descriptor) != 0 && ok) ok = write_error(error, path, errno);
    return ok;
}

bool file_writer_commit(struct file_writer *writer, caption_error *error) {
    const bool flushed = fflush(writer->stream) == 0;
    const int reason = errno;
    if (writer->target->reason == 0 && !flushed) writer->target->reason = reason;
    const bool ok =
        file_writer_is_whole(writer, error) && commit_target(writer->target, writer->path, error);
    file_writer_abandon(writer);
    return ok;
}

void file_writer_abandon(struct file_writer *writer) {
    if (writer->stream) fclose(writer->stream);
    if (writer->target) file_temporary_abandon(&writer->target->file);
    free(writer->target);
    free(writer->path);
    *writer = (struct file_writer){0};
}

bool file_write(const char *path, const void *bytes, size_t size, caption_error *error) {
    struct file_temporary file;
    if (!file_temporary_open(&file, path, error)) return false;
    if (write_all(file.descriptor, bytes, size))
        return file_temporary_commit(&file, path, NULL, error);
    write_error(error, path, errno);
    file_temporary_abandon(&file);
    return false;
}

/* False, errno set, where an attribute that a user has set cannot be copied; what the system sets
 * is the system's to refuse. */
static bool copy_attribute(int from, int to, const char *name) {
    char value[1 << 16];
    const ssize_t size = fgetxattr(from, name, value, sizeof value);
    if (size >= 0 && fsetxattr(to, name, value, (size_t)size, 0) == 0) return true;
    return strncmp(name, "user.", 5) != 0;
}

static bool copy_attributes(const char *path, int to) {
    char names[1 << 16];
    const int from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0) return false;
    const ssize_t size = flistxattr(from, names, sizeof names);
    bool ok = size >= 0 || errno == ENOTSUP;
    for (ssize_t at = 0; ok && at < size; at += (ssize_t)strlen(names + at) + 1)
        ok = copy_attribute(from, to, names + at);
    const int reason = errno;
    close(from);
    errno = reason;
    return ok;
}

/* Not every file system lets modes be changed; most new files have the right one. */
static bool set_mode(int descriptor, mode_t found, mode_t wanted) {
    return (found & 0777) == (wanted & 0777) || fchmod(descriptor, wanted & 0777) == 0;
}

/* Makes the new file what the old one was, but for its bytes. */
static bool become(int descriptor, const char *path, const struct stat *old, bool keeps_time,
                   caption_error *error) {
    const struct timespec times[] = {old->st_atim, old->st_mtim};
    struct stat made;
    (void)!fchown(descriptor, old->st_uid, old->st_gid);
    if (fstat(descriptor, &made) != 0 || made.st_uid != old->st_uid || made.st_gid != old->st_gid)
        return error_set(error, CAPTION_ERROR_IO,
                         "%s: belongs to another user or group, which a new file would not", path);
    if (!set_mode(descriptor, made.st_mode, old->st_mode) || !copy_attributes(path, descriptor) ||
        (keeps_time && futimens(descriptor, times) != 0))
        return write_error(error, path, errno);
    return true;
}

bool file_check_replaceable(const char *path, struct stat *status, caption_error *error) {
    const char *reason = NULL;
    if (lstat(path, status) != 0) return file_error(error, path, "look at");
    if (S_ISLNK(status->st_mode))
        reason = "it is a symbolic link";
    else if (!S_ISREG(status->st_mode))
        reason = "it is no regular file";
    else if (status->st_nlink > 1)
        reason = "it has several names (hard links)";
    else if ((status->st_mode & 0222) == 0 || access(path, W_OK) != 0)
        reason = "it is read-only";
    return !reason ||
           error_set(error, CAPTION_ERROR_IO, "%s: cannot be replaced: %s", path, reason);
}

bool file_replace(const char *path, const struct stat *old, bool keeps_time, const void *bytes,
                  size_t size, caption_error *error) {
    struct file_temporary file;
    if (!file_temporary_open(&file, path, error)) return false;
    const bool written = write_all(file.descriptor, bytes, size) || write_error(error, path, errno);
    if (written && become(file.descriptor, path, old, keeps_time, error))
        return file_temporary_commit(&file, path, old, error);
    file_temporary_abandon(&file);
    return false;
}
