/* A file beside another, to be renamed over it when it is whole. */
#ifndef CAPTION_BASE_FILE_TEMPORARY_H
#define CAPTION_BASE_FILE_TEMPORARY_H

#include "base/error.h"

struct file_temporary {
    int descriptor; /* open for writing; -1: none */
    char *path;     /* owned */
};

/* Creates the file in the folder of `path`, with the mode of the existing file, else the default
 * mode under the umask. Its hidden name depends on the path, so the next run removes a file that a
 * killed run left behind. The file of another process that writes the same path now is locked and
 * left alone. An existing file is never opened for writing: links are not followed, pipes do not
 * block. */
bool file_temporary_open(struct file_temporary *file, const char *path, caption_error *error);

/* Syncs the file and renames it over `path`; removes it on failure. */
bool file_temporary_commit(struct file_temporary *file, const char *path, caption_error *error);

/* Removes the file. Harmless after a commit. */
void file_temporary_abandon(struct file_temporary *file);

#endif
