/* Which of the kernels' instruction sets this processor has, detected at run time from its
 * features. */
#ifndef CAPTION_BASE_SIMD_LEVEL_H
#define CAPTION_BASE_SIMD_LEVEL_H

#include <stdbool.h>

enum simd_level {
    SIMD_PLAIN, /* any processor: vectors of 4 floats */
    SIMD_V3,    /* x86-64-v3: AVX2 and FMA, vectors of 8 */
    SIMD_V4,    /* x86-64-v4: AVX-512, vectors of 16 */
    SIMD_LEVELS
};

bool simd_level_has(enum simd_level level);

/* The highest level that it has. */
enum simd_level simd_level_best(void);

/* "plain", "x86-64-v3", "x86-64-v4". */
const char *simd_level_name(enum simd_level level);

#endif
