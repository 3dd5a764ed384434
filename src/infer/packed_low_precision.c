#include "infer/packed_low_precision.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd.h"
#include "base/simd_level.h"
#include "infer/low_precision.h"

static size_t numbers_in_a_word(enum precision precision) {
    return precision == PRECISION_BF16 ? 2 : 4;
}

bool packed_low_precision_init(struct packed_low_precision *matrix, enum precision precision,
                               bool to_activations, size_t outputs, size_t inputs,
                               struct arena *arena, caption_error *error) {
    const size_t words = (inputs + numbers_in_a_word(precision) - 1) / numbers_in_a_word(precision);
    *matrix = (struct packed_low_precision){.precision = precision,
                                            .to_activations = to_activations,
                                            .outputs = outputs,
                                            .words = words};
    size_t rows, numbers;
    const bool fits = size_add(words, 3, &rows) && size_multiply(outputs, rows, &numbers);
    if (!fits || (precision == PRECISION_INT8 && inputs > INT8_MOST_INPUTS)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "a matrix of %zu x %zu is too large", outputs,
                         inputs);
    }
    matrix->panels = arena_take(arena, numbers, sizeof(uint32_t), "packed weights", error);
    if (!matrix->panels) return false;
    matrix->bias = (float *)(matrix->panels + outputs * words);
    matrix->scale = matrix->bias + outputs;
    matrix->offset = matrix->scale + outputs;
    return true;
}

/* Index of word `j` of a row of weights. */
static uint32_t *word_at(const struct packed_low_precision *matrix, size_t row, size_t j) {
    return matrix->panels + row / LOW_PRECISION_PANEL * matrix->words * LOW_PRECISION_PANEL +
           j * LOW_PRECISION_PANEL + row % LOW_PRECISION_PANEL;
}

/* The rounding error of a weight is carried to the next one of the row, so that errors cancel in a
 * sum over inputs of similar size. A photo's features, which are means over a map, are then closer
 * to those in float. */
SIMD_INLINE void pack_bf16(uint32_t *panel, size_t rows, size_t inputs, const float *weights) {
    float carried[LOW_PRECISION_PANEL] = {0};
    for (size_t i = 0; i < inputs; i++) {
        uint32_t *words = panel + i / 2 * LOW_PRECISION_PANEL;
        for (size_t r = 0; r < rows; r++) {
            const float exact = weights[r * inputs + i];
            const uint32_t rounded = float_to_bf16(exact + carried[r]);
            carried[r] += exact - bf16_to_float((uint16_t)rounded);
            words[r] |= rounded << i % 2 * 16;
        }
    }
}

/* Rounds a whole panel's rows side by side, in vectors: within one row every weight depends on the
 * one before. */
SIMD_KERNEL(static, void, pack_panel_bf16,
            (uint32_t * panel, size_t rows, size_t inputs, const float *weights),
            (panel, rows, inputs, weights)) {
    if (rows == LOW_PRECISION_PANEL) {
        pack_bf16(panel, LOW_PRECISION_PANEL, inputs, weights);
    } else {
        pack_bf16(panel, rows, inputs, weights);
    }
}

/* Steps of a 127th of the largest weight; the error is carried in the same way. */
static void pack_bytes(struct packed_low_precision *matrix, size_t row, size_t inputs,
                       const float *weights) {
    float most = 0;
    for (size_t i = 0; i < inputs; i++) most = fmaxf(most, fabsf(weights[i]));
    const float steps = most > 0 ? 127 / most : 0;
    float carried = 0;
    long sum = 0;
    for (size_t i = 0; i < inputs; i++) {
        const float exact = weights[i] * steps + carried;
        const long rounded = lrintf(fminf(127, fmaxf(-127, exact)));
        carried = exact - (float)rounded;
        sum += rounded;
        *word_at(matrix, row, i / 4) |= (uint32_t)(uint8_t)rounded << i % 4 * 8;
    }
    const float unit = matrix->to_activations ? INT8_STEPS_OF_ONE : 1;
    matrix->scale[row] = most / 127 * unit;
    matrix->offset[row] = (float)sum * matrix->scale[row];
    matrix->bias[row] *= unit;
}

void packed_low_precision_rows(struct packed_low_precision *matrix, size_t first, size_t count,
                               size_t inputs, const float *weights) {
    if (matrix->precision == PRECISION_BF16) {
        pack_panel_bf16(word_at(matrix, first, 0), count, inputs, weights);
        return;
    }
    for (size_t r = 0; r < count; r++) {
        pack_bytes(matrix, first + r, inputs, weights + r * inputs);
    }
}

enum { TILE_ROWS = 6, TILE_PANELS = 4 };

