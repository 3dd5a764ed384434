/* An index brought up to date: which photos are as they were, which must be read, which of those
 * are known by their content under another name, and which are gone.
 *
 *     struct library library;
 *     bool ok = library_open(&library, "photos.index", &old, &error);
 *     for each photo:   library_add(&library, path, &number, &error)
 *     for those that library_must_read: their bytes to library_knows, or their vectors to
 *                       library_take
 *     ok = ok && library_write(&library, &error);
 *     library_free(&library);
 */
#ifndef CAPTION_SEARCH_LIBRARY_H
#define CAPTION_SEARCH_LIBRARY_H

#include "base/memory.h"
#include "search/index_file.h"

enum library_state {
    LIBRARY_KEPT,    /* as it was, by name, size and time */
    LIBRARY_UNREAD,  /* must be read */
    LIBRARY_KNOWN,   /* read: another photo of the old index has, or had, this content */
    LIBRARY_ENCODED, /* its vector was taken */
    LIBRARY_FAILED,  /* it could not be read */
};

struct library_photo {
    const char *path; /* as it was given; not owned */
    struct index_photo entry;
    enum library_state state;
    size_t old;     /* its number in the old index, where it is kept or known */
    bool was_named; /* the old index has a photo of this name */
    uint8_t *vector;
};

struct library {
    const char *path; /* of the index to be written; not owned */
    const struct index_file *old;
    struct library_photo *photos; /* [count] */
    size_t count, capacity;

    /* Set by library_write: photos of the new index that are as they were, or were not looked at;
     * were encoded; were known by their content; photos of the old one that moved, and that are
     * gone. */
    size_t kept, encoded, known, moved, gone;

    char *root;                 /* the real path of the index's folder, with a / at the end */
    char *folder, *real_folder; /* of the last photo: as it was given, and its real path */
    struct arena arena;         /* names and vectors */
    size_t *by_content;         /* [old->count]: its photos by content and size */
    bool *named;                /* [old->count]: a photo that was added has this name */
};

/* Begins an index that is to be written at `path`. `old` is the index that is there (with a count
 * of 0: none); both must stay. False with `error` set when the folder is not there or memory is
 * short. Freed with library_free, after a failure too. */
bool library_open(struct library *library, const char *path, const struct index_file *old,
                  caption_error *error);
void library_free(struct library *library);

/* Adds a photo; its path must stay. False with `error` set when it is no file that can be found
 * again (its message names the path) or, CAPTION_ERROR_MEMORY, when memory is short. */
bool library_add(struct library *library, const char *path, caption_error *error);

/* Whether the bytes of photo `number`, which was unread, are those of a photo of the old index,
 * whose vector it then has. Any thread may ask, one about each photo. */
bool library_knows(struct library *library, size_t number, const struct file_bytes *file);

/* Takes the vector, (W,) in F16, of photo `number`; NULL: it could not be read. */
bool library_take(struct library *library, size_t number, const uint8_t *vector, size_t width,
                  caption_error *error);

/* Writes the index, unless it would be the old one. Photos that are still unread, for the run was
 * interrupted, stay as the old index has them, and so do photos of the old index that were not
 * added; those that are gone are left out. */
bool library_write(struct library *library, uint64_t model, size_t width, caption_error *error);

#endif
