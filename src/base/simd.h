/* Real numbers and compiler vectors of them, for functions of several instruction sets
 * (simd_level.h). */
#ifndef CAPTION_BASE_SIMD_H
#define CAPTION_BASE_SIMD_H

#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"

/* The number type of the layers. The program computes in float; the gradient tests compile the same
 * layers in double (-DCAPTION_DOUBLE) and compare them with finite differences, for which float is
 * too coarse. */
#ifdef CAPTION_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* Before a short loop of constant bounds over an array of vectors: unrolled, the array stays in
 * registers. Disabled under the sanitizers, whose checks of every access would take minutes to
 * compile. */
#if SANITIZER_ADDRESS || SANITIZER_MEMORY
#define SIMD_UNROLL
#elif defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIMD_UNROLL _Pragma("GCC unroll 16")
#endif

/* Eight numbers at a time (a double build takes two registers for them). */
#define SIMD_WIDTH 8
typedef real simd_real __attribute__((vector_size(SIMD_WIDTH * sizeof(real))));

/* Unaligned load and store, as macros: passing vectors by value between functions of different
 * targets would change the calling convention. (clang turns loops of memcpy into one, and then the
 * vectors are not kept in registers.) */
#define SIMD_UNALIGNED(vector)                                                                     \
    struct __attribute__((packed, may_alias)) {                                                    \
        __typeof__(vector) value;                                                                  \
    }
#define SIMD_LOAD(vector, pointer)                                                                 \
    ((vector) = ((const SIMD_UNALIGNED(vector) *)(const void *)(pointer))->value)
#define SIMD_STORE(pointer, vector)                                                                \
    (((SIMD_UNALIGNED(vector) *)(void *)(pointer))->value = (vector))

/* A pointer that steps through a loop that is unrolled: without this, the compiler finds places of
 * all steps beforehand, for which there are not enough registers. */
#if defined(__GNUC__)
#define SIMD_POINTER(pointer) __asm__("" : "+r"(pointer))
#else
#define SIMD_POINTER(pointer) (void)(pointer)
#endif

/* The same for the first `count` <= SIMD_WIDTH numbers, the rest being zero. With a constant
 * SIMD_WIDTH it is one instruction, so a loop and its tail can share their code. */
SIMD_INLINE void simd_load(simd_real *vector, const real *pointer, size_t count) {
    if (count == SIMD_WIDTH) {
        SIMD_LOAD(*vector, pointer);
        return;
    }
    *vector = (simd_real){0};
    memcpy(vector, pointer, count * sizeof(real));
}

SIMD_INLINE void simd_store(real *pointer, const simd_real *vector, size_t count) {
    memcpy(pointer, vector, count * sizeof(real));
}

/* Comparisons give all ones or all zeros. */
typedef __typeof__((simd_real){0} < (simd_real){0}) simd_mask;

/* max(0, min(6, x)), a NaN kept. */
SIMD_INLINE void simd_relu6(simd_real *vector) {
    const simd_real six = (simd_real){0} + 6;
    const simd_mask below = *vector<0, above = *vector> 6;
    const simd_mask kept = (simd_mask)*vector & ~below & ~above;
    *vector = (simd_real)(kept | ((simd_mask)six & above));
}

enum { SIMD_QUAD = 4 };
typedef real simd_quad __attribute__((vector_size(SIMD_QUAD * sizeof(real))));

/* Four numbers of four rows, `stride` apart, as four columns of rows `out_stride` apart. */
SIMD_INLINE void simd_transpose_quad(const real *rows, size_t stride, real *out,
                                     size_t out_stride) {
    simd_quad a, b, c, d;
    memcpy(&a, rows, sizeof a);
    memcpy(&b, rows + stride, sizeof b);
    memcpy(&c, rows + 2 * stride, sizeof c);
    memcpy(&d, rows + 3 * stride, sizeof d);
    const simd_quad ac = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    const simd_quad bd = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    const simd_quad ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const simd_quad bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    const simd_quad columns[SIMD_QUAD] = {__builtin_shufflevector(ac, bd, 0, 4, 1, 5),
                                          __builtin_shufflevector(ac, bd, 2, 6, 3, 7),
                                          __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5),
                                          __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7)};
    for (size_t j = 0; j < SIMD_QUAD; j++)
        memcpy(out + j * out_stride, &columns[j], sizeof(simd_quad));
}

#endif
