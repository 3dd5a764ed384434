/* Where the model is that is used when none is named. */
#ifndef CAPTION_MODEL_MODEL_PATH_H
#define CAPTION_MODEL_MODEL_PATH_H

#include "base/error.h"

/* Storage of a path that model_path works out. */
struct model_place {
    char text[4096];
};

/* The model's file: `named` unless NULL, else $CAPTION_MODEL, else the first that is there of
 * share/caption of the prefix in which the program lies, wherever that was moved, of that in which
 * the shared library lies, of the prefix for which both were built, and of the source tree. NULL
 * with `error` set where there is none of the three, or nothing at $CAPTION_MODEL. Not allocated:
 * it may lie in *place. */
const char *model_path(const char *named, struct model_place *place, caption_error *error);

#endif
