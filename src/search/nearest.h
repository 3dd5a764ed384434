/* The photos whose vectors are nearest to one: by the cosine of the angle between them, in one pass
 * over all vectors, which are read in blocks that stay in the cache. */
#ifndef CAPTION_SEARCH_NEAREST_H
#define CAPTION_SEARCH_NEAREST_H

#include "base/threads.h"
#include "search/index_file.h"

/* What is searched. */
struct nearest_vectors {
    size_t count, width;
    const uint8_t *bytes;           /* (count, width) numbers in F16, or NULL: */
    const struct index_file *index; /* those of a file */
};

struct nearest_match {
    size_t photo;
    float score; /* the cosine, from -1 to 1 */
};

struct nearest_found {
    struct nearest_match *matches; /* [count], best first, of equal ones the first; owned */
    size_t count;
};

/* Finds the `most` photos nearest to query[width], which has length 1 or so; fewer where there are
 * fewer. found->matches is freed by the caller. The result does not depend on `threads` (NULL: the
 * calling thread alone). False with `error` set when the file cannot be read, a vector in it is not
 * finite or not of length 1, or memory is short. */
bool nearest_find(const struct nearest_vectors *vectors, const float *query, size_t most,
                  struct threads *threads, struct nearest_found *found, caption_error *error);

#endif
