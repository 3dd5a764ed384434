/* The names in a folder. */
#ifndef CAPTION_BASE_NAMES_H
#define CAPTION_BASE_NAMES_H

#include <stddef.h>

#include "base/error.h"

struct names {
    char **names; /* [count], owned */
    size_t count, capacity;
};

/* Reads the names that do not begin with a dot, sorted by bytes, so that results do not depend on
 * the file system's order. An error names the folder. Freed with names_free, after a failure
 * too. */
bool names_read(struct names *names, const char *folder, caption_error *error);
void names_free(struct names *names);

#endif
