/* Atomic writing of files: see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_temporary.h"
#include "base/memory.h"

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
    if (target->file.path) return file_temporary_commit(&target->file, path, error);
    const int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
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
    if (write_all(file.descriptor, bytes, size)) return file_temporary_commit(&file, path, error);
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

static bool is_unchanged(const char *path, const struct stat *old) {
    struct stat now;
    return lstat(path, &now) == 0 && now.st_dev == old->st_dev && now.st_ino == old->st_ino &&
           now.st_size == old->st_size && now.st_ctim.tv_sec == old->st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == old->st_ctim.tv_nsec;
}

/* Whether the new file is what the old one was, but for its bytes. */
static bool become(int descriptor, const char *path, const struct stat *old, caption_error *error) {
    const struct timespec times[] = {old->st_atim, old->st_mtim};
    struct stat made;
    (void)!fchown(descriptor, old->st_uid, old->st_gid);
    if (fstat(descriptor, &made) != 0 || made.st_uid != old->st_uid || made.st_gid != old->st_gid)
        return error_set(error, CAPTION_ERROR_IO,
                         "%s: belongs to another user or group, which a new file would not", path);
    if (fchmod(descriptor, old->st_mode & 0777) != 0 || !copy_attributes(path, descriptor) ||
        futimens(descriptor, times) != 0)
        return write_error(error, path, errno);
    return is_unchanged(path, old) ||
           error_set(error, CAPTION_ERROR_IO,
                     "%s: another program has changed it meanwhile: it stays as it is", path);
}

bool file_replace(const char *path, const struct stat *old, const void *bytes, size_t size,
                  caption_error *error) {
    struct file_temporary file;
    if (!file_temporary_open(&file, path, error)) return false;
    const bool written = write_all(file.descriptor, bytes, size) || write_error(error, path, errno);
    if (written && become(file.descriptor, path, old, error))
        return file_temporary_commit(&file, path, error);
    file_temporary_abandon(&file);
    return false;
}
