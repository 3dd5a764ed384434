/* The photos of tar archives, one after the other, straight out of the stream: nothing is unpacked
 * to disk, and what is in an archive decides over names, never over paths.
 *
 * A photo is called by its key: the member's name up to the first dot behind its folder, as
 * WebDataset takes it ("a/0001" of "a/0001.jpg"). A second photo of the same key is called by its
 * whole name. Shards (cli/shard.h) go by the key, so a sample stays together. */
#ifndef CAPTION_CLI_TAR_PHOTOS_H
#define CAPTION_CLI_TAR_PHOTOS_H

#include "cli/photo_list.h"
#include "cli/shard.h"
#include "data/tar.h"
#include "report/caption_output.h"

/* A photo, or what went wrong: with the member, or with the archive from here on. */
struct tar_photo {
    struct tar_photo *next; /* for the caller's lists */
    char *label;            /* the archive and, behind ": ", the member's name; for messages */
    char *key;              /* of an archive that is broken, its path */
    struct caption_member member; /* its name is the end of `label`; the bytes are owned */
    size_t number;                /* its place among the photos of all shards */
    caption_error problem;        /* CAPTION_OK: none */
};

struct tar_photos {
    /* Set by the caller. */
    const struct photo_list *archives;
    const struct shard *shard;
    const struct file_stop *stop; /* what may end a wait */
    bool stay_inside;             /* a name that leads out of where it is unpacked is a problem */

    size_t others; /* members that were passed over: links, devices and the like */

    size_t archive; /* entry that is read, or is next */
    struct tar_stream *stream;
    const char *path; /* of the stream, in words */
    char *sample;     /* key of the last photo */
    size_t numbers;   /* photos so far */
};

/* Gives the next photo, NULL at the end of the last archive. After an archive that is broken comes
 * the next one. False when memory is short, or with CAPTION_ERROR_INTERRUPTED where the wait was
 * ended. */
bool tar_photos_next(struct tar_photos *photos, struct tar_photo **photo, caption_error *error);

void tar_photo_free(struct tar_photo *photo);

/* Closes what is open. */
void tar_photos_free(struct tar_photos *photos);

#endif
