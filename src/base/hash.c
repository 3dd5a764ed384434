#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/random.h>

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *next = bytes;
    for (; size >= 8; size -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 32;
    }
    for (; size > 0; size--, next++) hash = (hash ^ *next) * 0x100000001b3u;
    return hash;
}

uint64_t hash_string(uint64_t hash, const char *string) {
    return hash_bytes(hash, string, strlen(string) + 1);
}

void hash_text(uint64_t hash, char text[HASH_TEXT]) {
    snprintf(text, HASH_TEXT, "%016" PRIx64, hash);
}

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t value, unsigned bits) {
    return value << bits | value >> (64 - bits);
}

static void mix(struct state *s) {
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void add_word(struct state *s, uint64_t word) {
    s->v3 ^= word;
    mix(s);
    s->v0 ^= word;
}

/* Up to eight bytes, the first one lowest. */
static uint64_t word_of(const unsigned char *bytes, size_t count) {
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

uint64_t siphash(struct siphash_key key, const void *bytes, size_t size) {
    struct state s = {key.first ^ 0x736f6d6570736575u, key.second ^ 0x646f72616e646f6du,
                      key.first ^ 0x6c7967656e657261u, key.second ^ 0x7465646279746573u};
    const unsigned char *next = bytes;
    size_t left = size;
    for (; left >= 8; left -= 8, next += 8) add_word(&s, word_of(next, 8));
    add_word(&s, word_of(next, left) | (uint64_t)size << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) mix(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash_string(struct siphash_key key, const char *string) {
    return siphash(key, string, strlen(string));
}

/* The fallback without a system random source: values that are hard to guess. */
static struct siphash_key key_of_now(void) {
    struct timespec now;
    struct siphash_key key;
    clock_gettime(CLOCK_REALTIME, &now);
    const void *place = &now;
    key.first = hash_bytes(HASH_START, &now, sizeof now);
    key.second = hash_bytes(key.first, &place, sizeof place);
    return key;
}

struct siphash_key siphash_key_new(void) {
    struct siphash_key key;
    return getrandom(&key, sizeof key, 0) == (ssize_t)sizeof key ? key : key_of_now();
}
