/* Libraries of the system that are loaded when a file needs them, and then stay: those of rare
 * formats, with all their codecs, take longer to load than a caption takes. */
#ifndef CAPTION_BASE_LIBRARY_H
#define CAPTION_BASE_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

/* A function of a library, and where its address goes in a struct of function pointers. A list of
 * them ends with LIBRARY_END. */
struct library_function {
    const char *name;
    size_t offset;
};
#define LIBRARY_FUNCTION(functions, name)                                                          \
    { #name, offsetof(functions, name) }
#define LIBRARY_END                                                                                \
    { NULL, 0 }

/* Loads the library `soname` ("libtiff.so.6") and sets the pointers of the struct at `out`. False
 * with `error` set, which names the file's kind ("a TIFF photo") and the library, as `name`. */
bool library_load(const char *soname, const char *kind, const char *name,
                  const struct library_function *functions, void *out, caption_error *error);

/* The same for other errors of the caller's; dlerror(3) has the reason. */
bool library_find(const char *soname, const struct library_function *functions, void *out);

#endif