/* A few rows of the product by a few panels. */
struct low_precision_tile {
    size_t words;
    const uint8_t *rows[TILE_ROWS]; /* of the left matrix */
    struct int8_range ranges[TILE_ROWS];
    const uint32_t *panels; /* of the right one */
    const float *bias, *scale, *offset;
    const float *residual; /* or NULL; of the tile's first number */
    size_t residual_stride;
    bool relu6, to_activations;
    void *outputs[TILE_ROWS]; /* where each row goes */
};
typedef void tile_function(const struct low_precision_tile *tile);

static uint32_t row_word(const struct low_precision_tile *tile, size_t r, size_t j) {
    uint32_t word;
    memcpy(&word, tile->rows[r] + j * sizeof word, sizeof word);
    return word;
}

/* Output `n` of the tile's row `r`: like vdpbf16ps, it adds the second of a pair first. */
static float reference_bf16(const struct low_precision_tile *tile, size_t r, size_t n) {
    const uint32_t *weights =
        tile->panels + n / LOW_PRECISION_PANEL * tile->words * LOW_PRECISION_PANEL;
    float sum = tile->bias[n];
    for (size_t j = 0; j < tile->words; j++) {
        const uint32_t x = row_word(tile, r, j),
                       w = weights[j * LOW_PRECISION_PANEL + n % LOW_PRECISION_PANEL];
        sum += bf16_to_float((uint16_t)(x >> 16)) * bf16_to_float((uint16_t)(w >> 16));
        sum += bf16_to_float((uint16_t)x) * bf16_to_float((uint16_t)w);
    }
    return sum;
}

static float reference_int8(const struct low_precision_tile *tile, size_t r, size_t n) {
    const uint32_t *weights =
        tile->panels + n / LOW_PRECISION_PANEL * tile->words * LOW_PRECISION_PANEL;
    int32_t sum = 0;
    for (size_t j = 0; j < tile->words; j++) {
        const uint32_t x = row_word(tile, r, j),
                       w = weights[j * LOW_PRECISION_PANEL + n % LOW_PRECISION_PANEL];
        for (size_t i = 0; i < 32; i += 8) sum += (uint8_t)(x >> i) * (int8_t)(w >> i);
    }
    const struct int8_range range = tile->ranges[r];
    return (float)sum * (tile->scale[n] * range.scale) +
           (tile->offset[n] * range.offset + tile->bias[n]);
}

static void reference_tile(enum precision precision, size_t rows, size_t panels,
                           const struct low_precision_tile *tile) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t n = 0; n < panels * LOW_PRECISION_PANEL; n++) {
            float value = precision == PRECISION_BF16 ? reference_bf16(tile, r, n)
                                                      : reference_int8(tile, r, n);
            if (tile->residual) value += tile->residual[r * tile->residual_stride + n];
            const float most = tile->to_activations && precision == PRECISION_INT8 ? 255 : 6;
            if (tile->to_activations || tile->relu6) value = fminf(most, fmaxf(0, value));
            if (!tile->to_activations) {
                ((float *)tile->outputs[r])[n] = value;
            } else if (precision == PRECISION_BF16) {
                ((uint16_t *)tile->outputs[r])[n] = float_to_bf16(value);
            } else {
                ((uint8_t *)tile->outputs[r])[n] = (uint8_t)lrintf(value);
            }
        }
    }
}

#ifdef SIMD_X86
#include <immintrin.h>

#define KERNEL(name) bf16_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512bf16")
#define KERNEL_BYTES 0
#define KERNEL_SIZE sizeof(uint16_t)
#define KERNEL_DOT(sums, x, w) sums = _mm512_dpbf16_ps(sums, (__m512bh)(x), (__m512bh)(w))
#define KERNEL_LOW_PRECISION(out, sums)                                                            \
    _mm256_storeu_si256((void *)(out),                                                             \
                        (__m256i)_mm512_cvtneps_pbh(_mm512_min_ps(                                 \
                            _mm512_set1_ps(6), _mm512_max_ps(_mm512_setzero_ps(), sums))))
#include "infer/packed_low_precision_kernel.h"

/* (As the compiler's own function the instruction costs a copy of the sums.) */
#define KERNEL(name) bytes_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512vnni")
#define KERNEL_BYTES 1
#define KERNEL_SIZE 1
#define KERNEL_DOT(sums, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w))
#define KERNEL_LOW_PRECISION(out, sums)                                                            \
    _mm_storeu_si128((void *)(out), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(                     \
                                        _mm512_max_ps(_mm512_setzero_ps(), sums))))
#include "infer/packed_low_precision_kernel.h"
#endif

bool packed_low_precision_fast(enum precision precision) {
    if (precision == PRECISION_BF16) return simd_has_bf16();
    return precision == PRECISION_INT8 && simd_has_vnni();
}

