#include "base/simd_level.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef SIMD_X86
#include <cpuid.h>

/* What the compilers' __builtin_cpu_supports does not know in all of their versions. */
static bool has_conversions(void) {
    unsigned eax, ebx, basic, extended, edx;
    return __get_cpuid(1, &eax, &ebx, &basic, &edx) && (basic & bit_F16C) && (basic & bit_MOVBE) &&
           __get_cpuid(0x80000001, &eax, &ebx, &extended, &edx) && (extended & bit_LZCNT);
}

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && has_conversions();
}

/* Products of quadruples of bytes in vectors of 256 bits. */
static bool has_avx_vnni(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & 1 << 4);
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

#ifdef SIMD_DOT
#include <sys/auxv.h>

enum { DOT_PRODUCTS = 1 << 20 }; /* HWCAP_ASIMDDP */

static bool has_dot(void) {
    return (getauxval(AT_HWCAP) & DOT_PRODUCTS) != 0;
}
#endif

bool simd_has(enum simd_level level) {
#ifdef SIMD_X86
    __builtin_cpu_init();
    if (level == SIMD_AVX2) return has_avx2();
    if (level == SIMD_AVX512) return has_avx512();
#endif
    return level == SIMD_PLAIN;
}

/* What is used of the processor; 0: not found out yet. */
enum { FOUND = 1, BF16 = 2, VNNI = 4, AVX_VNNI = 8, DOT = 16, LEVEL_SHIFT = 5 };

static unsigned find_used(void) {
    const char *limit = getenv("CAPTION_SIMD");
    enum simd_level most = SIMD_LEVELS - 1;
    if (limit && strcmp(limit, "plain") == 0) most = SIMD_PLAIN;
    if (limit && (strcmp(limit, "avx2") == 0 || strcmp(limit, "avxvnni") == 0)) most = SIMD_AVX2;
    while (!simd_has(most)) most--;
    unsigned used = FOUND | (unsigned)most << LEVEL_SHIFT;
#ifdef SIMD_DOT
    if (has_dot() && !(limit && strcmp(limit, "plain") == 0)) used |= DOT;
#endif
#ifdef SIMD_X86
    const bool bare =
        limit && (strcmp(limit, "avx512") == 0 || strcmp(limit, "avx2") == 0); /* no products */
    if (most == SIMD_AVX2 && !bare && has_avx_vnni()) used |= AVX_VNNI;
    if (most == SIMD_AVX512 && !bare) {
        if (__builtin_cpu_supports("avx512bf16")) used |= BF16;
        if (__builtin_cpu_supports("avx512vnni")) used |= VNNI;
    }
#endif
    return used;
}

/* Threads that come at once find the same. */
static unsigned used(void) {
    static atomic_uint found;
    unsigned known = atomic_load_explicit(&found, memory_order_relaxed);
    if (known) return known;
    known = find_used();
    atomic_store_explicit(&found, known, memory_order_relaxed);
    return known;
}

enum simd_level simd_level(void) {
    return (enum simd_level)(used() >> LEVEL_SHIFT);
}

bool simd_has_bf16(void) {
    return (used() & BF16) != 0;
}

bool simd_has_vnni(void) {
    return (used() & VNNI) != 0;
}

bool simd_has_avx_vnni(void) {
    return (used() & AVX_VNNI) != 0;
}

bool simd_has_dot(void) {
    return (used() & DOT) != 0;
}

const char *simd_level_name(enum simd_level level) {
#if defined(__x86_64__)
    static const char *const names[SIMD_LEVELS] = {"sse2", "avx2", "avx512"};
#elif defined(__aarch64__)
    static const char *const names[SIMD_LEVELS] = {"neon", "avx2", "avx512"};
#else
    static const char *const names[SIMD_LEVELS] = {"plain", "avx2", "avx512"};
#endif
    return names[level];
}
