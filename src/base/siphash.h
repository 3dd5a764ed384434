/* Keyed hashes for tables of names that come from files. With a random key no file can be crafted
 * whose names all collide. */
#ifndef CAPTION_BASE_SIPHASH_H
#define CAPTION_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t first, second;
};

/* A new random key from the system. Results must not depend on it. */
struct siphash_key siphash_key_new(void);

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), with the rounds
 * that Rust and Python use for their tables. */
uint64_t siphash(struct siphash_key key, const void *bytes, size_t size);

/* The hash of a string, without its terminating 0. */
uint64_t siphash_string(struct siphash_key key, const char *string);

#endif
