/* A hash of a name and a seed, the same on every machine. */
#ifndef CAPTION_DATA_NAME_HASH_H
#define CAPTION_DATA_NAME_HASH_H

#include <stdint.h>

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
