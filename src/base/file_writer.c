/* Atomic writing of files: see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
