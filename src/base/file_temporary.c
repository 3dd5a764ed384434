#include "base/file_temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

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

bool file_temporary_open(struct file_temporary *file, const char *path, caption_error *error) {
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

bool file_temporary_commit(struct file_temporary *file, const char *path, caption_error *error) {
    bool ok = fsync(file->descriptor) == 0 || file_error(error, path, "write");
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

void file_temporary_abandon(struct file_temporary *file) {
    if (file->path) unlink(file->path);
    if (file->descriptor >= 0) close(file->descriptor);
    free(file->path);
    *file = (struct file_temporary){.descriptor = -1};
}
