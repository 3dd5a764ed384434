/* Bytes with some parts replaced by others. Everything outside these parts is copied unchanged.
 *
 *     struct splices splices = {0};
 *     bool ok = splices_add(&splices, 10, 14, "alt", 3, error) &&
 *               splices_apply(&splices, file.data, file.size, &changed, error);
 *     splices_free(&splices);
 */
#ifndef CAPTION_BASE_SPLICE_H
#define CAPTION_BASE_SPLICE_H

#include "base/file.h"

/* Bytes `begin` to `end` become `bytes`; where the two are equal, nothing is replaced and the bytes
 * are inserted. */
struct splice {
    size_t begin, end;
    uint8_t *bytes; /* [size], owned */
    size_t size;
    size_t number; /* in the order in which they were added */
};

/* A struct of zeros is empty. */
struct splices {
    struct splice *items; /* [count], owned */
    size_t count, capacity;
};

/* Adds a part, in any order of places; parts must not overlap. Those inserted at one place stay in
 * the order in which they were added, before a part that is replaced there. The bytes are copied.
 * False when memory is short. */
bool splices_add(struct splices *splices, size_t begin, size_t end, const void *bytes, size_t size,
                 caption_error *error);

/* bytes[size] with all parts replaced, newly allocated; a 0 follows. Sorts the parts by place. */
bool splices_apply(struct splices *splices, const void *bytes, size_t size, struct file_bytes *out,
                   caption_error *error);

void splices_free(struct splices *splices);

#endif
