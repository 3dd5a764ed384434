/* The members of a tar archive, found by libarchive, without which archives are refused. Nothing is
 * unpacked: a member is bytes of the archive's file, which is read in place. */
#ifndef CAPTION_DATA_TAR_H
#define CAPTION_DATA_TAR_H

#include <stdint.h>

#include "base/error.h"

/* A plain file in the archive. Its name is nothing but a name, be it absolute or with "..". */
struct tar_member {
    char *name;          /* owned */
    size_t offset, size; /* its bytes in the archive */
};

struct tar_members {
    struct tar_member *items; /* [count], in the order of the archive */
    size_t count, capacity;
    size_t others; /* links, devices, pipes and sparse files, which were passed over */
};

/* Whether a file that begins with these bytes is a tar archive (POSIX's or GNU's). */
bool tar_recognise(const uint8_t *bytes, size_t size);

/* Lists the members but for folders and hidden files, names without a "./" before them. A damaged
 * or truncated archive is an error that names the path. Freed with tar_members_free, also after a
 * failure. */
bool tar_members_read(struct tar_members *members, const char *path, caption_error *error);
void tar_members_free(struct tar_members *members);

#endif