static void multiply_tile(enum precision precision, bool fast, size_t rows, size_t panels,
                          const struct low_precision_tile *tile) {
#ifdef SIMD_X86
    if (fast) {
        tile_function *const(*tiles)[TILE_ROWS] = bf16_tiles;
        if (precision == PRECISION_INT8) tiles = bytes_tiles;
        tiles[panels - 1][rows - 1](tile);
        return;
    }
#endif
    (void)fast;
    reference_tile(precision, rows, panels, tile);
}

/* Bytes of a number of the output. */
static size_t output_bytes(const struct packed_low_precision *matrix) {
    if (!matrix->to_activations) return sizeof(float);
    return matrix->precision == PRECISION_BF16 ? sizeof(uint16_t) : sizeof(uint8_t);
}

/* A cursor over the rows of the next tiles, which avoids a division for each. */
struct low_precision_cursor {
    const uint8_t *input;
    const float *residual;
    uint8_t *output;
    size_t place, line; /* of the row within its line of the output; SIZE_MAX: there are no lines */
    size_t row_bytes,
        next_line; /* from a row of the output to the next, also across the end of a line */
};

static struct low_precision_cursor cursor_new(const struct packed_low_precision *matrix,
                                              const struct packed_low_precision_product *product,
                                              size_t column) {
    const size_t bytes = output_bytes(matrix);
    struct low_precision_cursor cursor = {.input = product->input,
                                          .residual =
                                              product->residual ? product->residual + column : NULL,
                                          .output = (uint8_t *)product->output + column * bytes,
                                          .line = SIZE_MAX,
                                          .row_bytes = product->output_stride * bytes};
    if (product->line) {
        cursor.line = product->line;
        cursor.next_line = product->line_stride * bytes - product->line * cursor.row_bytes;
    }
    return cursor;
}

/* Points the tile to its rows. */
static void take_rows(struct low_precision_cursor *cursor,
                      const struct packed_low_precision_product *product, size_t rows,
                      struct low_precision_tile *tile) {
    tile->residual = cursor->residual;
    if (cursor->residual) cursor->residual += rows * product->output_stride;
    for (size_t r = 0; r < rows; r++) {
        tile->rows[r] = cursor->input;
        tile->ranges[r] = (struct int8_range){.scale = INT8_STEP};
        if (product->range_at) {
            memcpy(&tile->ranges[r], cursor->input + product->range_at, sizeof *tile->ranges);
        }
        tile->outputs[r] = cursor->output;
        cursor->input += product->input_stride;
        cursor->output += cursor->row_bytes;
        if (++cursor->place < cursor->line) continue;
        cursor->place = 0;
        cursor->output += cursor->next_line;
    }
}

/* Multiplies by a few panels, in tiles of nearly equal heights. */
static void multiply_panels(const struct packed_low_precision *matrix, bool fast, size_t panel,
                            size_t panels, size_t rows,
                            const struct packed_low_precision_product *product, size_t column) {
    const size_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const size_t height = rows / tiles, higher = rows % tiles;
    const size_t first = panel * LOW_PRECISION_PANEL;
    struct low_precision_cursor cursor = cursor_new(matrix, product, column);
    struct low_precision_tile tile = {.words = matrix->words,
                                      .panels = matrix->panels + first * matrix->words,
                                      .bias = matrix->bias + first,
                                      .scale = matrix->scale + first,
                                      .offset = matrix->offset + first,
                                      .residual_stride = product->output_stride,
                                      .relu6 = product->relu6,
                                      .to_activations = matrix->to_activations};
    for (size_t i = 0; i < tiles; i++) {
        const size_t some = height + (i < higher);
        take_rows(&cursor, product, some, &tile);
        multiply_tile(matrix->precision, fast, some, panels, &tile);
    }
}

static void multiply(const struct packed_low_precision *matrix, bool fast, size_t panel,
                     size_t panels, size_t rows,
                     const struct packed_low_precision_product *product) {
    if (rows == 0) return;
    for (size_t done = 0; done < panels;) {
        const size_t groups = (panels - done + TILE_PANELS - 1) / TILE_PANELS;
        const size_t some = (panels - done + groups - 1) / groups;
        multiply_panels(matrix, fast, panel + done, some, rows, product,
                        done * LOW_PRECISION_PANEL);
        done += some;
    }
}

void packed_low_precision_multiply(const struct packed_low_precision *matrix, size_t panel,
                                   size_t panels, size_t rows,
                                   const struct packed_low_precision_product *product) {
    multiply(matrix, packed_low_precision_fast(matrix->precision), panel, panels, rows, product);
}

void packed_low_precision_multiply_reference(const struct packed_low_precision *matrix,
                                             size_t panel, size_t panels, size_t rows,
                                             const struct packed_low_precision_product *product) {
    multiply(matrix, false, panel, panels, rows, product);
}
