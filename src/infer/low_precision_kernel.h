/* The runs of low_precision.c for one instruction set: KERNEL(bf16_runs) and KERNEL(whole_runs), by
 * their vectors of outputs. Included with what base/simd_instances.h defines, or the same by hand
 * and
 *     KERNEL_DOT_BF16(sums, x, w)  where the processor has dot products of words: adds those of
 *     KERNEL_DOT(sums, x, w)       vectors of words, and only the runs of that type are compiled
 * Without these, pairs of 16 bits are multiplied and added up, or both numbers of a word widened
 * to floats, and all processors have instructions for those: none of them saturates, and every
 * product of two bfloat16 numbers is exact in float, so that sums are the same with and without
 * FMA.
 *
 * A run is computed in tiles of a few rows, whose sums are in registers: of 16 floats there are 32,
 * for 6 rows by 4 vectors; of 8 there are 16, for 6 x 2 or 3 x 4; of 4 there are 16 on x86-64, for
 * 2 x 4, and 32 on arm64, for 5 x 4. Elsewhere little code counts. */

#include "infer/vectors_kernel.h"

#ifndef KERNEL_DOT
#define KERNEL_HAS_BF16
#endif
#ifndef KERNEL_DOT_BF16
#define KERNEL_HAS_WHOLE
#endif

enum { KERNEL(panel_vectors) = LOW_PRECISION_PANEL / KERNEL_WIDTH };
typedef int32_t KERNEL(words) __attribute__((vector_size(KERNEL_WIDTH * sizeof(int32_t))));
typedef KERNEL(vector) KERNEL(sums)[RUN_VECTORS];
typedef KERNEL(words) KERNEL(counts)[RUN_VECTORS];

/* Vector v of word j of the run's weights. */
SIMD_INLINE const uint32_t *KERNEL(weights)(const struct low_precision_run *run, size_t j,
                                            size_t v) {
    return run->panels + (v / KERNEL(panel_vectors) * run->words + j) * LOW_PRECISION_PANEL +
           v % KERNEL(panel_vectors) * KERNEL_WIDTH;
}

#ifdef KERNEL_HAS_BF16
/* Adds the products of word j: of both its numbers at once, or of each widened to floats, the
 * second one first. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_bf16)(size_t rows, size_t vectors,
                                                const struct low_precision_run *run, size_t j,
                                                const uint8_t *const *inputs, KERNEL(sums) * sums) {
#ifdef KERNEL_DOT_BF16
    KERNEL(words) weights[RUN_VECTORS];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], KERNEL(weights)(run, j, v));
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        const KERNEL(words) x = (KERNEL(words)){0} + row_word(inputs[r], j);
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) KERNEL_DOT_BF16(sums[r][v], x, weights[v]);
    }
#else
    SIMD_UNROLL
    for (size_t i = 2; i-- > 0;) {
        KERNEL(vector) weights[RUN_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            KERNEL(bits) words;
            SIMD_LOAD(words, KERNEL(weights)(run, j, v));
            weights[v] = (KERNEL(vector))(i ? words & 0xffff0000 : words << 16);
        }
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            KERNEL(bits) word = (KERNEL(bits)){0} + (uint32_t)row_word(inputs[r], j);
            KERNEL_IN_REGISTER(word);
            const KERNEL(vector) x = (KERNEL(vector))(i ? word & 0xffff0000 : word << 16);
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) sums[r][v] += x * weights[v];
        }
    }
#endif
}

KERNEL_TARGET SIMD_INLINE void KERNEL(sum_bf16)(size_t rows, size_t vectors,
                                                const struct low_precision_run *run,
                                                const uint8_t *const *inputs, KERNEL(sums) * sums) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        SIMD_LOAD(sums[0][v], run->bias + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 1; r < rows; r++) sums[r][v] = sums[0][v];
    }
    for (size_t j = 0; j < run->words; j++) KERNEL(add_bf16)(rows, vectors, run, j, inputs, sums);
}
#endif

#ifdef KERNEL_HAS_WHOLE
/* sums += the products of the numbers of two words. */
#ifdef KERNEL_DOT
#define KERNEL_ADD(sums, x, w) KERNEL_DOT(sums, x, w)
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

KERNEL_TARGET SIMD_INLINE void KERNEL(sum_whole)(size_t rows, size_t vectors,
                                                 const struct low_precision_run *run,
                                                 const uint8_t *const *inputs,
                                                 KERNEL(counts) * counts) {
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) counts[r][v] = (KERNEL(words)){0};
    }
    for (size_t j = 0; j < run->words; j++) {
        KERNEL(words) weights[RUN_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], KERNEL(weights)(run, j, v));
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            KERNEL(words) x = (KERNEL(words)){0} + row_word(inputs[r], j);
#ifdef KERNEL_SIGNED_BYTES
            KERNEL_IN_REGISTER(x);
            x ^= (int32_t)0x80808080; /* less 128, as signed bytes */
