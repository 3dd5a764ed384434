/* Seeded random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64. A stream is
 * a plain struct, so it can be saved. It is derived from (seed, stream), so that each photo or
 * micro-batch has its own numbers, independent of the threads. */
#ifndef CAPTION_BASE_RANDOM_H
#define CAPTION_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* An independent stream of numbers for every pair (seed, stream). */
struct random random_seeded(uint64_t seed, uint64_t stream);

uint64_t random_u64(struct random *random);

/* Uniform in [0, 1), 24 bits. */
float random_uniform(struct random *random);

/* Uniform in [0, bound), bound > 0, without bias. */
size_t random_below(struct random *random, size_t bound);

/* Normal with mean 0 and variance 1 (Box and Muller). */
float random_normal(struct random *random);

/* Shuffles `count` indices in place (Fisher and Yates). */
void random_shuffle(struct random *random, size_t *items, size_t count);

#endif
