/* Finds photos by a name or an id while a data set is read: an open-addressing hash table. */
#ifndef CAPTION_DATA_NAME_INDEX_H
#define CAPTION_DATA_NAME_INDEX_H

#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

/* Result of name_index_find for an unknown name. */
#define NAME_INDEX_NONE SIZE_MAX

struct name_index {
    struct name_index_slot {
        const char *name; /* NULL: free */
        size_t photo;
    } * slots; /* [slot_count], a power of two */
    size_t slot_count, count;
    struct siphash_key key; /* of this table */
};

/* Starts as {0}. */
void name_index_free(struct name_index *index);

size_t name_index_find(const struct name_index *index, const char *name);

/* Adds a name that is not in it yet. The name itself is not copied: it must live as long as the
 * index. */
bool name_index_add(struct name_index *index, const char *name, size_t photo, caption_error *error);

/* A hash of a name and a seed, the same on every machine. */

/* FNV-1a over the bytes, then the finaliser of MurmurHash3: FNV alone leaves names that differ in
 * their last letter close to each other. */
static inline uint64_t name_hash(const char *name, uint64_t seed) {
    uint64_t hash = 0xcbf29ce484222325u ^ seed * 0x9e3779b97f4a7c15u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

#endif
