/* The tiles of packed.c for one instruction set (see simd_instances.h): KERNEL(tiles), by panels
 * and rows. Their sums are in registers: of 16 floats there are 32, for 6 x 4 sums, 4 of weights
 * and one of the left matrix; of 8 there are 16, for 6 x 2. arm64 has 32 of 4 floats, for 5 x 4;
 * any x86-64 has 16, and uses tiles of 3 rows. */

#include "infer/vectors_kernel.h"

#define KERNEL_PANELS (KERNEL_WIDTH == 16 ? 4 : 1)
enum {
    KERNEL(panel_vectors) = PACKED_PANEL / KERNEL_WIDTH,
    KERNEL(tile_vectors) = KERNEL_PANELS * KERNEL(panel_vectors)
};

#if KERNEL_WIDTH == 16
#define KERNEL_HALVES __m256i
#define KERNEL_WIDEN(halves) _mm512_cvtph_ps(halves)
#define KERNEL_TO_HALVES(floats) _mm512_cvtps_ph((floats), _MM_FROUND_TO_NEAREST_INT)
#elif KERNEL_WIDTH == 8
#define KERNEL_HALVES __m128i
#define KERNEL_WIDEN(halves) _mm256_cvtph_ps(halves)
#define KERNEL_TO_HALVES(floats) _mm256_cvtps_ph((floats), _MM_FROUND_TO_NEAREST_INT)
#endif

/* A vector of weights, floats or F16. */
#ifdef KERNEL_WIDEN
#define KERNEL_WEIGHTS(vector, tile, from_halves, place)                                           \
    do {                                                                                           \
        if (from_halves) {                                                                         \
            KERNEL_HALVES packed;                                                                  \
            SIMD_LOAD(packed, (tile)->halves + (place));                                           \
            (vector) = KERNEL_WIDEN(packed);                                                       \
        } else {                                                                                   \
            SIMD_LOAD(vector, (tile)->panels + (place));                                           \
        }                                                                                          \
    } while (0)
#else
#define KERNEL_WEIGHTS(vector, tile, from_halves, place) SIMD_LOAD(vector, (tile)->panels + (place))
#endif

/* All bounds but k are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(tile)(size_t rows, size_t panels, bool from_halves,
                                            const struct packed_tile *tile) {
    (void)from_halves;
    const size_t vectors = panels * KERNEL(panel_vectors);
    const size_t k = tile->inputs, panel_size = k * PACKED_PANEL;
    KERNEL(vector) sums[TILE_ROWS][KERNEL(tile_vectors)];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        const float *begin = tile->goes_on ? tile->outputs[r] : tile->bias;
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(sums[r][v], begin + v * KERNEL_WIDTH);
    }
    const float *rows_at[TILE_ROWS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) rows_at[r] = tile->rows[r];
    for (size_t j = 0; j < k; j++) {
        KERNEL(vector) weights[KERNEL(tile_vectors)];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            KERNEL_WEIGHTS(weights[v], tile, from_halves,
                           j * PACKED_PANEL + v / KERNEL(panel_vectors) * panel_size +
                               v % KERNEL(panel_vectors) * KERNEL_WIDTH);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const float x = rows_at[r][j];
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) KERNEL_ADD_PRODUCT(sums[r][v], x, weights[v]);
        }
    }
    if (tile->residual) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            KERNEL(add_row)(vectors, tile->residual + r * tile->residual_stride, sums[r]);
        }
    }
    if (tile->relu6) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) sums[r][v] = KERNEL_RELU6(sums[r][v]);
        }
    }
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            SIMD_STORE(tile->outputs[r] + v * KERNEL_WIDTH, sums[r][v]);
        }
    }
}

#define KERNEL_TILE(height, width, kind, from_halves)                                              \
    KERNEL_TARGET static void KERNEL(kind##_##height##_##width)(const struct packed_tile *tile) {  \
        KERNEL(tile)(height, width, from_halves, tile);                                            \
    }
#define KERNEL_TILES(width, kind, from_halves)                                                     \
    KERNEL_TILE(1, width, kind, from_halves)                                                       \
    KERNEL_TILE(2, width, kind, from_halves)                                                       \
    KERNEL_TILE(3, width, kind, from_halves)                                                       \
    KERNEL_TILE(4, width, kind, from_halves)                                                       \
    KERNEL_TILE(5, width, kind, from_halves)                                                       \
    KERNEL_TILE(6, width, kind, from_halves)
#define KERNEL_NAMES(width, kind)                                                                  \
    {                                                                                              \
        KERNEL(kind##_1_##width), KERNEL(kind##_2_##width), KERNEL(kind##_3_##width),              \
            KERNEL(kind##_4_##width), KERNEL(kind##_5_##width), KERNEL(kind##_6_##width)           \
    }

KERNEL_TILES(1, floats, false)
#if KERNEL_WIDTH == 16
KERNEL_TILES(2, floats, false)
KERNEL_TILES(3, floats, false)
KERNEL_TILES(4, floats, false)
#endif
static tile_function *const KERNEL(tiles)[][TILE_ROWS] = {
    KERNEL_NAMES(1, floats),
#if KERNEL_WIDTH == 16
    KERNEL_NAMES(2, floats),
    KERNEL_NAMES(3, floats),
    KERNEL_NAMES(4, floats),
#endif
};

#ifdef KERNEL_WIDEN
KERNEL_TILES(1, halves, true)
#if KERNEL_WIDTH == 16
KERNEL_TILES(2, halves, true)
KERNEL_TILES(3, halves, true)
KERNEL_TILES(4, halves, true)
#endif
static tile_function *const KERNEL(halves_tiles)[][TILE_ROWS] = {
    KERNEL_NAMES(1, halves),
#if KERNEL_WIDTH == 16
    KERNEL_NAMES(2, halves),
    KERNEL_NAMES(3, halves),
    KERNEL_NAMES(4, halves),
#endif
};

KERNEL_TARGET static void KERNEL(widen)(const uint16_t *halves, size_t count, float *floats) {
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL_HALVES packed;
        SIMD_LOAD(packed, halves + i);
        KERNEL(vector) wide = KERNEL_WIDEN(packed);
        SIMD_STORE(floats + i, wide);
    }
}

KERNEL_TARGET static void KERNEL(to_halves)(const float *floats, size_t count, uint16_t *halves) {
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) wide;
        SIMD_LOAD(wide, floats + i);
        KERNEL_HALVES packed = KERNEL_TO_HALVES(wide);
        SIMD_STORE(halves + i, packed);
    }
}
#endif

#undef KERNEL_WEIGHTS
#undef KERNEL_HALVES
#undef KERNEL_WIDEN
#undef KERNEL_TO_HALVES
#undef KERNEL_PANELS
#undef KERNEL_TILE
#undef KERNEL_TILES
#undef KERNEL_NAMES
