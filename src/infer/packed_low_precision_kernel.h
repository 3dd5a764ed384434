/* The tiles of packed_low_precision.c for one instruction set: KERNEL(bf16_tiles) and
 * KERNEL(bytes_tiles), by panels and rows. Included with what base/simd_instances.h defines, or the
 * same by hand and
 *     KERNEL_DOT_BF16(sums, x, w)  where the processor has dot products of words: adds those of
 *     KERNEL_DOT_BYTES(sums, x, w) vectors of words, and only the tiles of that type are compiled
 * Without these, a part of the rows at a time is widened first, to pairs of 16 bits or to floats,
 * and all processors have instructions for those: none of them saturates, and every product of two
 * bfloat16 numbers is exact in float, so that sums are the same with and without FMA.
 *
 * Sums are in registers: of 16 floats there are 32, for 6 x 4 panels; of 8 there are 16, for 6 x 1;
 * of 4 there are 16 on x86-64, for 2 x 1, and 32 on arm64. */

#include "infer/low_precision_vectors.h"

#if defined(KERNEL_DOT_BF16) || defined(KERNEL_DOT_BYTES)
#define KERNEL_PART SIZE_MAX /* nothing is widened */
#else
#define KERNEL_PART PART_WORDS
#endif
#define KERNEL_PANELS (KERNEL_WIDTH == 16 ? 4 : 1)
enum {
    KERNEL(panel_vectors) = LOW_PRECISION_PANEL / KERNEL_WIDTH,
    KERNEL(tile_vectors) = KERNEL_PANELS * KERNEL(panel_vectors)
};
typedef int32_t KERNEL(words) __attribute__((vector_size(KERNEL_WIDTH * sizeof(int32_t))));
typedef KERNEL(vector) KERNEL(sums)[KERNEL(tile_vectors)];

/* Vector v of word j of the tile's weights. */
SIMD_INLINE const uint32_t *KERNEL(weights)(const struct low_precision_tile *tile, size_t j,
                                            size_t v) {
    return tile->panels + (v / KERNEL(panel_vectors) * tile->words + j) * LOW_PRECISION_PANEL +
           v % KERNEL(panel_vectors) * KERNEL_WIDTH;
}

#if defined(KERNEL_DOT_BF16) || defined(KERNEL_DOT_BYTES)
KERNEL_TARGET SIMD_INLINE void KERNEL(add_words)(bool bytes, size_t rows, size_t vectors,
                                                 const struct low_precision_tile *tile, size_t from,
                                                 size_t to, KERNEL(sums) * sums) {
    (void)bytes;
    for (size_t j = from; j < to; j++) {
        KERNEL(words) weights[KERNEL(tile_vectors)];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], KERNEL(weights)(tile, j, v));
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const KERNEL(words) x = (KERNEL(words)){0} + (int32_t)row_word(tile, r, j);
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
#ifdef KERNEL_DOT_BF16
                KERNEL_DOT_BF16(sums[r][v], x, weights[v]);
#else
                KERNEL_DOT_BYTES(sums[r][v], x, weights[v]);
