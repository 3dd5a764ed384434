#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* The status of an errno: system errors are distinguished from errors of the file. */
static caption_status status_of(int reason) {
    if (reason == ENOMEM) return CAPTION_ERROR_MEMORY;
    const bool system = reason == EMFILE || reason == ENFILE || reason == EIO || reason == ESTALE;
    return system ? CAPTION_ERROR_SYSTEM : CAPTION_ERROR_IO;
}

bool file_error(caption_error *error, const char *path, const char *doing) {
    return error_set(error, status_of(errno), "%s: cannot %s: %s", path, doing, strerror(errno));
}

static int standard_stream(const char *path) {
    static const char *const names[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (strcmp(path, names[stream]) == 0) return stream;
    return -1;
}

int file_open_descriptor(const char *path, int flags) {
    const int descriptor = open(path, flags | O_CLOEXEC), reason = errno;
    const int stream = standard_stream(path);
    if (descriptor >= 0 || stream < 0) return descriptor;
    const int copy = dup(stream);
    if (copy < 0) errno = reason;
    if (copy >= 0) (void)fcntl(copy, F_SETFD, FD_CLOEXEC);
    return copy;
}

/* Of a path that cannot be opened. */
static bool open_error(caption_error *error, const char *path) {
    if (errno != ENOENT || !strstr(path, "://")) return file_error(error, path, "open");
    return error_set(error, CAPTION_ERROR_IO,
                     "%s: is a URL, and nothing is downloaded: expected a file", path);
}

static bool directory_error(caption_error *error, const char *path) {
    return error_set(error, CAPTION_ERROR_IO, "%s: is a directory, expected a file", path);
}

static bool limit_error(caption_error *error, const char *path, size_t limit) {
    return error_set(error, CAPTION_ERROR_LIMIT,
                     "%s: larger than %zu bytes, the most accepted here", path, limit);
}

/* Milliseconds between two questions whether to go on waiting. */
enum { PATIENCE_OF_STOP = 100 };

static bool is_stopped(const struct file_stop *stop) {
    return stop && stop->asked(stop->context);
}

/* Waits until there is something to read, or for `most` milliseconds (negative: for ever). *ready
 * is false where there is nothing yet. False with `error` set where the wait was ended or fails. */
static bool wait_for_bytes(int descriptor, const char *path, int most, const struct file_stop *stop,
                           bool *ready, caption_error *error) {
    for (int waited = 0; most < 0 || waited < most; waited += PATIENCE_OF_STOP) {
        struct pollfd pipe = {.fd = descriptor, .events = POLLIN};
        const int found = poll(&pipe, 1, PATIENCE_OF_STOP);
        if (found < 0 && errno != EINTR) return file_error(error, path, "read");
        *ready = found > 0;
        if (*ready) return true;
        if (is_stopped(stop))
            return error_set(error, CAPTION_ERROR_INTERRUPTED,
                             "%s: interrupted while waiting for it", path);
        if (most < 0) waited = 0;
    }
    return true;
}

/* Bytes of one read when the size of the stream is unknown. */
enum { READ_AT_A_TIME = 4096 };

/* What is read. */
struct file_source {
    FILE *stream;
    const char *name;
    const struct file_stop *stop; /* may end the wait for bytes; NULL: nothing does */
};

/* As fread; where the wait may be ended, not more than what is there. False where it was ended. */
static bool read_some(const struct file_source *source, char *out, size_t most, size_t *got,
                      caption_error *error) {
    FILE *stream = source->stream;
    const char *name = source->name;
    bool ready;
    if (source->stop && !wait_for_bytes(fileno(stream), name, -1, source->stop, &ready, error))
        return false;
    if (!source->stop) {
        *got = fread(out, 1, most, stream);
        return !ferror(stream) || file_error(error, name, "read");
    }
    ssize_t length;
    do length = read(fileno(stream), out, most);
    while (length < 0 && errno == EINTR);
    *got = length > 0 ? (size_t)length : 0;
    return length >= 0 || file_error(error, name, "read");
}

/* Reads a stream of about `expected` bytes; a correct estimate avoids reallocation. */
static bool read_all(const struct file_source *source, size_t limit, size_t expected,
                     struct file_bytes *out, caption_error *error) {
    const char *name = source->name;
    size_t needed, capacity;
    if (!size_add(expected, READ_AT_A_TIME, &needed)) return error_memory(error, name);
    *out = (struct file_bytes){.data = memory_uninitialised(needed, 1, name, error)};
    if (!out->data) return false;
    capacity = needed;
    for (;;) {
        /* One byte more, for the terminating 0. */
        if (!memory_grow(&out->data, &capacity, needed, 1, name, error)) break;
        const size_t space = capacity - 1 - out->size, left = limit - out->size;
        const size_t most = left < space ? left + 1 : space; /* a byte more shows it is larger */
        size_t got;
        if (!read_some(source, (char *)out->data + out->size, most, &got, error)) break;
        out->size += got;
        if (out->size > limit) {
            limit_error(error, name, limit);
            break;
        }
        needed = out->size + READ_AT_A_TIME;
        if (got > 0) continue;
        out->data[out->size] = 0;
        return true;
    }
    file_bytes_free(out);
    return false;
}

bool file_read_stream(FILE *stream, const char *name, size_t limit, struct file_bytes *out,
                      caption_error *error) {
    return read_all(&(struct file_source){stream, name, NULL}, limit, 0, out, error);
}

/* A named pipe may have no writer, so the wait for it is limited. Standard input has one, and so
 * has a pipe behind a system link. */
static bool wait_for_writer(int descriptor, const char *path, const struct file_stop *stop,
                            caption_error *error) {
    enum { PATIENCE = 10 }; /* seconds */
    struct stat status;
    if (standard_stream(path) >= 0 || (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)))
        return true;
    bool ready = false;
    if (!wait_for_bytes(descriptor, path, PATIENCE * 1000, stop, &ready, error)) return false;
    return ready || error_set(error, CAPTION_ERROR_IO,
                              "%s: a pipe that nobody wrote to for %d seconds", path, PATIENCE);
}

