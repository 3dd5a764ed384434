/* What filling changes, as `diff -u` writes it. */
#ifndef CAPTION_ALT_DIFF_H
#define CAPTION_ALT_DIFF_H

#include <stdio.h>

#include "base/file.h"

/* Writes the difference between two documents that have the same number of lines; `patch -p0`
 * understands it. False when memory is short; the stream's own errors are left to its owner. */
bool alt_diff_write(FILE *stream, const char *name, const struct file_bytes *old,
                    const struct file_bytes *new, caption_error *error);

#endif
