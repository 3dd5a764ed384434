#include "serve/microhttpd.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

bool microhttpd_load(struct microhttpd *library, caption_error *error) {
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define FUNCTION(name) {#name, offsetof(struct microhttpd, name)},
        MICROHTTPD_FUNCTIONS(FUNCTION)
#undef FUNCTION
    };
    void *loaded = dlopen(CAPTION_MICROHTTPD_SONAME, RTLD_NOW | RTLD_NODELETE);
    bool ok = loaded != NULL;
    for (size_t i = 0; ok && i < sizeof functions / sizeof *functions; i++) {
        void *address = dlsym(loaded, functions[i].name);
        memcpy((char *)library + functions[i].offset, &address, sizeof address);
        ok = address != NULL;
    }
    return ok || error_set(error, CAPTION_ERROR_SYSTEM,
                           "GNU libmicrohttpd, which serves, cannot be loaded: %.200s", dlerror());
}

#endif