/* Opens without blocking, then clears O_NONBLOCK. */
static FILE *open_stream(const char *path, const struct file_stop *stop, struct stat *status,
                         caption_error *error) {
    const int descriptor = file_open_descriptor(path, O_RDONLY | O_NONBLOCK);
    if (descriptor < 0) {
        open_error(error, path);
        return NULL;
    }
    const bool known = fstat(descriptor, status) == 0 && fcntl(descriptor, F_SETFL, 0) == 0;
    if (!known) file_error(error, path, "open");
    bool ok =
        known && (!S_ISFIFO(status->st_mode) || wait_for_writer(descriptor, path, stop, error));
    FILE *stream = ok ? fdopen(descriptor, "rb") : NULL;
    if (ok && !stream) error_memory(error, path);
    if (!stream) close(descriptor);
    return stream;
}

bool file_read_unless(const char *path, size_t limit, const struct file_stop *stop,
                      struct file_bytes *out, caption_error *error) {
    *out = (struct file_bytes){0};
    struct stat status;
    FILE *stream = open_stream(path, stop, &status, error);
    if (!stream) return false;
    const bool regular = S_ISREG(status.st_mode);
    bool ok;
    if (S_ISDIR(status.st_mode)) {
        ok = directory_error(error, path);
    } else if (regular && (uintmax_t)status.st_size > limit) {
        ok = limit_error(error, path, limit);
    } else {
        const size_t expected = regular ? (size_t)status.st_size : 0;
        const struct file_source source = {stream, path, regular ? NULL : stop};
        ok = read_all(&source, limit, expected, out, error);
    }
    fclose(stream);
    return ok;
}

bool file_read(const char *path, size_t limit, struct file_bytes *out, caption_error *error) {
    return file_read_unless(path, limit, NULL, out, error);
}

bool file_read_beginning(const char *path, size_t most, struct file_bytes *out) {
    *out = (struct file_bytes){0};
    struct stat status; /* checked first, because opening a pipe blocks */
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    FILE *stream = fopen(path, "rb");
    if (!stream) return false;
    out->data = memory_uninitialised(most + 1, 1, path, NULL);
    if (out->data) {
        out->size = fread(out->data, 1, most, stream);
        out->data[out->size] = 0;
    }
    const bool ok = out->data && !ferror(stream);
    fclose(stream);
    if (!ok) file_bytes_free(out);
    return ok;
}

