#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_find(const char *soname, const struct library_function *functions, void *out) {
    void *library = dlopen(soname, RTLD_LAZY | RTLD_NODELETE);
    bool ok = library != NULL;
    for (const struct library_function *f = functions; ok && f->name; f++) {
        void *address = dlsym(library, f->name);
        memcpy((char *)out + f->offset, &address, sizeof address);
        ok = address != NULL;
    }
    return ok;
}

bool library_load(const char *soname, const char *kind, const char *name,
                  const struct library_function *functions, void *out, caption_error *error) {
    return library_find(soname, functions, out) ||
           error_set(error, CAPTION_ERROR_FORMAT,
                     "is %s, and %s, which reads it, cannot be loaded: %.200s", kind, name,
                     dlerror());
}
