/* The tiles of low_precision.c for one instruction set: KERNEL(bf16_tiles) and
 * KERNEL(int8_tiles), by panels and rows. Included with what base/simd_instances.h defines, or the
 * same by hand and
 *     KERNEL_DOT_BF16(sums, x, w)  where the processor has dot products of words: adds those of
 *     KERNEL_DOT_BYTES(sums, x, w) vectors of words, and only the tiles of that type are compiled
 * Without these, pairs of 16 bits are multiplied and added up, or both numbers of a word widened
 * to floats, and all processors have instructions for those: none of them saturates, and every
 * product of two bfloat16 numbers is exact in float, so that sums are the same with and without
 * FMA.
 *
 * Sums are in registers: of 16 floats there are 32, for 6 x 4 panels; of 8 there are 16, for 6 x 1
 * or, as pairs of 16 bits have it, for 3 x 2, whose loads are fewer; of 4 there are 16 on x86-64,
 * for 2 x 1, and 32 on arm64. */

#include "infer/vectors_kernel.h"

#if KERNEL_WIDTH <= 8 && !defined(KERNEL_DOT_BYTES)
#define KERNEL_RUNS
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

#if !defined(KERNEL_DOT_BF16) && !defined(KERNEL_DOT_BYTES)
/* Both numbers of a word, widened to floats: the second one first. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_bf16)(size_t rows, size_t vectors,
                                                const struct low_precision_tile *tile,
                                                KERNEL(sums) * sums) {
    for (size_t j = 0; j < tile->words; j++) {
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
                KERNEL(bits) word = (KERNEL(bits)){0} + row_word(tile, r, j);
                KERNEL_IN_REGISTER(word);
                const KERNEL(vector) x = (KERNEL(vector))(i ? word & 0xffff0000 : word << 16);
                SIMD_UNROLL
                for (size_t v = 0; v < vectors; v++) sums[r][v] += x * weights[v];
            }
        }
    }
}
#endif

/* What a row's words are added to: floats where the processor multiplies bfloat16 numbers, else
 * whole numbers. */
#ifdef KERNEL_DOT_BF16
typedef KERNEL(sums) KERNEL(totals);
#else
typedef KERNEL(words) KERNEL(totals)[KERNEL(tile_vectors)];
#endif

/* totals += the products of the numbers of two words. */
#ifdef KERNEL_DOT_BF16
#define KERNEL_ADD(sums, x, w) KERNEL_DOT_BF16(sums, x, w)
#elif defined(KERNEL_DOT_BYTES)
#define KERNEL_ADD(sums, x, w) KERNEL_DOT_BYTES(sums, x, w)
#elif KERNEL_WIDTH == 16
#define KERNEL_ADD(sums, x, w)                                                                     \
    sums = (KERNEL(words))_mm512_add_epi32((__m512i)(sums),                                        \
                                           _mm512_madd_epi16((__m512i)(x), (__m512i)(w)))
#elif KERNEL_WIDTH == 8
#define KERNEL_ADD(sums, x, w)                                                                     \
    sums = (KERNEL(words))_mm256_add_epi32((__m256i)(sums),                                        \
                                           _mm256_madd_epi16((__m256i)(x), (__m256i)(w)))
#elif defined(SIMD_X86)
#define KERNEL_ADD(sums, x, w)                                                                     \
    sums = (KERNEL(words))_mm_add_epi32((__m128i)(sums), _mm_madd_epi16((__m128i)(x), (__m128i)(w)))
#elif defined(SIMD_NEON)
#define KERNEL_ADD(sums, x, w)                                                                     \
    sums = (KERNEL(words))vmlal_lane_s16(                                                          \
        vmlal_lane_s16((int32x4_t)(sums), vmovn_s32((int32x4_t)(w)), vget_low_s16((int16x8_t)(x)), \
                       0),                                                                         \
        vshrn_n_s32((int32x4_t)(w), 16), vget_low_s16((int16x8_t)(x)), 1)
#else
#define KERNEL_ADD(sums, x, w) sums += ((x) >> 16) * ((w) >> 16) + ((x)&0xffff) * ((w) << 16 >> 16)
#endif

KERNEL_TARGET SIMD_INLINE void KERNEL(add_words)(size_t rows, size_t vectors,
                                                 const struct low_precision_tile *tile,
                                                 KERNEL(totals) * totals) {
    for (size_t j = 0; j < tile->words; j++) {
        KERNEL(words) weights[KERNEL(tile_vectors)];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], KERNEL(weights)(tile, j, v));
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            KERNEL(words) x = (KERNEL(words)){0} + (int32_t)row_word(tile, r, j);
#ifdef KERNEL_SIGNED_BYTES
            KERNEL_IN_REGISTER(x);
            x ^= (int32_t)0x80808080; /* less 128, as signed bytes */
