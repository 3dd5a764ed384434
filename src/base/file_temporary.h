/* A file beside another, to be renamed over it when it is whole. */
#ifndef CAPTION_BASE_FILE_TEMPORARY_H
#define CAPTION_BASE_FILE_TEMPORARY_H

#include "base/error.h"

struct file_temporary {
    int descriptor; /* open for writing; -1: none */
    char *path;     /* owned */
};

/* Creates the file in the folder of `path`, with the mode of the file that is there, else what the
 * user's mask leaves. Its hidden name hangs on the path: what a killed run left behind, the next
 * one removes. Another run that writes the same path now is left alone (it holds a lock), and
 * nothing that is there is ever opened for writing: a link is not followed, a pipe not waited for.
 */
bool file_temporary_open(struct file_temporary *file, const char *path, caption_error *error);

/* Brings the bytes to the disk and renames the file over `path`; gives up where that fails. */
bool file_temporary_commit(struct file_temporary *file, const char *path, caption_error *error);

/* Removes the file. Harmless after a commit. */
void file_temporary_abandon(struct file_temporary *file);

#endif
