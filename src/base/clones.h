/* One function for several processors. SIMD_CLONES compiles a function once for any x86-64 and once
 * each for AVX2 + FMA and AVX-512 and picks one at load time by the processor's features; on other
 * platforms it does nothing. Helpers that such a function calls must be SIMD_INLINE to be compiled
 * with it. */
#ifndef CAPTION_BASE_CLONES_H
#define CAPTION_BASE_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) &&   \
    !defined(CAPTION_NO_CLONES)
#if __GNUC__ >= 12
#define SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef SIMD_CLONES
#define SIMD_CLONES
#endif

#define SIMD_INLINE static inline __attribute__((always_inline))

#endif