#endif
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) KERNEL_ADD(totals[r][v], x, weights[v]);
        }
    }
}

#if !defined(KERNEL_DOT_BF16) && !defined(KERNEL_RUNS)
/* Whole numbers to values. */
KERNEL_TARGET SIMD_INLINE void KERNEL(scale)(size_t rows, size_t vectors,
                                             const struct low_precision_tile *tile,
                                             KERNEL(totals) * whole, KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset, bias;
        SIMD_LOAD(scale, tile->scale + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, tile->offset + v * KERNEL_WIDTH);
        SIMD_LOAD(bias, tile->bias + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            struct int8_range range = tile->ranges[r];
#ifdef KERNEL_SIGNED_BYTES
            range.offset += 128 * range.scale;
#endif
            sums[r][v] =
                __builtin_convertvector(whole[r][v], KERNEL(vector)) * (scale * range.scale) +
                (offset * range.offset + bias);
        }
    }
}

KERNEL_TARGET SIMD_INLINE void KERNEL(sum_int8)(size_t rows, size_t vectors,
                                                const struct low_precision_tile *tile,
                                                KERNEL(sums) * sums) {
    KERNEL(totals) whole[TILE_ROWS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) whole[r][v] = (KERNEL(words)){0};
    }
    KERNEL(add_words)(rows, vectors, tile, whole);
    KERNEL(scale)(rows, vectors, tile, whole, sums);
}
#endif

#ifndef KERNEL_DOT_BYTES
KERNEL_TARGET SIMD_INLINE void KERNEL(sum_bf16)(size_t rows, size_t vectors,
                                                const struct low_precision_tile *tile,
                                                KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        SIMD_LOAD(sums[0][v], tile->bias + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 1; r < rows; r++) sums[r][v] = sums[0][v];
    }
#ifdef KERNEL_DOT_BF16
    KERNEL(add_words)(rows, vectors, tile, sums);
#else
    KERNEL(add_bf16)(rows, vectors, tile, sums);
#endif
}
#endif

