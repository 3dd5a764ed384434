#include "serve/microhttpd.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <dlfcn.h>

#include "base/library.h"

bool microhttpd_load(struct microhttpd *library, caption_error *error) {
    static const struct library_function functions[] = {
#define FUNCTION(name) LIBRARY_FUNCTION(struct microhttpd, name),
        MICROHTTPD_FUNCTIONS(FUNCTION)
#undef FUNCTION
            LIBRARY_END,
    };
    return library_find(CAPTION_MICROHTTPD_SONAME, functions, library) ||
           error_set(error, CAPTION_ERROR_SYSTEM,
                     "GNU libmicrohttpd, which serves, cannot be loaded: %.200s", dlerror());
}

#endif