#endif
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) KERNEL_ADD(counts[r][v], x, weights[v]);
        }
    }
}
#undef KERNEL_ADD

/* The scales of a run's outputs, then the offsets. */
KERNEL_TARGET SIMD_INLINE void
KERNEL(find_units)(size_t vectors, const struct low_precision_run *run, float *units) {
    struct whole_range range = run->range;
#ifdef KERNEL_SIGNED_BYTES
    range.offset += 128 * range.scale;
#endif
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset, bias;
        SIMD_LOAD(scale, run->scale + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, run->offset + v * KERNEL_WIDTH);
        SIMD_LOAD(bias, run->bias + v * KERNEL_WIDTH);
        scale *= range.scale;
        offset = offset * range.offset + bias;
        SIMD_STORE(units + v * KERNEL_WIDTH, scale);
        SIMD_STORE(units + RUN_OUTPUTS + v * KERNEL_WIDTH, offset);
    }
}

/* The values of a row's sums. */
KERNEL_TARGET SIMD_INLINE void KERNEL(row_values)(size_t vectors, const KERNEL(words) * counts,
                                                  const float *units, KERNEL(vector) * values) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) scale, offset;
        SIMD_LOAD(scale, units + v * KERNEL_WIDTH);
        SIMD_LOAD(offset, units + RUN_OUTPUTS + v * KERNEL_WIDTH);
        values[v] = __builtin_convertvector(counts[v], KERNEL(vector)) * scale + offset;
    }
}
#endif

/* Values of row r of a tile. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_row)(size_t vectors,
                                                 const struct low_precision_run *tile, size_t r,
                                                 KERNEL(vector) * values) {
    const size_t at = r * tile->output_stride;
    if (tile->to_activations) {
        KERNEL(store_activations)(vectors, values, (uint16_t *)tile->output + at);
        return;
    }
    KERNEL(vector) zeros = {0};
    float *output = (float *)tile->output + at;
    if (tile->residual) KERNEL(add_row)(vectors, tile->residual + at, values);
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        if (tile->relu6) values[v] = KERNEL_RELU6(values[v]);
        SIMD_STORE(output + v * KERNEL_WIDTH, values[v]);
    }
    SIMD_UNROLL
    for (size_t v = 0; v + 1 < KERNEL(panel_vectors); v++)
        if (v < tile->cleared) SIMD_STORE(output + (vectors + v) * KERNEL_WIDTH, zeros);
}

/* The first rows of a run. All bounds but the words are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(tile)(bool whole, size_t rows, size_t vectors,
                                            const struct low_precision_run *run,
                                            const float *units) {
    /* (A copy, which what is stored cannot change.) */
    const struct low_precision_run tile = *run;
    const uint8_t *inputs[TILE_ROWS];
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) inputs[r] = tile.input + r * tile.input_stride;
#ifdef KERNEL_HAS_BF16
    KERNEL(sums) sums[TILE_ROWS];
    if (!whole) KERNEL(sum_bf16)(rows, vectors, &tile, inputs, sums);
    SIMD_UNROLL
    for (size_t r = 0; !whole && r < rows; r++) KERNEL(store_row)(vectors, &tile, r, sums[r]);
#endif
#ifdef KERNEL_HAS_WHOLE
    KERNEL(counts) counts[TILE_ROWS];
    if (whole) KERNEL(sum_whole)(rows, vectors, &tile, inputs, counts);
    SIMD_UNROLL
    for (size_t r = 0; whole && r < rows; r++) {
        KERNEL(vector) values[RUN_VECTORS];
        KERNEL(row_values)(vectors, counts[r], units, values);
        KERNEL(store_row)(vectors, &tile, r, values);
    }
#else
    (void)units;
#endif
}

/* All rows of a run, `height` at a time, those that are left in two tiles of nearly equal height.
 */
KERNEL_TARGET SIMD_INLINE void KERNEL(run)(bool whole, size_t height, size_t vectors,
                                           const struct low_precision_run *all) {
    struct low_precision_run run = *all;
    const size_t bytes = run.to_activations ? sizeof(uint16_t) : sizeof(float);
    float units[2 * RUN_OUTPUTS];
#ifdef KERNEL_HAS_WHOLE
    if (whole) KERNEL(find_units)(vectors, &run, units);
#endif
    for (size_t rows; run.rows > 0; low_precision_advance(&run, rows, bytes)) {
        rows = run.rows >= 2 * height ? height : run.rows > height ? (run.rows + 1) / 2 : run.rows;
        switch (rows) {
        case 6:
            if (height >= 6) KERNEL(tile)(whole, 6, vectors, &run, units);
            break;
        case 5:
            if (height >= 5) KERNEL(tile)(whole, 5, vectors, &run, units);
            break;
        case 4:
            if (height >= 4) KERNEL(tile)(whole, 4, vectors, &run, units);
            break;
        case 3:
            if (height >= 3) KERNEL(tile)(whole, 3, vectors, &run, units);
            break;
        case 2:
            KERNEL(tile)(whole, 2, vectors, &run, units);
            break;
        default:
            KERNEL(tile)(whole, 1, vectors, &run, units);
        }
    }
}