KERNEL_TARGET SIMD_INLINE void KERNEL(store)(bool int8, size_t rows, size_t vectors,
                                             const struct low_precision_tile *tile,
                                             KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = v * KERNEL_WIDTH;
            if (tile->to_activations && int8) {
#ifdef KERNEL_DOT_BYTES
                KERNEL(store_bytes)(sums[r][v], (uint8_t *)tile->outputs[r] + at);
#else
                KERNEL(store_wide)
                (sums[r][v], INT8_WIDE_ACTIVATION, (uint16_t *)tile->outputs[r] + at);
#endif
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
KERNEL_TARGET SIMD_INLINE void KERNEL(tile)(bool int8, size_t rows, size_t panels,
                                            const struct low_precision_tile *tile) {
    const size_t vectors = panels * KERNEL(panel_vectors);
    KERNEL(sums) sums[TILE_ROWS];
#ifndef KERNEL_DOT_BYTES
    if (!int8) KERNEL(sum_bf16)(rows, vectors, tile, sums);
#endif
#if !defined(KERNEL_DOT_BF16) && !defined(KERNEL_RUNS)
    if (int8) KERNEL(sum_int8)(rows, vectors, tile, sums);
#endif
    if (tile->residual) {
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            KERNEL(add_row)(vectors, tile->residual + r * tile->residual_stride, sums[r]);
        }
    }
    KERNEL(store)(int8, rows, vectors, tile, sums);
}

#define KERNEL_TILE(type, int8, height, width)                                                     \
    KERNEL_TARGET static void KERNEL(type##_##height##_##width)(                                   \
        const struct low_precision_tile *tile) {                                                   \
        KERNEL(tile)(int8, height, width, tile);                                                   \
    }
#define KERNEL_TILES(type, int8, width)                                                            \
    KERNEL_TILE(type, int8, 1, width)                                                              \
    KERNEL_TILE(type, int8, 2, width)                                                              \
    KERNEL_TILE(type, int8, 3, width)                                                              \
    KERNEL_TILE(type, int8, 4, width)                                                              \
    KERNEL_TILE(type, int8, 5, width)                                                              \
    KERNEL_TILE(type, int8, 6, width)
#define KERNEL_NAMES(type, width)                                                                  \
    {                                                                                              \
        KERNEL(type##_1_##width), KERNEL(type##_2_##width), KERNEL(type##_3_##width),              \
            KERNEL(type##_4_##width), KERNEL(type##_5_##width), KERNEL(type##_6_##width)           \
    }
#if KERNEL_WIDTH == 16
#define KERNEL_TYPE(type, int8)                                                                    \
    KERNEL_TILES(type, int8, 1)                                                                    \
    KERNEL_TILES(type, int8, 2)                                                                    \
    KERNEL_TILES(type, int8, 3)                                                                    \
    KERNEL_TILES(type, int8, 4)                                                                    \
    static tile_function *const KERNEL(type##_tiles)[][TILE_ROWS] = {                              \
        KERNEL_NAMES(type, 1), KERNEL_NAMES(type, 2), KERNEL_NAMES(type, 3),                       \
        KERNEL_NAMES(type, 4)};
#else
#define KERNEL_TYPE(type, int8)                                                                    \
    KERNEL_TILES(type, int8, 1)                                                                    \
    static tile_function *const KERNEL(type##_tiles)[][TILE_ROWS] = {KERNEL_NAMES(type, 1)};
#endif

#ifndef KERNEL_DOT_BYTES
KERNEL_TYPE(bf16, false)
#endif
#if !defined(KERNEL_DOT_BF16) && !defined(KERNEL_RUNS)
KERNEL_TYPE(int8, true)
#endif

#ifdef KERNEL_RUNS
/* Sums of a few rows of a run by a few vectors of outputs. */
typedef KERNEL(words) KERNEL(run_sums)[RUN_VECTORS];

/* Rows from `row` on. All bounds but the words are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(sum_rows)(size_t rows, size_t vectors,
                                                const struct low_precision_run *run, size_t row,
                                                KERNEL(run_sums) * sums) {
    const uint8_t *input = run->input + row * run->input_stride;
    const uint8_t *inputs[TILE_ROWS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++, input += run->input_stride) {
        inputs[r] = input;
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) sums[r][v] = (KERNEL(words)){0};
    }
    const size_t words = run->words;
    const uint32_t *panels = run->panels;
    for (size_t j = 0; j < words; j++) {
        KERNEL(words) weights[RUN_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            SIMD_LOAD(weights[v],
                      panels + (v / KERNEL(panel_vectors) * words + j) * LOW_PRECISION_PANEL +
                          v % KERNEL(panel_vectors) * KERNEL_WIDTH);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            int32_t word;
            memcpy(&word, inputs[r] + j * sizeof word, sizeof word);
            const KERNEL(words) x = (KERNEL(words)){0} + word;
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) KERNEL_ADD(sums[r][v], x, weights[v]);
        }
    }
}

/* The values of a row's sums: `units` are the scales, then the offsets. */
KERNEL_TARGET SIMD_INLINE void KERNEL(row_values)(size_t vectors, KERNEL(words) * sums,
                                                  const float *units, KERNEL(vector) * values) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset;
        SIMD_LOAD(scale, units + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, units + RUN_OUTPUTS + v * KERNEL_WIDTH);
        values[v] = __builtin_convertvector(sums[v], KERNEL(vector)) * scale + offset;
    }
}

/* The same rows, and what becomes of their sums. */
KERNEL_TARGET SIMD_INLINE void KERNEL(run_rows)(size_t rows, size_t vectors, bool to_activations,
                                                const struct low_precision_run *run, size_t row,
                                                const float *units) {
    KERNEL(run_sums) sums[TILE_ROWS];
    KERNEL(sum_rows)(rows, vectors, run, row, sums);
    const size_t stride = run->output_stride, at = row * stride;
    if (to_activations) {
        uint16_t *output = (uint16_t *)run->output + at;
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++, output += stride) {
            KERNEL(vector) values[RUN_VECTORS];
            KERNEL(row_values)(vectors, sums[r], units, values);
            KERNEL(store_activations)(vectors, values, output);
        }
        return;
    }
    const bool relu6 = run->relu6;
    const size_t cleared = run->cleared;
    const float *residual = run->residual ? run->residual + at : NULL;
    float *output = (float *)run->output + at;
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++, output += stride) {
        KERNEL(vector) values[RUN_VECTORS], zeros = {0};
        KERNEL(row_values)(vectors, sums[r], units, values);
        if (residual) KERNEL(add_row)(vectors, residual + r * stride, values);
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            if (relu6) values[v] = KERNEL_RELU6(values[v]);
            SIMD_STORE(output + v * KERNEL_WIDTH, values[v]);
        }
        SIMD_UNROLL
        for (size_t v = 0; v < KERNEL(panel_vectors) - 1; v++)
            if (v < cleared) SIMD_STORE(output + (vectors + v) * KERNEL_WIDTH, zeros);
    }
}

