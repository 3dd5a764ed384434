#include "nn/precision.h"

#include "nn/packed_narrow.h"
#include "nn/simd_instances.h"

/* AMD's (Zen 4) multiply pairs of bfloat16 as often as floats. Intel's (Sapphire Rapids) do so a
 * quarter as often, which makes their products take twice as long as those of floats. */
static bool pairs_pay(void) {
#ifdef SIMD_INSTANCES_X86
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

enum precision precision_best(void) {
    return packed_narrow_fast(PRECISION_BF16) && pairs_pay() ? PRECISION_BF16 : PRECISION_F32;
}
