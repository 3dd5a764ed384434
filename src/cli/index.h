/* Photos through the encoder into vectors for searches, with progress and messages on stderr: what
 * `caption index`, `search` and `similar` have in common. Decoding and encoding of different photos
 * go on at the same time (decode/pipeline.h). */
#ifndef CAPTION_CLI_INDEX_H
#define CAPTION_CLI_INDEX_H

#include "base/file.h"
#include "cli/photo_list.h"
#include "model/model.h"

/* Opens a model (NULL: the one that is used when none is named) with a search part. False with
 * `error` set where it has none. Freed with model_free, for which a struct of zeros is a model,
 * too.
 */
bool photo_vectors_open(struct model *model, const char *path, caption_error *error);

struct photo_vectors {
    /* Set by the caller. */
    const char *name;               /* how messages begin */
    const struct model *model;      /* with a search part */
    const caption_options *options; /* precision, threads, and how photos are decoded */
    const char *const *paths;       /* [count] of photos */
    size_t count;
    bool quiet;
    /* Unless NULL, looks at a photo's file, on any thread: whether its vector is wanted. */
    bool (*asks)(void *context, size_t number, const struct file_bytes *file);
    /* Takes the vector, (W,) in F16, of photo `number`, in the order of the numbers; NULL: it was
     * not asked for or, where the status of `problem` is not CAPTION_OK, it could not be read,
     * which has been reported. False with `error` set ends the run. */
    bool (*take)(void *context, size_t number, const uint8_t *vector, const caption_error *problem,
                 caption_error *error);
    void *context;

    /* Set by the run. */
    size_t done, failed;
    bool interrupted; /* before all photos were looked at */

    size_t next;
    struct progress *progress;
    struct search_photos *photos;
    uint8_t *vector;          /* (W,) in F16, of the photo in hand */
    float *numbers, *scratch; /* (W,), and see search_photo_vectors */
};

/* Encodes the photos. False with `error` set when the run could not go on. */
bool photo_vectors_run(struct photo_vectors *run, caption_error *error);

/* Reports a photo that cannot be read. */
void photo_vectors_problem(const char *name, const caption_error *problem);

#endif
