/* Confines the process: after sandbox_enter it opens no file but those that were allowed, makes no
 * connection and starts no program, for as long as it lives. A decoder that a hostile photo takes
 * over then has nothing to take. Files are guarded by Landlock (Linux 5.13 and later), system calls
 * by seccomp.
 *
 *     struct sandbox sandbox;
 *     bool ok = sandbox_open(&sandbox, &error);
 *     if (ok) {
 *         sandbox_allow(&sandbox, "photo.jpg", SANDBOX_READ);
 *         ok = sandbox_enter(&sandbox, &error);
 *     }
 *
 * Threads that exist already are not confined; those that are created afterwards are. Files that
 * are open stay open. */
#ifndef CAPTION_BASE_SANDBOX_H
#define CAPTION_BASE_SANDBOX_H

#include <stdint.h>

#include "base/error.h"

struct sandbox {
    int rules;         /* descriptor of Landlock's rules */
    uint64_t truncate; /* its right to empty a file; 0 before Linux 6.2, which cannot refuse it */
};

enum sandbox_access {
    SANDBOX_READ,
    SANDBOX_WRITE /* of a folder: files in it are read, created, replaced and removed, too */
};

/* Begins the rules: nothing is allowed but what every program reads, such as shared libraries: in
 * the system's folders, in those that ldconfig(8) and $LD_LIBRARY_PATH name, and beside libraries
 * that are loaded already.
 * False with `error` set (CAPTION_ERROR_SYSTEM) where the kernel or the build has no sandbox. */
bool sandbox_open(struct sandbox *sandbox, caption_error *error);

/* Allows a file, or all that is in a folder and below; links are followed. What is not there is
 * ignored: opening it fails anyway. */
void sandbox_allow(struct sandbox *sandbox, const char *path, enum sandbox_access access);

/* Applies the rules, and frees them in any case. */
bool sandbox_enter(struct sandbox *sandbox, caption_error *error);

#endif
