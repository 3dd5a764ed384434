/* The tiles of packed_low_precision.c for one of its instructions, with 512-bit vectors. Included
 * with KERNEL(name), KERNEL_TARGET KERNEL_BYTES             1 for int8, 0 for bfloat16
 *     KERNEL_DOT(sums, x, w)   adds 16 dot products of words
 *     KERNEL_LOW_PRECISION(out, sums) stores 16 sums as activations
 * The sums of 6 rows by 4 panels live in 24 registers, beside 4 of weights and one of the left
 * matrix. */

/* All bounds but the words are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(tile)(size_t rows, size_t panels,
                                            const struct low_precision_tile *tile) {
    const size_t panel_words = tile->words * LOW_PRECISION_PANEL;
    __m512 sums[TILE_ROWS][TILE_PANELS];
    SIMD_UNROLL
    for (size_t p = 0; p < panels; p++) {
        sums[0][p] = KERNEL_BYTES ? _mm512_setzero_ps()
                                  : _mm512_loadu_ps(tile->bias + p * LOW_PRECISION_PANEL);
        SIMD_UNROLL
        for (size_t r = 1; r < rows; r++) sums[r][p] = sums[0][p];
    }
    const uint8_t *rows_at[TILE_ROWS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) rows_at[r] = tile->rows[r];
    const uint32_t *panel = tile->panels;
    for (size_t j = 0; j < tile->words; j++, panel += LOW_PRECISION_PANEL) {
        __m512i weights[TILE_PANELS];
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) {
            weights[p] = _mm512_loadu_si512(panel + p * panel_words);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            int32_t word;
            memcpy(&word, rows_at[r] + j * sizeof word, sizeof word);
            const __m512i x = _mm512_set1_epi32(word);
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) KERNEL_DOT(sums[r][p], x, weights[p]);
        }
    }
    if (KERNEL_BYTES) {
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) {
            const __m512 scale = _mm512_loadu_ps(tile->scale + p * LOW_PRECISION_PANEL);
            const __m512 offset = _mm512_loadu_ps(tile->offset + p * LOW_PRECISION_PANEL);
            const __m512 bias = _mm512_loadu_ps(tile->bias + p * LOW_PRECISION_PANEL);
            SIMD_UNROLL
            for (size_t r = 0; r < rows; r++) {
                const struct int8_range range = tile->ranges[r];
                const __m512 whole = _mm512_cvtepi32_ps(_mm512_castps_si512(sums[r][p]));
                sums[r][p] = whole * (scale * range.scale) + (offset * range.offset + bias);
            }
        }
    }
    if (tile->residual) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const float *residual = tile->residual + r * tile->residual_stride;
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                sums[r][p] += _mm512_loadu_ps(residual + p * LOW_PRECISION_PANEL);
            }
        }
    }
    if (tile->to_activations) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (size_t p = 0; p < panels; p++) {
                KERNEL_LOW_PRECISION((uint8_t *)tile->outputs[r] +
                                         p * LOW_PRECISION_PANEL * KERNEL_SIZE,
                                     sums[r][p]);
            }
        }
        return;
    }
    const __m512 least = _mm512_set1_ps(tile->relu6 ? 0 : -HUGE_VALF);
    const __m512 most = _mm512_set1_ps(tile->relu6 ? 6 : HUGE_VALF);
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t p = 0; p < panels; p++) {
            const __m512 value = _mm512_min_ps(most, _mm512_max_ps(least, sums[r][p]));
            _mm512_storeu_ps((float *)tile->outputs[r] + p * LOW_PRECISION_PANEL, value);
        }
    }
}

#define KERNEL_TILE(height, width)                                                                 \
    KERNEL_TARGET static void KERNEL(tile_##height##_##width)(                                     \
        const struct low_precision_tile *tile) {                                                   \
        KERNEL(tile)(height, width, tile);                                                         \
    }
#define KERNEL_TILES(width)                                                                        \
    KERNEL_TILE(1, width)                                                                          \
    KERNEL_TILE(2, width)                                                                          \
    KERNEL_TILE(3, width)                                                                          \
    KERNEL_TILE(4, width)                                                                          \
    KERNEL_TILE(5, width)                                                                          \
    KERNEL_TILE(6, width)
#define KERNEL_NAMES(width)                                                                        \
    {                                                                                              \
        KERNEL(tile_1_##width), KERNEL(tile_2_##width), KERNEL(tile_3_##width),                    \
            KERNEL(tile_4_##width), KERNEL(tile_5_##width), KERNEL(tile_6_##width)                 \
    }

KERNEL_TILES(1)
KERNEL_TILES(2)
KERNEL_TILES(3)
KERNEL_TILES(4)
static tile_function *const KERNEL(tiles)[TILE_PANELS][TILE_ROWS] = {
    KERNEL_NAMES(1), KERNEL_NAMES(2), KERNEL_NAMES(3), KERNEL_NAMES(4)};

#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_BYTES
#undef KERNEL_SIZE
#undef KERNEL_DOT
#undef KERNEL_LOW_PRECISION
#undef KERNEL_TILE
#undef KERNEL_TILES
#undef KERNEL_NAMES
