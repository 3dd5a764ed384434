#include "format/float16.h"

#include <endian.h>
#include <string.h>

#include "base/simd.h"
#include "base/simd_level.h"

#ifdef SIMD_X86
#include <immintrin.h>
#endif

/* Opening a model converts millions of numbers: plain arithmetic on the bits, without tables or
 * branches, so that the compiler can vectorise it. */

SIMD_INLINE uint32_t float_bits(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

SIMD_INLINE float float_of(uint32_t bits) {
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

SIMD_INLINE uint32_t load_16(const uint8_t *bytes) {
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return le16toh(half);
}

SIMD_INLINE void store_16(uint8_t *bytes, uint32_t half) {
    const uint16_t ordered = htole16((uint16_t)half);
    memcpy(bytes, &ordered, sizeof ordered);
}

/* The difference of the exponent biases of float and F16: 127 - 15. */
static const uint32_t rebias = 112U << 23;

SIMD_KERNEL(static, bool, to_floats, (const uint8_t *bytes, size_t count, float *out),
            (bytes, count, out)) {
    uint32_t infinite = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t half = load_16(bytes + 2 * i);
        const uint32_t magnitude = (half & 0x7fffU) << 13;
        /* A subnormal m * 2^-24 is (1 + m / 2^10) * 2^-14 less 2^-14, both exact. */
        const uint32_t subnormal = float_bits(float_of(magnitude + rebias + (1U << 23)) - 0x1p-14F);
        const uint32_t not_finite = (half & 0x7c00U) == 0x7c00U ? 0x7f800000U : 0;
        const uint32_t finite = magnitude < (1U << 23) ? subnormal : magnitude + rebias;
        out[i] = float_of(finite | not_finite | (half & 0x8000U) << 16);
        infinite |= not_finite;
    }
    return infinite == 0;
}

#ifdef SIMD_X86

enum { AT_ONCE = 8 };

/* The same by the processor's instruction; `count` is a multiple of AT_ONCE. */
SIMD_TARGET_AVX2 static bool convert(const uint8_t *bytes, size_t count, float *out) {
    const __m128i exponent = _mm_set1_epi16(0x7c00);
    __m128i infinite = _mm_setzero_si128();
    for (size_t i = 0; i < count; i += AT_ONCE) {
        const __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 2 * i));
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(halves));
        const __m128i found = _mm_and_si128(halves, exponent);
        infinite = _mm_or_si128(infinite, _mm_cmpeq_epi16(found, exponent));
    }
    return _mm_movemask_epi8(infinite) == 0;
}

bool float16_to_floats(const uint8_t *bytes, size_t count, float *out) {
    if (simd_level() < SIMD_AVX2) return to_floats(bytes, count, out);
    const size_t together = count - count % AT_ONCE;
    const bool finite = convert(bytes, together, out);
    return to_floats(bytes + 2 * together, count - together, out + together) && finite;
}

#else

bool float16_to_floats(const uint8_t *bytes, size_t count, float *out) {
    return to_floats(bytes, count, out);
}

#endif

SIMD_KERNEL(extern, bool, float16_brain_to_floats, (const uint8_t *bytes, size_t count, float *out),
            (bytes, count, out)) {
    uint32_t infinite = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = load_16(bytes + 2 * i) << 16;
        out[i] = float_of(bits);
        infinite |= (bits & 0x7f800000U) == 0x7f800000U ? 1 : 0;
    }
    return infinite == 0;
}

/* `bits` without its lowest `drop` bits, to nearest, ties to even. A carry into the exponent is
 * correct: it gives the next power of two. */
SIMD_INLINE uint32_t round_bits(uint32_t bits, uint32_t drop) {
    return (bits + (1U << (drop - 1)) - 1 + ((bits >> drop) & 1)) >> drop;
}

bool float16_from_floats(const float *in, size_t count, uint8_t *bytes, size_t *bad) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = float_bits(in[i]);
        const uint32_t magnitude = bits & 0x7fffffffU;
        if (magnitude >= float_bits(65520)) { /* infinity and NaN too */
            *bad = i;
            return false;
        }
        uint32_t half;
        if (magnitude < float_bits(0x1p-14F)) {
            /* Near 0.5 a float's last bit is 2^-24, as in a subnormal, so the addition rounds. */
            half = float_bits(float_of(magnitude) + 0.5F) - float_bits(0.5F);
        } else {
            half = round_bits(magnitude - rebias, 13);
        }
        store_16(bytes + 2 * i, half | (bits & 0x80000000U) >> 16);
    }
    return true;
}

bool float16_brain_from_floats(const float *in, size_t count, uint8_t *bytes, size_t *bad) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = float_bits(in[i]);
        const uint32_t magnitude = bits & 0x7fffffffU;
        const uint32_t half = round_bits(magnitude, 16);
        if (magnitude >= 0x7f800000U || half >= 0x7f80U) {
            *bad = i;
            return false;
        }
        store_16(bytes + 2 * i, half | (bits & 0x80000000U) >> 16);
    }
    return true;
}
