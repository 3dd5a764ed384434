#include "base/simd_level.h"

#include "base/simd_instances.h"

bool simd_level_has(enum simd_level level) {
#ifdef SIMD_INSTANCES_X86
    if (level == SIMD_V3) return __builtin_cpu_supports("x86-64-v3") != 0;
    if (level == SIMD_V4) return __builtin_cpu_supports("x86-64-v4") != 0;
#endif
    return level == SIMD_PLAIN;
}

enum simd_level simd_level_best(void) {
    if (simd_level_has(SIMD_V4)) return SIMD_V4;
    return simd_level_has(SIMD_V3) ? SIMD_V3 : SIMD_PLAIN;
}

const char *simd_level_name(enum simd_level level) {
    static const char *const names[SIMD_LEVELS] = {"plain", "x86-64-v3", "x86-64-v4"};
    return names[level];
}
