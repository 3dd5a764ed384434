/* From the URL of a picture in a document to a file: relative to the document, inside one folder.
 */
#ifndef CAPTION_ALT_PICTURE_PATH_H
#define CAPTION_ALT_PICTURE_PATH_H

#include "base/error.h"

enum alt_place {
    ALT_LOCAL,   /* *path is a file, which need not exist */
    ALT_OUTSIDE, /* a file outside the folder */
    ALT_REMOTE,  /* on the web, in the URL itself (data:), or only known to a program ("{{ x }}") */
};

/* Where documents lie, and pictures may lie. */
struct alt_folders {
    const char *document; /* the folder of the document; "" in an archive: its top */
    const char *root;     /* pictures lie in it, and a URL that begins with "/" begins there; in an
                             archive "" */
    bool in_archive;      /* names are those of an archive's parts: nothing is looked up on disk */
};

/* `base`: what the URL is relative to, by the document's <base href>; NULL: the document. *path is
 * newly allocated, for ALT_LOCAL alone; else NULL. False when memory is short. */
bool alt_picture_path(const char *url, const char *base, const struct alt_folders *folders,
                      enum alt_place *place, char **path, caption_error *error);

#endif
