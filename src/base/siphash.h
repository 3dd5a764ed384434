/* Places in hash tables of names that come from files. With a key that nobody can know beforehand,
 * no file can be made whose names all collide, which would make a table as slow as a list. */
#ifndef CAPTION_BASE_SIPHASH_H
#define CAPTION_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t first, second;
};

/* A key of random numbers of the system, another one at every call. What is made with it must not
 * show in results. */
struct siphash_key siphash_key_new(void);

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), with the rounds
 * that Rust and Python take for their tables. */
uint64_t siphash(struct siphash_key key, const void *bytes, size_t size);

/* Of a string, without its terminating 0. */
uint64_t siphash_string(struct siphash_key key, const char *string);

#endif
