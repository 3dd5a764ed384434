/* The photos that the arguments of the command line stand for. */
#ifndef CAPTION_CLI_PHOTO_LIST_H
#define CAPTION_CLI_PHOTO_LIST_H

#include "base/error.h"

struct photo_list {
    char **paths; /* [count], owned */
    size_t count, capacity;
    bool folders; /* at least one argument was a folder */
};

/* Adds a photo, or the photos of a folder sorted by name. A file that is named is taken as a photo
 * whatever it is; in a folder, files that do not begin as a photo does are passed over, and so are
 * hidden files and folders. A folder that cannot be read or holds no photo is an error, after which
 * the list is as it was. */
bool photo_list_add(struct photo_list *list, const char *argument, caption_error *error);
void photo_list_free(struct photo_list *list);

#endif
