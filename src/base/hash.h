/* A fingerprint of bytes: it detects changes, but is not cryptographic. */
#ifndef CAPTION_BASE_HASH_H
#define CAPTION_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_TEXT = 17 }; /* bytes of a hash as text, with the terminating 0 */

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a (Fowler, Noll and Vo), over 64-bit words while eight bytes are left. `hash` is HASH_START
 * or what came before. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* The same for a string, its terminating 0 included, so that "ab", "c" differs from "a", "bc". */
uint64_t hash_string(uint64_t hash, const char *string);

/* Sixteen hexadecimal digits. */
void hash_text(uint64_t hash, char text[HASH_TEXT]);

/* Keyed hashes for tables of names that come from files. With a random key no file can be crafted
 * whose names all collide. */

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

/* MD5 (RFC 1321): for formats that ask for it. It protects from nothing but accidents. */

enum { MD5_SIZE = 16 };

void md5(const uint8_t *bytes, size_t size, uint8_t digest[MD5_SIZE]);

#endif