#endif
            }
        }
    }
}
#else
/* Adds two products each: of pairs of 16 bits. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_pairs)(KERNEL(vector) * sums, const KERNEL(words) * x,
                                                 const KERNEL(words) * w) {
#if KERNEL_WIDTH == 16
    *sums = (__m512)_mm512_add_epi32((__m512i)*sums, _mm512_madd_epi16((__m512i)*x, (__m512i)*w));
#elif KERNEL_WIDTH == 8
    *sums = (__m256)_mm256_add_epi32((__m256i)*sums, _mm256_madd_epi16((__m256i)*x, (__m256i)*w));
#elif defined(SIMD_X86)
    *sums = (KERNEL(vector))_mm_add_epi32((__m128i)*sums, _mm_madd_epi16((__m128i)*x, (__m128i)*w));
#else
    const KERNEL(words) second = (*x >> 16) * (*w >> 16);
    *sums = (KERNEL(vector))((KERNEL(words)) * sums + second + (*x & 0xffff) * (*w << 16 >> 16));
#endif
}

KERNEL_TARGET SIMD_INLINE void KERNEL(add_part_bytes)(size_t rows, size_t vectors,
                                                      const struct low_precision_tile *tile,
                                                      size_t from, size_t to,
                                                      const union low_precision_part *part,
                                                      KERNEL(sums) * sums) {
    for (size_t j = from; j < to; j++) {
        KERNEL(words) weights[KERNEL(tile_vectors)];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], KERNEL(weights)(tile, j, v));
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, &part->bytes[r][2 * (j - from)], sizeof pair);
            const KERNEL(words) x = (KERNEL(words)){0} + pair;
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) KERNEL(add_pairs)(&sums[r][v], &x, &weights[v]);
        }
    }
}

/* The second number of each word, then the first. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_part_bf16)(size_t rows, size_t vectors,
                                                     const struct low_precision_tile *tile,
                                                     size_t from, size_t to,
                                                     const union low_precision_part *part,
                                                     KERNEL(sums) * sums) {
    for (size_t j = from; j < to; j++) {
        SIMD_UNROLL
        for (size_t i = 2; i-- > 0;) {
            KERNEL(vector) weights[KERNEL(tile_vectors)];
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                KERNEL(bits) words;
                SIMD_LOAD(words, KERNEL(weights)(tile, j, v));
                weights[v] = (KERNEL(vector))(i ? words & 0xffff0000 : words << 16);
            }
            SIMD_UNROLL
            for (size_t r = 0; r < rows; r++) {
                const float x = part->floats[r][2 * (j - from) + i];
                SIMD_UNROLL
                for (size_t v = 0; v < vectors; v++) sums[r][v] += x * weights[v];
            }
        }
    }
}

KERNEL_TARGET SIMD_INLINE void KERNEL(add_words)(bool bytes, size_t rows, size_t vectors,
                                                 const struct low_precision_tile *tile, size_t from,
                                                 size_t to, KERNEL(sums) * sums) {
    union low_precision_part part;
    const size_t first = 2 * from, count = 2 * (to - from);
    if (bytes) {
        for (size_t r = 0; r < rows; r++) {
            const uint8_t *row = tile->rows[r] + first;
            for (size_t i = 0; i < count; i++) part.bytes[r][i] = row[i];
        }
        KERNEL(add_part_bytes)(rows, vectors, tile, from, to, &part, sums);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        const uint16_t *row = (const uint16_t *)(const void *)tile->rows[r] + first;
        for (size_t i = 0; i < count; i++) part.floats[r][i] = bf16_to_float(row[i]);
    }
    KERNEL(add_part_bf16)(rows, vectors, tile, from, to, &part, sums);
}
#endif

/* Integer sums to values. */
KERNEL_TARGET SIMD_INLINE void KERNEL(scale)(size_t rows, size_t vectors,
                                             const struct low_precision_tile *tile,
                                             KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset, bias;
        SIMD_LOAD(scale, tile->scale + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, tile->offset + v * KERNEL_WIDTH);
        SIMD_LOAD(bias, tile->bias + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const struct int8_range range = tile->ranges[r];
            const KERNEL(vector) whole =
                __builtin_convertvector((KERNEL(words))sums[r][v], KERNEL(vector));
            sums[r][v] = whole * (scale * range.scale) + (offset * range.offset + bias);
        }
    }
}

KERNEL_TARGET SIMD_INLINE void KERNEL(store)(bool bytes, size_t rows, size_t vectors,
                                             const struct low_precision_tile *tile,
                                             KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = v * KERNEL_WIDTH;
            if (tile->to_activations && bytes) {
                KERNEL(store_bytes)(sums[r][v], (uint8_t *)tile->outputs[r] + at);
            } else if (tile->to_activations) {
                KERNEL(store_bf16)(KERNEL_RELU6(sums[r][v]), (uint16_t *)tile->outputs[r] + at);
            } else {
                if (tile->relu6) sums[r][v] = KERNEL_RELU6(sums[r][v]);
                SIMD_STORE((float *)tile->outputs[r] + at, sums[r][v]);
            }
        }
    }
}