void file_bytes_free(struct file_bytes *bytes) {
    free(bytes->data);
    *bytes = (struct file_bytes){0};
}

/* Checks that a file opened for reading in parts is regular and not empty. */
static bool check_regular(const struct stat *status, const char *path, caption_error *error) {
    if (S_ISDIR(status->st_mode)) return directory_error(error, path);
    if (!S_ISREG(status->st_mode)) {
        return error_set(error, CAPTION_ERROR_IO, "%s: is not a regular file", path);
    }
    if (status->st_size > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: is empty", path);
}

bool file_beside(const char *from, char *path, size_t size) {
    const size_t start = file_name_start(path);
    if (start == 0 || strlen(from) >= size - start) return false;
    strcpy(path + start, from);
    return true;
}

static bool program_path(char *path, size_t size) {
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0) {
        path[length] = 0;
        return (size_t)length < size - 1;
    }
#ifdef __linux__
    const char *started = (const char *)getauxval(AT_EXECFN);
    char *found = started ? realpath(started, NULL) : NULL;
    const bool fits = found && strlen(found) < size;
    if (fits) strcpy(path, found);
    free(found);
    return fits;
#else
    return false;
#endif
}

bool file_beside_program(const char *from, char *path, size_t size) {
    return program_path(path, size) && file_beside(from, path, size);
}

/* What may be unpacked of however few bytes. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { FREE_BYTES = 10000 }; /* a fuzzer's archives are small */
#else
enum { FREE_BYTES = 64 * 1000 * 1000 };
#endif

bool file_is_bomb(size_t unpacked, size_t packed) {
    return unpacked > FREE_BYTES && unpacked / 100 > packed;
}

bool file_parts_open(struct file_parts *file, const char *path, caption_error *error) {
    *file = (struct file_parts){0};
    /* A pipe is refused, not waited for. */
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return open_error(error, path);
    struct stat status;
    const bool known = fstat(descriptor, &status) == 0;
    if (!known) file_error(error, path, "open");
    if (!known || !check_regular(&status, path, error)) {
        close(descriptor);
        return false;
    }
    *file = (struct file_parts){
        .is_open = true, .descriptor = descriptor, .size = (size_t)status.st_size};
    return true;
}

bool file_parts_read(const struct file_parts *file, const char *path, size_t offset, size_t size,
                     void *out, caption_error *error) {
    char *next = out;
    while (size > 0) {
        const ssize_t got = pread(file->descriptor, next, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error(error, path, "read");
        if (got == 0) {
            return error_set(error, CAPTION_ERROR_IO,
                             "%s: cut short while it is read: it ends at byte %zu, had %zu bytes "
                             "when it was opened",
                             path, offset, file->size);
        }
        next += got;
        offset += (size_t)got;
        size -= (size_t)got;
    }
    return true;
}

void file_parts_close(struct file_parts *file) {
    if (file->is_open) close(file->descriptor);
    *file = (struct file_parts){0};
}

bool file_is_stream(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return false;
    if (!S_ISREG(status.st_mode)) return !S_ISDIR(status.st_mode);
    const bool system = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    return system && lstat(path, &status) == 0 && S_ISLNK(status.st_mode); /* an open file */
}

/* `status`: what stat or lstat returned. */
static bool set_existence(int status, const char *path, bool *there, caption_error *error) {
    *there = status == 0;
    return *there || errno == ENOENT || file_error(error, path, "look at it");
}

bool file_is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

bool file_is_there(const char *path, bool *there, caption_error *error) {
    struct stat status;
    return set_existence(stat(path, &status), path, there, error);
}

bool file_entry_is_there(const char *path, bool *there, caption_error *error) {
    struct stat status;
    return set_existence(lstat(path, &status), path, there, error);
}

static bool make_folder(const char *path, caption_error *error) {
    struct stat status;
    if (mkdir(path, 0777) == 0) return true;
    const int reason = errno;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return true;
    errno = reason;
    return file_error(error, path, "make the folder");
}

bool file_make_folders(const char *path, caption_error *error) {
    char *folder = memory_string(path, error);
    bool ok = folder != NULL;
    for (char *slash = folder; ok && (slash = strchr(slash, '/')) != NULL; slash++) {
        if (slash == folder) continue; /* the root */
        *slash = 0;
        ok = make_folder(folder, error);
        *slash = '/';
    }
    free(folder);
    return ok;
}

size_t file_name_start(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash + 1 - path) : 0;
}