/* All rows of a run, `height` at a time; what is left in two tiles of equal height. */
KERNEL_TARGET SIMD_INLINE void KERNEL(run)(size_t height, size_t vectors, bool to_activations,
                                           const struct low_precision_run *run) {
    float units[2 * RUN_OUTPUTS];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset, bias;
        SIMD_LOAD(scale, run->scale + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, run->offset + v * KERNEL_WIDTH);
        SIMD_LOAD(bias, run->bias + v * KERNEL_WIDTH);
        scale *= run->range.scale;
        offset = offset * run->range.offset + bias;
        SIMD_STORE(units + v * KERNEL_WIDTH, scale);
        SIMD_STORE(units + RUN_OUTPUTS + v * KERNEL_WIDTH, offset);
    }
    size_t row = 0;
    for (; row + height <= run->rows; row += height) {
        KERNEL(run_rows)(height, vectors, to_activations, run, row, units);
    }
    switch (run->rows - row) {
    case 5:
        if (height > 5) KERNEL(run_rows)(5, vectors, to_activations, run, row, units);
        break;
    case 4:
        if (height > 4) KERNEL(run_rows)(4, vectors, to_activations, run, row, units);
        break;
    case 3:
        if (height > 3) KERNEL(run_rows)(3, vectors, to_activations, run, row, units);
        break;
    case 2:
        if (height > 2) KERNEL(run_rows)(2, vectors, to_activations, run, row, units);
        break;
    case 1:
        KERNEL(run_rows)(1, vectors, to_activations, run, row, units);
        break;
    default:
        break;
    }
}

#define KERNEL_RUN(height, vectors)                                                                \
    KERNEL_TARGET static void KERNEL(run_of_##vectors)(const struct low_precision_run *run) {      \
        if (run->to_activations)                                                                   \
            KERNEL(run)(height, vectors, true, run);                                               \
        else                                                                                       \
            KERNEL(run)(height, vectors, false, run);                                              \
    }
#if KERNEL_WIDTH == 8
KERNEL_RUN(6, 1)
KERNEL_RUN(6, 2)
KERNEL_RUN(3, 4)
#elif defined(__x86_64__)
KERNEL_RUN(4, 1)
KERNEL_RUN(4, 2)
KERNEL_RUN(2, 4)
#else
KERNEL_RUN(5, 1)
KERNEL_RUN(5, 2)
KERNEL_RUN(5, 4)
#endif
static run_function *const KERNEL(runs)[RUN_VECTORS + 1] = {
    [1] = KERNEL(run_of_1), [2] = KERNEL(run_of_2), [4] = KERNEL(run_of_4)};
#undef KERNEL_RUN
#endif

#if !defined(KERNEL_DOT_BF16) && !defined(KERNEL_DOT_BYTES)
KERNEL_TARGET static void KERNEL(round_bf16)(const float *numbers, size_t count, uint16_t *out) {
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        KERNEL(store_bf16)(x, out + i);
    }
}

/* The range of numbers of a byte; it includes zero. */
KERNEL_TARGET static struct int8_range KERNEL(range)(const float *numbers, size_t count) {
    KERNEL(vector) low = {0}, high = {0};
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        low = KERNEL_LESSER(x, low);
        high = KERNEL_GREATER(x, high);
    }
    float smallest = 0, largest = 0;
    for (size_t i = 0; i < KERNEL_WIDTH; i++) {
        if (low[i] < smallest) smallest = low[i];
        if (high[i] > largest) largest = high[i];
    }
    return (struct int8_range){(largest - smallest) / INT8_STEPS, smallest};
}

KERNEL_TARGET static void KERNEL(to_bytes)(const struct int8_range *range, const float *numbers,
                                           size_t count, void *out) {
    const float steps = range->scale > 0 ? 1 / range->scale : 0;
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        KERNEL(store_bytes)((x - range->offset) * steps, (uint8_t *)out + i);
    }
}

#if KERNEL_WIDTH < 16
/* A line of pixels in 16 bits, each with the range. */
KERNEL_TARGET static void KERNEL(wide_line)(const float *line, size_t pixels, size_t channels,
                                            uint8_t *out) {
    struct int8_range range = KERNEL(range)(line, pixels * channels);
    range.scale *= (float)INT8_STEPS / INT8_WIDE_STEPS;
    const float steps = range.scale > 0 ? 1 / range.scale : 0;
    for (size_t i = 0; i < pixels; i++, line += channels) {
        for (size_t c = 0; c < channels; c += KERNEL_WIDTH) {
            KERNEL(vector) x;
            SIMD_LOAD(x, line + c);
            KERNEL(store_wide)
            ((x - range.offset) * steps, INT8_WIDE_STEPS, (uint16_t *)(void *)out + c);
        }
        memcpy(out + channels * sizeof(uint16_t), &range, sizeof range);
        out += channels * sizeof(uint16_t) + RANGE_BYTES;
    }
}
#endif
#endif

#undef KERNEL_ADD
#undef KERNEL_RUNS
#undef KERNEL_PANELS
#undef KERNEL_TILE
#undef KERNEL_TILES
#undef KERNEL_NAMES
#undef KERNEL_TYPE