#define KERNEL_RUN(type, whole, height, vectors)                                                   \
    KERNEL_TARGET static void KERNEL(type##_run_##vectors)(const struct low_precision_run *run) {  \
        KERNEL(run)(whole, height, vectors, run);                                                  \
    }
#define KERNEL_RUNS(type, whole, height_1, height_2, height_3, height_4)                           \
    KERNEL_RUN(type, whole, height_1, 1)                                                           \
    KERNEL_RUN(type, whole, height_2, 2)                                                           \
    KERNEL_RUN(type, whole, height_3, 3)                                                           \
    KERNEL_RUN(type, whole, height_4, 4)                                                           \
    static run_function *const KERNEL(type##_runs)[RUN_VECTORS] = {                                \
        KERNEL(type##_run_1), KERNEL(type##_run_2), KERNEL(type##_run_3), KERNEL(type##_run_4)};
#ifdef KERNEL_HAS_BF16
#ifdef KERNEL_DOT_BF16
KERNEL_RUNS(bf16, false, 6, 6, 6, 6)
#elif KERNEL_WIDTH == 16
KERNEL_RUNS(bf16, false, 6, 6, 6, 5)
#elif KERNEL_WIDTH == 8 || defined(__x86_64__)
KERNEL_RUNS(bf16, false, 4, 4, 2, 2)
#elif defined(SIMD_NEON)
KERNEL_RUNS(bf16, false, 5, 5, 5, 5)
#else
KERNEL_RUNS(bf16, false, 2, 2, 2, 2)
#endif
#endif
#ifdef KERNEL_HAS_WHOLE
#if KERNEL_WIDTH == 16
KERNEL_RUNS(whole, true, 6, 6, 6, 6)
#elif KERNEL_WIDTH == 8
KERNEL_RUNS(whole, true, 6, 6, 3, 3)
#elif defined(__x86_64__)
KERNEL_RUNS(whole, true, 4, 4, 3, 2)
#elif defined(SIMD_NEON)
KERNEL_RUNS(whole, true, 5, 5, 5, 5)
#else
KERNEL_RUNS(whole, true, 2, 2, 2, 2)
#endif
#endif

#if defined(KERNEL_HAS_BF16) && defined(KERNEL_HAS_WHOLE)
KERNEL_TARGET static void KERNEL(bf16_line)(const float *line, size_t pixels, size_t channels,
                                            void *rows) {
    uint16_t *out = rows;
    for (size_t i = 0; i < pixels * channels; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, line + i);
        KERNEL(store_bf16)(x, out + i);
    }
}

/* The range of numbers of `steps` steps; it includes zero. */
KERNEL_TARGET SIMD_INLINE struct whole_range KERNEL(range)(const float *numbers, size_t count,
                                                           float steps) {
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
    return (struct whole_range){(largest - smallest) / steps, smallest};
}

/* Pixels of a line in one byte or two, each with the range. */
KERNEL_TARGET SIMD_INLINE void KERNEL(whole_line)(size_t bytes, const float *line, size_t pixels,
                                                  size_t channels, uint8_t *out) {
    const struct whole_range range =
        KERNEL(range)(line, pixels * channels, bytes == 1 ? INT8_STEPS : INT16_STEPS);
    const float steps = range.scale > 0 ? 1 / range.scale : 0;
    for (size_t i = 0; i < pixels; i++, line += channels) {
        for (size_t c = 0; c < channels; c += KERNEL_WIDTH) {
            KERNEL(vector) x;
            SIMD_LOAD(x, line + c);
            x = (x - range.offset) * steps;
            if (bytes == 1) KERNEL(store_bytes)(x, out + c);
            if (bytes == 2) KERNEL(store_wide)(x, INT16_STEPS, (uint16_t *)(void *)out + c);
        }
        memcpy(out + channels * bytes, &range, sizeof range);
        out += channels * bytes + RANGE_BYTES;
    }
}

KERNEL_TARGET static void KERNEL(int8_line)(const float *line, size_t pixels, size_t channels,
                                            void *rows) {
    KERNEL(whole_line)(1, line, pixels, channels, rows);
}

KERNEL_TARGET static void KERNEL(int16_line)(const float *line, size_t pixels, size_t channels,
                                             void *rows) {
    KERNEL(whole_line)(2, line, pixels, channels, rows);
}
#endif

#undef KERNEL_HAS_BF16
#undef KERNEL_HAS_WHOLE
#undef KERNEL_RUN
#undef KERNEL_RUNS
