#include "nn/packed_low_tile.h"

#include "nn/simd.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define HAS_TILES
#endif
#endif

#ifndef HAS_TILES

packed_low_tile_table *packed_low_tiles(enum packed_low_type input, enum packed_low_type output) {
    (void)input;
    (void)output;
    return NULL;
}

#else
#include <immintrin.h>

#define TARGET                                                                                     \
    __attribute__((target("arch=x86-64-v4,avx512bf16,avx512vnni,prefer-vector-width=512")))
#define TARGET_INLINE TARGET static inline __attribute__((always_inline))

/* Four bytes of a row, sixteen times. */
TARGET_INLINE __m512i group_of(const void *row, size_t group) {
    int32_t four;
    memcpy(&four, (const char *)row + 4 * group, sizeof four);
    return _mm512_set1_epi32(four);
}

/* sums = bias + rows times panels. All bounds but the groups are constants where this is inlined.
 */
TARGET_INLINE void sum_bf16(size_t rows, size_t panels, const struct packed_low_tile *tile,
                            __m512 sums[PACKED_LOW_TILE_ROWS][PACKED_LOW_TILE_PANELS]) {
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) sums[r][p] = _mm512_loadu_ps(tile->bias + p * 16);
    }
    for (size_t g = 0; g < tile->groups; g++) {
        __m512i weights[PACKED_LOW_TILE_PANELS];
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) {
            weights[p] = _mm512_loadu_si512(tile->panels + p * tile->panel_bytes + g * 64);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const __m512i row = group_of(tile->rows[r], g);
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                sums[r][p] = _mm512_dpbf16_ps(sums[r][p], (__m512bh)row, (__m512bh)weights[p]);
            }
        }
    }
}

TARGET_INLINE void sum_bytes(size_t rows, size_t panels, const struct packed_low_tile *tile,
                             __m512 sums[PACKED_LOW_TILE_ROWS][PACKED_LOW_TILE_PANELS]) {
    __m512i whole[PACKED_LOW_TILE_ROWS][PACKED_LOW_TILE_PANELS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) whole[r][p] = _mm512_setzero_si512();
    }
    for (size_t g = 0; g < tile->groups; g++) {
        __m512i weights[PACKED_LOW_TILE_PANELS];
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) {
            weights[p] = _mm512_loadu_si512(tile->panels + p * tile->panel_bytes + g * 64);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const __m512i row = group_of(tile->rows[r], g);
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                whole[r][p] = _mm512_dpbusd_epi32(whole[r][p], row, weights[p]);
            }
        }
    }
    SIMD_UNROLL
    for (size_t p = 0; p < panels; p++) {
        const __m512 scale = _mm512_loadu_ps(tile->scale + p * 16);
        const __m512 bias = _mm512_loadu_ps(tile->bias + p * 16);
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            sums[r][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[r][p]), scale, bias);
        }
    }
}

TARGET_INLINE void store_as(enum packed_low_type type, void *output, size_t place, __m512 numbers) {
    if (type == PACKED_LOW_FLOATS) _mm512_storeu_ps((float *)output + place, numbers);
    if (type == PACKED_LOW_BF16) {
        _mm256_storeu_si256((__m256i *)(void *)((bfloat16 *)output + place),
                            (__m256i)_mm512_cvtneps_pbh(numbers));
    }
    if (type == PACKED_LOW_BYTES) {
        const __m512 counts = _mm512_mul_ps(numbers, _mm512_set1_ps(1 / PACKED_LOW_BYTE));
        _mm_storeu_si128((__m128i *)(void *)((uint8_t *)output + place),
                         _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(counts)));
    }
}

TARGET_INLINE void run_tile(enum packed_low_type in, enum packed_low_type out, size_t rows,
                            size_t panels, const struct packed_low_tile *tile) {
    __m512 sums[PACKED_LOW_TILE_ROWS][PACKED_LOW_TILE_PANELS];
    if (in == PACKED_LOW_BF16) {
        sum_bf16(rows, panels, tile, sums);
    } else {
        sum_bytes(rows, panels, tile, sums);
    }
    if (tile->residual) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                sums[r][p] =
                    _mm512_add_ps(sums[r][p], _mm512_loadu_ps(tile->residual +
                                                              r * tile->residual_stride + p * 16));
            }
        }
    }
    const bool relu6 = tile->relu6 || out == PACKED_LOW_BYTES;
    if (relu6) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                sums[r][p] = _mm512_min_ps(_mm512_set1_ps(6),
                                           _mm512_max_ps(_mm512_setzero_ps(), sums[r][p]));
            }
        }
    }
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) store_as(out, tile->outputs[r], p * 16, sums[r][p]);
    }
}

#define TILE(name, in, out, rows, panels)                                                          \
    TARGET static void name##_##rows##_##panels(const struct packed_low_tile *tile) {              \
        run_tile(in, out, rows, panels, tile);                                                     \
    }
#define TILES_OF(name, in, out, panels)                                                            \
    TILE(name, in, out, 1, panels)                                                                 \
    TILE(name, in, out, 2, panels)                                                                 \
    TILE(name, in, out, 3, panels)                                                                 \
    TILE(name, in, out, 4, panels)                                                                 \
    TILE(name, in, out, 5, panels)                                                                 \
    TILE(name, in, out, 6, panels)
#define NAMES_OF(name, panels)                                                                     \
    {                                                                                              \
        name##_1_##panels, name##_2_##panels, name##_3_##panels, name##_4_##panels,                \
            name##_5_##panels, name##_6_##panels                                                   \
    }
#define TILES(name, in, out)                                                                       \
    TILES_OF(name, in, out, 1)                                                                     \
    TILES_OF(name, in, out, 2)                                                                     \
    TILES_OF(name, in, out, 3)                                                                     \
    TILES_OF(name, in, out, 4)                                                                     \
    static packed_low_tile_table name[] = {NAMES_OF(name, 1), NAMES_OF(name, 2),                   \
                                           NAMES_OF(name, 3), NAMES_OF(name, 4)};

TILES(bf16_to_bf16, PACKED_LOW_BF16, PACKED_LOW_BF16)
TILES(bf16_to_bytes, PACKED_LOW_BF16, PACKED_LOW_BYTES)
TILES(bf16_to_floats, PACKED_LOW_BF16, PACKED_LOW_FLOATS)
TILES(bytes_to_floats, PACKED_LOW_BYTES, PACKED_LOW_FLOATS)

packed_low_tile_table *packed_low_tiles(enum packed_low_type input, enum packed_low_type output) {
    if (!__builtin_cpu_supports("x86-64-v4") || !__builtin_cpu_supports("avx512bf16") ||
        !__builtin_cpu_supports("avx512vnni")) {
        return NULL;
    }
    if (input == PACKED_LOW_BYTES) return output == PACKED_LOW_FLOATS ? bytes_to_floats : NULL;
    return output == PACKED_LOW_BF16    ? bf16_to_bf16
           : output == PACKED_LOW_BYTES ? bf16_to_bytes
                                        : bf16_to_floats;
}

#endif
