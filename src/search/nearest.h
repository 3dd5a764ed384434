/* The photos whose vectors are nearest to one: by the cosine of the angle between them, in one pass
 * over all vectors, which are read in blocks that stay in the cache. */
#ifndef CAPTION_SEARCH_NEAREST_H
#define CAPTION_SEARCH_NEAREST_H

#include "base/threads.h"
#include "search/photo_index.h"

/* What is searched. */
struct nearest_vectors {
    size_t count, width;
    const uint8_t *bytes;            /* (count, width) numbers in F16, or NULL: */
    const struct photo_index *index; /* those of a file */
};

struct nearest_match {
    size_t photo;
    float score; /* the cosine, from -1 to 1 */
};

/* Finds the `most` photos nearest to query[width], which has length 1 or so: best first, of equal
 * ones the first. matches[*found]; *found is `most`, or the number of photos if that is less.
 * `matches` is freed by the caller. The result does not depend on `threads` (NULL: the calling
 * thread alone). False with `error` set when the file cannot be read, a vector in it is not finite
 * or not of length 1, or memory is short. */
bool nearest_find(const struct nearest_vectors *vectors, const float *query, size_t most,
                  struct threads *threads, struct nearest_match **matches, size_t *found,
                  caption_error *error);

#endif