size_t file_stem_length(const char *path) {
    const char *name = path + file_name_start(path), *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - path) : strlen(path);
}

char *file_join(const char *directory, const char *name, caption_error *error) {
    if (name[0] == '/' || directory[0] == '\0') return memory_string(name, error);
    const bool slash = directory[strlen(directory) - 1] != '/';
    return memory_join(directory, slash ? "/" : "", name, error);
}

char *file_directory(const char *path, caption_error *error) {
    const char *slash = strrchr(path, '/');
    if (!slash) return memory_string(".", error);
    return memory_substring(path, slash == path ? 1 : (size_t)(slash - path), error);
}

static bool directory_status(const char *path, struct stat *status) {
    char *directory = file_directory(path, NULL);
    const bool ok = directory && stat(directory, status) == 0;
    free(directory);
    return ok;
}

bool file_same(const char *a, const char *b) {
    struct stat x, y;
    return strcmp(a + file_name_start(a), b + file_name_start(b)) == 0 && directory_status(a, &x) &&
           directory_status(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool file_has_extension(const char *path, const char *const *extensions) {
    const char *dot = strrchr(path + file_name_start(path), '.');
    for (; dot && *extensions; extensions++)
        if (strcasecmp(dot, *extensions) == 0) return true;
    return false;
}

void windows_path_try(char *path) {
    if (!strchr(path, '\\') || access(path, F_OK) == 0) return;
    char *tried = strdup(path); /* short of memory, it is not tried */
    if (!tried) return;
    for (char *at = tried; (at = strchr(at, '\\')) != NULL; at++) *at = '/';
    if (access(tried, F_OK) == 0) strcpy(path, tried);
    free(tried);
}

void names_free(struct names *names) {
    for (size_t i = 0; i < names->count; i++) free(names->names[i]);
    free(names->names);
}

static bool add(struct names *names, const char *name, caption_error *error) {
    if (!memory_grow(&names->names, &names->capacity, names->count + 1, sizeof *names->names,
                     "a folder's names", error)) {
        return false;
    }
    names->names[names->count] = memory_string(name, error);
    return names->names[names->count] && ++names->count;
}

static bool folder_error(const char *folder, caption_error *error) {
    return error_set(error, CAPTION_ERROR_IO, "%s: cannot read the folder: %s", folder,
                     strerror(errno));
}

static bool read_names(struct names *names, DIR *directory, const char *folder,
                       caption_error *error) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry) return errno == 0 || folder_error(folder, error);
        if (entry->d_name[0] == '.') continue;
        if (!add(names, entry->d_name, error)) return false;
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool names_read(struct names *names, const char *folder, caption_error *error) {
    *names = (struct names){0};
    DIR *directory = opendir(folder);
    if (!directory) return folder_error(folder, error);
    const bool ok = read_names(names, directory, folder, error);
    closedir(directory);
    if (ok && names->count > 0) qsort(names->names, names->count, sizeof *names->names, by_name);
    return ok;
}

static const struct signature {
    const char *begin, *name;
    size_t length;
} signatures[] = {
#define SIGNATURE(begin, name)                                                                     \
    { begin, name, sizeof(begin) - 1 }
    SIGNATURE("version https://git-lfs.github.com/",
              "a Git LFS pointer, not the file itself ('git lfs pull' fetches it)"),
    SIGNATURE("%PDF-", "a PDF document"),
    SIGNATURE("PK\3\4", "a ZIP archive"),
    SIGNATURE("\x1f\x8b", "a gzip archive"),
    SIGNATURE("PAR1", "a Parquet table"),
    SIGNATURE("\x89HDF\r\n", "an HDF5 file"),
    SIGNATURE("\x93NUMPY", "a NumPy array"),
#undef SIGNATURE
};

/* A byte order mark and white space may stand before it. */
static bool is_web_page(const uint8_t *bytes, size_t size) {
    static const char *const begins[] = {"<!doctype html", "<html"};
    size_t start = utf8_mark((const char *)bytes, size);
    while (start < size && isspace(bytes[start])) start++;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        const size_t length = strlen(begins[i]);
        if (size - start >= length &&
            strncasecmp((const char *)bytes + start, begins[i], length) == 0)
            return true;
    }
    return false;
}

