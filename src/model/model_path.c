#include "model/model_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

/* Puts `from` in place of the last part of the path in `place`. */
static bool beside(struct model_place *place, const char *from) {
    char *name = strrchr(place->text, '/');
    if (!name) return false;
    const size_t left = sizeof place->text - (size_t)(name + 1 - place->text);
    if (strlen(from) >= left) return false;
    strcpy(name + 1, from);
    return true;
}

/* The path of the running program; where there is no /proc, as in a root of few files, that by which
 * it was started. False where neither is known. */
static bool program_path(struct model_place *place) {
    const ssize_t length = readlink("/proc/self/exe", place->text, sizeof place->text - 1);
    if (length > 0) {
        place->text[length] = 0;
        return (size_t)length < sizeof place->text - 1;
    }
#ifdef __linux__
    const char *started = (const char *)getauxval(AT_EXECFN);
    if (started && strlen(started) < sizeof place->text) {
        strcpy(place->text, started);
        return true;
    }
#endif
    return false;
}

/* The model of the prefix in which the running program lies; false where that is unknown. */
static bool beside_program(struct model_place *place) {
    return program_path(place) && beside(place, CAPTION_MODEL_FROM_PROGRAM);
}

/* The same of the shared library, for programs that lie elsewhere. */
static bool beside_library(struct model_place *place) {
    static const char here = 0;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname) return false;
    if (strlen(info.dli_fname) >= sizeof place->text) return false;
    strcpy(place->text, info.dli_fname);
    return beside(place, CAPTION_MODEL_FROM_LIBRARY);
}

static bool is_there(const char *path) {
    return access(path, R_OK) == 0;
}

const char *model_path(const char *named, struct model_place *place, caption_error *error) {
    if (named) return named;
    const char *chosen = getenv("CAPTION_MODEL");
    if (chosen && *chosen) {
        if (access(chosen, F_OK) == 0) return chosen;
        error_set(error, CAPTION_ERROR_IO,
                  "$CAPTION_MODEL: %s: %s (-m names another model; of train, --init)", chosen,
                  strerror(errno));
        return NULL;
    }
    if (beside_program(place) && is_there(place->text)) return place->text;
    if (beside_library(place) && is_there(place->text)) return place->text;
    if (is_there(CAPTION_INSTALLED_MODEL)) return CAPTION_INSTALLED_MODEL;
    if (is_there(CAPTION_SOURCE_MODEL)) return CAPTION_SOURCE_MODEL;
    const bool has_place = beside_program(place);
    error_set(error, CAPTION_ERROR_IO,
              "no model: -m (of train, --init) or $CAPTION_MODEL names one; there is none at %s, "
              "%s or %s",
              has_place ? place->text : CAPTION_MODEL_FROM_PROGRAM, CAPTION_INSTALLED_MODEL,
              CAPTION_SOURCE_MODEL);
    return NULL;
}
