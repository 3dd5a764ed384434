/* Finds the photos of a data set by id, name or file name. */
#ifndef CAPTION_EVAL_PHOTO_INDEX_H
#define CAPTION_EVAL_PHOTO_INDEX_H

#include "data/dataset.h"

enum photo_index_key { PHOTO_INDEX_ID, PHOTO_INDEX_NAME, PHOTO_INDEX_FILE, PHOTO_INDEX_KEYS };

struct photo_index_entry {
    const char *text;
    size_t photo;
};

struct photo_index {
    struct photo_index_entry *entries[PHOTO_INDEX_KEYS]; /* [count], sorted by text */
    size_t count;
};

/* The index points into the data set. Freed with photo_index_free, after a failure too. */
bool photo_index_init(struct photo_index *index, const struct dataset *dataset,
                      caption_error *error);
void photo_index_free(struct photo_index *index);

/* How many photos have that key; *photo is one of them. A file name is what follows the last '/'.
 */
size_t photo_index_find(const struct photo_index *index, enum photo_index_key key, const char *text,
                        size_t *photo);

#endif
