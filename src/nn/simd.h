/* Vectors through the compiler. SIMD_CLONES compiles a function once for any x86-64 and once each
 * for AVX2 + FMA and AVX-512 and picks at load time; elsewhere it does nothing. Helpers that such a
 * function calls must be SIMD_INLINE to be compiled with it. */
#ifndef CAPTION_NN_SIMD_H
#define CAPTION_NN_SIMD_H

#include <string.h>

#include "nn/real.h"

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) &&   \
    !defined(CAPTION_NO_CLONES)
#define SIMD_CLONES __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define SIMD_CLONES
#endif

#define SIMD_INLINE static inline __attribute__((always_inline))

/* Eight numbers at a time (a double build takes two registers for them). */
#define SIMD_WIDTH 8
typedef real simd_real __attribute__((vector_size(SIMD_WIDTH * sizeof(real))));

/* Unaligned load and store, through always-inlined macros-as-functions: passing vectors by value
 * between functions of different targets would change the calling convention. */
#define SIMD_LOAD(vector, pointer) memcpy(&(vector), (pointer), sizeof(vector))
#define SIMD_STORE(pointer, vector) memcpy((pointer), &(vector), sizeof(vector))

#endif
