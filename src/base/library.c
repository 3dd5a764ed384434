#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *soname, const char *file, const char *name,
                  const struct library_function *functions, size_t count, void *out,
                  caption_error *error) {
    void *library = dlopen(soname, RTLD_LAZY | RTLD_NODELETE);
    bool ok = library != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        void *address = dlsym(library, functions[i].name);
        memcpy((char *)out + functions[i].offset, &address, sizeof address);
        ok = address != NULL;
    }
    return ok || error_set(error, CAPTION_ERROR_FORMAT,
                           "is %s, and %s, which reads it, cannot be loaded: %.200s", file, name,
                           dlerror());
}