/* All bounds but the words are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(tile)(bool bytes, size_t rows, size_t panels,
                                            const struct low_precision_tile *tile) {
    const size_t vectors = panels * KERNEL(panel_vectors);
    KERNEL(sums) sums[TILE_ROWS];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        sums[0][v] = (KERNEL(vector)){0};
        if (!bytes) SIMD_LOAD(sums[0][v], tile->bias + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 1; r < rows; r++) sums[r][v] = sums[0][v];
    }
    for (size_t from = 0; from < tile->words;) {
        const size_t to = from + size_smaller(tile->words - from, KERNEL_PART);
        KERNEL(add_words)(bytes, rows, vectors, tile, from, to, sums);
        from = to;
    }
    if (bytes) KERNEL(scale)(rows, vectors, tile, sums);
    if (tile->residual) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) {
                KERNEL(vector) added;
                SIMD_LOAD(added, tile->residual + r * tile->residual_stride + v * KERNEL_WIDTH);
                sums[r][v] += added;
            }
        }
    }
    KERNEL(store)(bytes, rows, vectors, tile, sums);
}

#define KERNEL_TILE(type, bytes, height, width)                                                    \
    KERNEL_TARGET static void KERNEL(type##_##height##_##width)(                                   \
        const struct low_precision_tile *tile) {                                                   \
        KERNEL(tile)(bytes, height, width, tile);                                                  \
    }
#define KERNEL_TILES(type, bytes, width)                                                           \
    KERNEL_TILE(type, bytes, 1, width)                                                             \
    KERNEL_TILE(type, bytes, 2, width)                                                             \
    KERNEL_TILE(type, bytes, 3, width)                                                             \
    KERNEL_TILE(type, bytes, 4, width)                                                             \
    KERNEL_TILE(type, bytes, 5, width)                                                             \
    KERNEL_TILE(type, bytes, 6, width)
#define KERNEL_NAMES(type, width)                                                                  \
    {                                                                                              \
        KERNEL(type##_1_##width), KERNEL(type##_2_##width), KERNEL(type##_3_##width),              \
            KERNEL(type##_4_##width), KERNEL(type##_5_##width), KERNEL(type##_6_##width)           \
    }
#if KERNEL_WIDTH == 16
#define KERNEL_TYPE(type, bytes)                                                                   \
    KERNEL_TILES(type, bytes, 1)                                                                   \
    KERNEL_TILES(type, bytes, 2)                                                                   \
    KERNEL_TILES(type, bytes, 3)                                                                   \
    KERNEL_TILES(type, bytes, 4)                                                                   \
    static tile_function *const KERNEL(type##_tiles)[][TILE_ROWS] = {                              \
        KERNEL_NAMES(type, 1), KERNEL_NAMES(type, 2), KERNEL_NAMES(type, 3),                       \
        KERNEL_NAMES(type, 4)};
#else
#define KERNEL_TYPE(type, bytes)                                                                   \
    KERNEL_TILES(type, bytes, 1)                                                                   \
    static tile_function *const KERNEL(type##_tiles)[][TILE_ROWS] = {KERNEL_NAMES(type, 1)};
#endif

#ifndef KERNEL_DOT_BYTES
KERNEL_TYPE(bf16, false)
#endif
#ifndef KERNEL_DOT_BF16
KERNEL_TYPE(bytes, true)
#endif

#undef KERNEL_PART
#undef KERNEL_PANELS
#undef KERNEL_TILE
#undef KERNEL_TILES
#undef KERNEL_NAMES
#undef KERNEL_TYPE
