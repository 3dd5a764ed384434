/* Data sets of one run: their short names, and the parts of their photos that are scored
 * separately. */
#ifndef CAPTION_DATA_DATASET_PARTS_H
#define CAPTION_DATA_DATASET_PARTS_H

#include "data/dataset.h"

/* Parts of one data set at most: a "source" that differs for every photo is useless. */
enum { DATASET_PARTS_MOST = 32 };

/* Photos [first, first + count) of a list that holds all parts one after the other. */
struct dataset_part {
    char *name; /* "flickr8k", or "everyday/coco" for photos of one source; owned */
    char *set;  /* "everyday", the data set's name; owned */
    size_t first, count;
};

/* Starts as {0}. */
struct dataset_parts {
    struct dataset_part *items; /* [count] */
    size_t count, capacity;
};
void dataset_parts_free(struct dataset_parts *parts);

/* Names of the data sets at `paths`: the file's or folder's name without extension and without
 * Karpathy's "dataset_"; duplicates get "-2" and so on; no white space. A newly allocated list of
 * `count`, freed with dataset_names_free. NULL with `error` set. */
char **dataset_names(const char *const *paths, size_t count, caption_error *error);
void dataset_names_free(char **names, size_t count);

/* Adds `count` photos after the existing parts, as one part. */
bool dataset_parts_add(struct dataset_parts *parts, size_t count, const char *name,
                       caption_error *error);

/* Adds photos[count], indices into the data set's photos, as one part for each source, for which
 * the list is sorted by source; sources and the photos of each stay in the order in which they
 * come. Photos without a source are a part with the data set's own name. More than
 * DATASET_PARTS_MOST sources are an error. */
bool dataset_parts_add_sources(struct dataset_parts *parts, const struct dataset *dataset,
                               size_t *photos, size_t count, const char *name,
                               caption_error *error);

/* The source that all the photos share, or NULL; photos[count] as above. */
const char *dataset_common_source(const struct dataset *dataset, const size_t *photos,
                                  size_t count);

#endif
