/* A kernel compiled once for each instruction set of base/simd_level.h, where the instances differ
 * in more than SIMD_KERNEL can express (such as the number of sums in registers). The kernel is a
 * separate file without an include guard, included by
 *
 *     #define KERNEL_FILE "infer/packed_kernel.h"
 *     #include "base/simd_instances.h"
 *
 * which names its definitions KERNEL(name), marks its functions KERNEL_TARGET and uses
 *     KERNEL_WIDTH    floats in a vector
 *     KERNEL(vector)  the type
 *     KERNEL_RELU6(x) max(0, min(6, x)), a NaN kept
 *     KERNEL_LESSER(a, b), KERNEL_GREATER(a, b)
 *     KERNEL_ADD_PRODUCT(sums, x, y)  sums += x * y for a number x, with one rounding where the
 *                            processor has that: a compiler that chooses may fuse one of two equal
 *                            sums, and a row alone would differ from the same row beside others
 *     KERNEL_IN_REGISTER(x)  hides where a vector comes from: gcc computes what all of its numbers
 *                            share as a scalar, which then has to move to a vector register
 * SIMD_BY_LEVEL(name) of base/simd_level.h then lists the instances, for an array by level. */
#include "base/simd_level.h"

#ifdef KERNEL_FILE
#include "base/simd.h"

typedef float plain_vector __attribute__((vector_size(4 * sizeof(float))));

#ifdef SIMD_NEON
#include <arm_neon.h>

#define SIMD_LESSER_4(a, b) (plain_vector) vminq_f32((float32x4_t)(a), (float32x4_t)(b))
#define SIMD_GREATER_4(a, b) (plain_vector) vmaxq_f32((float32x4_t)(a), (float32x4_t)(b))
#define SIMD_RELU6_4(x) SIMD_LESSER_4(SIMD_GREATER_4((x), vdupq_n_f32(0)), vdupq_n_f32(6))
#define SIMD_FUSED_4(sums, x, y)                                                                   \
    (plain_vector) vfmaq_n_f32((float32x4_t)(sums), (float32x4_t)(y), (x))
#define KERNEL_IN_REGISTER(x) __asm__("" : "+w"(x))
#else

SIMD_INLINE plain_vector plain_relu6(plain_vector x) {
    const plain_vector six = {6, 6, 6, 6};
    const __typeof__(x < x) below = x<0, above = x> 6;
    return (plain_vector)(((__typeof__(below))x & ~below & ~above) |
                          ((__typeof__(below))six & above));
}

SIMD_INLINE plain_vector plain_lesser(plain_vector a, plain_vector b) {
    const __typeof__(a < b) less = a < b;
    return (plain_vector)(((__typeof__(less))a & less) | ((__typeof__(less))b & ~less));
}

#define SIMD_LESSER_4(a, b) plain_lesser((a), (b))
#define SIMD_GREATER_4(a, b) (-plain_lesser(-(a), -(b)))
#define SIMD_RELU6_4(x) plain_relu6(x)
#define SIMD_FUSED_4(sums, x, y) ((sums) + (x) * (y))
#ifdef SIMD_X86
#define KERNEL_IN_REGISTER(x) __asm__("" : "+x"(x))
#else
#define KERNEL_IN_REGISTER(x) (void)(x)
#endif
#endif

#ifdef SIMD_X86
#include <immintrin.h>

/* If one of two numbers is NaN, the processor's minimum and maximum return the second. (The
 * compiler's own comparison of vectors of 16 floats is scalar.) */
typedef float avx2_vector __attribute__((vector_size(8 * sizeof(float))));
#define SIMD_LESSER_8(a, b) _mm256_min_ps((a), (b))
#define SIMD_GREATER_8(a, b) _mm256_max_ps((a), (b))
#define SIMD_RELU6_8(x) _mm256_min_ps(_mm256_set1_ps(6), _mm256_max_ps(_mm256_setzero_ps(), (x)))
#define SIMD_FUSED_8(sums, x, y) _mm256_fmadd_ps(_mm256_set1_ps(x), (y), (sums))

typedef float avx512_vector __attribute__((vector_size(16 * sizeof(float))));
#define SIMD_LESSER_16(a, b) _mm512_min_ps((a), (b))
#define SIMD_GREATER_16(a, b) _mm512_max_ps((a), (b))
#define SIMD_RELU6_16(x) _mm512_min_ps(_mm512_set1_ps(6), _mm512_max_ps(_mm512_setzero_ps(), (x)))
#define SIMD_FUSED_16(sums, x, y) _mm512_fmadd_ps(_mm512_set1_ps(x), (y), (sums))
#endif

/* By the width of the instance that is being compiled. */
#define SIMD_JOIN(name, width) name##width
#define SIMD_OF_WIDTH(name, width) SIMD_JOIN(name, width)
#define KERNEL_LESSER(a, b) SIMD_OF_WIDTH(SIMD_LESSER_, KERNEL_WIDTH)(a, b)
#define KERNEL_GREATER(a, b) SIMD_OF_WIDTH(SIMD_GREATER_, KERNEL_WIDTH)(a, b)
#define KERNEL_ADD_PRODUCT(sums, x, y)                                                             \
    ((sums) = SIMD_OF_WIDTH(SIMD_FUSED_, KERNEL_WIDTH)(sums, x, y))
#define KERNEL_RELU6(x) SIMD_OF_WIDTH(SIMD_RELU6_, KERNEL_WIDTH)(x)

#define KERNEL(name) plain_##name
#define KERNEL_TARGET
#define KERNEL_WIDTH 4
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH

#ifdef SIMD_X86
#define KERNEL(name) avx2_##name
#define KERNEL_TARGET SIMD_TARGET_AVX2
#define KERNEL_WIDTH 8
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH

#define KERNEL(name) avx512_##name
#define KERNEL_TARGET SIMD_TARGET_512("")
#define KERNEL_WIDTH 16
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#endif

#endif
