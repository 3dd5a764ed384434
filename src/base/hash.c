#include "base/hash.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

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
    struct siphash_key key = {0}; /* MemorySanitizer does not see what getentropy sets */
    return getentropy(&key, sizeof key) == 0 ? key : key_of_now();
}

/* MD5: blocks of bytes, and the length that ends the last one. */
enum { BLOCK = 64, LENGTH = 8 };

static uint32_t md5_rotate(uint32_t value, unsigned bits) {
    return value << bits | value >> (32 - bits);
}

/* The function of a step's round, and the word of the block that it takes. */
static uint32_t md5_function(const uint32_t s[4], unsigned step, unsigned *word) {
    switch (step / 16) {
    case 0:
        *word = step;
        return (s[1] & s[2]) | (~s[1] & s[3]);
    case 1:
        *word = (5 * step + 1) % 16;
        return (s[3] & s[1]) | (~s[3] & s[2]);
    case 2:
        *word = (3 * step + 5) % 16;
        return s[1] ^ s[2] ^ s[3];
    default:
        *word = 7 * step % 16;
        return s[2] ^ (s[1] | ~s[3]);
    }
}

static void md5_block(uint32_t state[4], const uint8_t *block) {
    static const uint8_t rotations[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t s[4];
    memcpy(s, state, sizeof s);
    for (unsigned step = 0; step < 64; step++) {
        unsigned word;
        const uint32_t constant = (uint32_t)(fabs(sin(step + 1.0)) * 4294967296.0);
        const uint32_t sum = s[0] + md5_function(s, step, &word) + constant;
        const uint32_t turned =
            md5_rotate(sum + bytes_little_32(block + 4 * word), rotations[step / 16][step % 4]);
        s[0] = s[3];
        s[3] = s[2];
        s[2] = s[1];
        s[1] += turned;
    }
    for (int i = 0; i < 4; i++) state[i] += s[i];
}

void md5(const uint8_t *bytes, size_t size, uint8_t digest[MD5_SIZE]) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t at = 0;
    for (; size - at >= BLOCK; at += BLOCK) md5_block(state, bytes + at);
    uint8_t end[2 * BLOCK] = {0}; /* what is left, a bit 1, and the number of bits */
    const size_t left = size - at, padded = left + 1 + LENGTH > BLOCK ? 2 * BLOCK : BLOCK;
    if (left > 0) memcpy(end, bytes + at, left);
    end[left] = 0x80;
    for (int i = 0; i < LENGTH; i++)
        end[padded - LENGTH + (size_t)i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (size_t i = 0; i < padded; i += BLOCK) md5_block(state, end + i);
    for (int i = 0; i < MD5_SIZE; i++) digest[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
}
