#include "base/md5.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 64, LENGTH = 8 };

static uint32_t rotate(uint32_t value, unsigned bits) {
    return value << bits | value >> (32 - bits);
}

static uint32_t read_little(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* The function of a step's round, and the word of the block that it takes. */
static uint32_t mix(const uint32_t s[4], unsigned step, unsigned *word) {
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

static void add_block(uint32_t state[4], const uint8_t *block) {
    static const uint8_t rotations[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t s[4];
    memcpy(s, state, sizeof s);
    for (unsigned step = 0; step < 64; step++) {
        unsigned word;
        const uint32_t constant = (uint32_t)(fabs(sin(step + 1.0)) * 4294967296.0);
        const uint32_t sum = s[0] + mix(s, step, &word) + constant;
        const uint32_t turned =
            rotate(sum + read_little(block + 4 * word), rotations[step / 16][step % 4]);
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
    for (; size - at >= BLOCK; at += BLOCK) add_block(state, bytes + at);
    uint8_t end[2 * BLOCK] = {0}; /* what is left, a bit 1, and the number of bits */
    const size_t left = size - at, padded = left + 1 + LENGTH > BLOCK ? 2 * BLOCK : BLOCK;
    if (left > 0) memcpy(end, bytes + at, left);
    end[left] = 0x80;
    for (int i = 0; i < LENGTH; i++)
        end[padded - LENGTH + (size_t)i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (size_t i = 0; i < padded; i += BLOCK) add_block(state, end + i);
    for (int i = 0; i < MD5_SIZE; i++) digest[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
}
