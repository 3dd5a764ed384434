/* One function for several instruction sets: compiled for each of them in one build, by gcc and by
 * clang, and called through a table by what the processor has. On x86-64 these are SSE2 (any
 * processor), AVX2 with FMA and F16C (x86-64-v3), and AVX-512 (x86-64-v4); elsewhere there is one,
 * the compiler's own: NEON on arm64.
 *
 * SIMD_KERNEL defines a function whose loops the compiler vectorises:
 *
 *     SIMD_KERNEL(static, void, add, (size_t count, const float *x, float *y), (count, x, y)) {
 *         for (size_t i = 0; i < count; i++) y[i] += x[i];
 *     }
 *
 * Helpers that it calls must be SIMD_INLINE to be compiled with it. Kernels that differ in more
 * than the compiler can see, such as the number of sums in registers, are files that
 * simd_instances.h includes once for each instruction set. */
#ifndef CAPTION_BASE_SIMD_LEVEL_H
#define CAPTION_BASE_SIMD_LEVEL_H

#include <stdbool.h>

enum simd_level {
    SIMD_PLAIN,  /* any processor: vectors of 4 floats */
    SIMD_AVX2,   /* vectors of 8 */
    SIMD_AVX512, /* vectors of 16 */
    SIMD_LEVELS
};

/* Whether this processor has the instructions, whatever CAPTION_SIMD says. */
bool simd_has(enum simd_level level);

/* The level that is used: the highest that the processor has. The environment variable CAPTION_SIMD
 * can lower it, for tests and benchmarks: plain, avx2, avxvnni (AVX2 with the products of bytes) or
 * avx512 (plain, avx2 and avx512 are without the products below). It is read once, at the first
 * call. Any thread may call it. */
enum simd_level simd_level(void);

/* Products of pairs of bfloat16 (AVX512_BF16) and of quadruples of bytes (AVX512_VNNI; AVX_VNNI
 * where the level is SIMD_AVX2). */
bool simd_has_bf16(void);
bool simd_has_vnni(void);
bool simd_has_avx_vnni(void);
/* The same of bytes on arm64 (its dot products). */
bool simd_has_dot(void);

/* Whether products of quadruples of bytes are used, by any of these instructions. */
static inline bool simd_multiplies_bytes(void) {
    return simd_has_vnni() || simd_has_avx_vnni() || simd_has_dot();
}

/* "sse2", "neon" or "plain"; "avx2", "avx512". */
const char *simd_level_name(enum simd_level level);

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 12)
#define SIMD_X86
#endif

/* Dot products of bytes, which arm64 has since version 8.2 of its instructions. */
#if defined(__aarch64__) && defined(__GNUC__)
#define SIMD_NEON
#endif
#if defined(SIMD_NEON) && defined(__linux__)
#define SIMD_DOT
#define SIMD_TARGET_DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

#define SIMD_INLINE static inline __attribute__((always_inline))

/* What a function is compiled for. SIMD_TARGET_512 is for explicit vectors of 16 floats, `more` the
 * instructions beside those of the level. */
#ifdef SIMD_X86
#define SIMD_TARGET_AVX2 __attribute__((target("arch=x86-64-v3")))
#define SIMD_TARGET_AVX512 __attribute__((target("arch=x86-64-v4")))
#ifdef __clang__
#define SIMD_TARGET_512(more) __attribute__((target("arch=x86-64-v4" more), min_vector_width(512)))
#else
#define SIMD_TARGET_512(more) __attribute__((target("arch=x86-64-v4,prefer-vector-width=512" more)))
#endif
#endif

/* The instances of a function, for an array by level. */
#ifdef SIMD_X86
#define SIMD_BY_LEVEL(name)                                                                        \
    { plain_##name, avx2_##name, avx512_##name }
#else
#define SIMD_BY_LEVEL(name)                                                                        \
    { plain_##name }
#endif

/* `linkage` is static or extern, `arguments` are the names of the parameters. */
#ifdef SIMD_X86
#define SIMD_KERNEL(linkage, type, name, parameters, arguments)                                    \
    SIMD_INLINE type any_##name parameters;                                                        \
    static type plain_##name parameters {                                                          \
        return any_##name arguments;                                                               \
    }                                                                                              \
    SIMD_TARGET_AVX2 static type avx2_##name parameters {                                          \
        return any_##name arguments;                                                               \
    }                                                                                              \
    SIMD_TARGET_AVX512 static type avx512_##name parameters {                                      \
        return any_##name arguments;                                                               \
    }                                                                                              \
    linkage type name parameters;                                                                  \
    type name parameters {                                                                         \
        static type(*const instances[SIMD_LEVELS]) parameters = SIMD_BY_LEVEL(name);               \
        return instances[simd_level()] arguments;                                                  \
    }                                                                                              \
    SIMD_INLINE type any_##name parameters
#else
#define SIMD_KERNEL(linkage, type, name, parameters, arguments)                                    \
    linkage type name parameters;                                                                  \
    type name parameters
#endif

#endif