const char *signature_name(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *s = &signatures[i];
        if (size >= s->length && memcmp(bytes, s->begin, s->length) == 0) return s->name;
    }
    return is_web_page(bytes, size) ? "a web page (HTML)" : NULL;
}

bool signature_is_text(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == 0x7f || (bytes[i] < 0x20 && !isspace(bytes[i]))) return false;
    return true;
}

bool splices_add(struct splices *splices, size_t begin, size_t end, const void *bytes, size_t size,
                 caption_error *error) {
    if (!memory_grow(&splices->items, &splices->capacity, splices->count + 1,
                     sizeof *splices->items, "parts of a file", error))
        return false;
    struct splice splice = {.begin = begin, .end = end, .size = size, .number = splices->count};
    splice.bytes = memory_uninitialised(size, 1, "parts of a file", error);
    if (!splice.bytes) return false;
    if (size > 0) memcpy(splice.bytes, bytes, size);
    splices->items[splices->count++] = splice;
    return true;
}

static int compare(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b) {
    const struct splice *x = a, *y = b;
    int order = compare(x->begin, y->begin);
    if (order == 0) order = compare(x->end, y->end);
    return order ? order : compare(x->number, y->number);
}

static bool size_after(const struct splices *splices, size_t size, size_t *out) {
    *out = size;
    for (size_t i = 0; i < splices->count; i++) {
        const struct splice *splice = &splices->items[i];
        if (!size_add(*out - (splice->end - splice->begin), splice->size, out)) return false;
    }
    return true;
}

bool splices_apply(struct splices *splices, const void *bytes, size_t size, struct file_bytes *out,
                   caption_error *error) {
    if (splices->count > 0) qsort(splices->items, splices->count, sizeof *splices->items, by_place);
    size_t all, capacity;
    if (!size_after(splices, size, &all) || !size_add(all, 1, &capacity))
        return error_memory(error, "a changed file");
    *out = (struct file_bytes){memory_uninitialised(capacity, 1, "a changed file", error), all};
    if (!out->data) return false;
    const uint8_t *from = bytes;
    uint8_t *to = out->data;
    size_t at = 0;
    for (size_t i = 0; i < splices->count; i++) {
        const struct splice *splice = &splices->items[i];
        memcpy(to, from + at, splice->begin - at);
        to += splice->begin - at;
        memcpy(to, splice->bytes, splice->size);
        to += splice->size;
        at = splice->end;
    }
    memcpy(to, from + at, size - at);
    out->data[all] = 0;
    return true;
}

void splices_free(struct splices *splices) {
    for (size_t i = 0; i < splices->count; i++) free(splices->items[i].bytes);
    free(splices->items);
    *splices = (struct splices){0};
}

bool library_find(const char *soname, const char *const *names, void *out) {
    void *library = dlopen(soname, RTLD_LAZY | RTLD_NODELETE);
    bool ok = library != NULL;
    for (size_t i = 0; ok && names[i]; i++) {
        void *address = dlsym(library, names[i]);
        memcpy((char *)out + i * sizeof address, &address, sizeof address);
        ok = address != NULL;
    }
    return ok;
}

bool library_load(const char *soname, const char *kind, const char *name, const char *const *names,
                  void *out, caption_error *error) {
    return library_find(soname, names, out) ||
           error_set(error, CAPTION_ERROR_FORMAT,
                     "is %s, and %s, which reads it, cannot be loaded: %.200s", kind, name,
                     dlerror());
}
