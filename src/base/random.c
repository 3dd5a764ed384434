#include "base/random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int bits) {
    return (x << bits) | (x >> (64 - bits));
}

struct random random_seeded(uint64_t seed, uint64_t stream) {
    /* Scramble the stream before mixing it in, so that (1, 2) and (2, 1) are not neighbours. */
    uint64_t state = stream;
    state = seed ^ splitmix64(&state);
    struct random random;
    for (int i = 0; i < 4; i++) random.state[i] = splitmix64(&state);
    return random;
}

uint64_t random_u64(struct random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

float random_uniform(struct random *random) {
    return (float)(random_u64(random) >> 40) * 0x1p-24f;
}

size_t random_below(struct random *random, size_t bound) {
    /* Lemire (2019): the high half of a product, rejecting the few values that would bias it. */
    uint64_t range = (uint64_t)bound;
    uint64_t threshold = (0 - range) % range;
    for (;;) {
        unsigned __int128 product = (unsigned __int128)random_u64(random) * range;
        if ((uint64_t)product >= threshold) return (size_t)(product >> 64);
    }
}

float random_normal(struct random *random) {
    double u = 1.0 - (double)random_uniform(random); /* in (0, 1], so that the log is finite */
    double v = (double)random_uniform(random);
    return (float)(sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v));
}

void random_shuffle(struct random *random, size_t *items, size_t count) {
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(random, i);
        size_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
