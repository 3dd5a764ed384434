#include "infer/precision.h"

#include "base/simd_level.h"

/* AMD Zen 4 issues products of bfloat16 pairs as often as products of floats. Intel Sapphire
 * Rapids issues a quarter as many, which makes bfloat16 products take twice as long as float
 * products. */
static bool pairs_pay(void) {
#ifdef SIMD_X86
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

enum precision precision_best(void) {
    return simd_has_bf16() && pairs_pay() ? PRECISION_BF16 : PRECISION_F32;
}
