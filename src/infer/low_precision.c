#include "infer/low_precision.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd.h"
#include "base/simd_level.h"

/* Space after the bytes: a range, and padding that aligns rows to 16. */
enum { RANGE_BYTES = 16 };

size_t low_precision_bytes(enum precision precision) {
    return precision == PRECISION_INT8 && simd_multiplies_bytes() ? 1 : 2;
}

size_t int8_range_at(size_t channels) {
    return channels * low_precision_bytes(PRECISION_INT8);
}

size_t low_precision_row_bytes(enum precision precision, size_t channels) {
    return precision == PRECISION_BF16 ? channels * sizeof(uint16_t)
                                       : int8_range_at(channels) + RANGE_BYTES;
}

/* AMD Zen 4 issues products of bfloat16 pairs as often as products of floats. Intel Sapphire
 * Rapids issues a quarter as many, which makes bfloat16 products take twice as long as float
 * products. */
static bool pairs_pay(void) {
#ifdef SIMD_X86
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

enum precision precision_best(void) {
    return simd_has_bf16() && pairs_pay() ? PRECISION_BF16 : PRECISION_F32;
}

bool packed_low_precision_init(struct packed_low_precision *matrix, enum precision precision,
                               bool to_activations, size_t outputs, size_t inputs,
                               struct arena *arena, caption_error *error) {
    const size_t in_a_word = sizeof(uint32_t) / low_precision_bytes(precision);
    const size_t words = inputs / in_a_word + (inputs % in_a_word > 0);
    *matrix = (struct packed_low_precision){.precision = precision,
                                            .to_activations = to_activations,
                                            .numbers = in_a_word,
                                            .outputs = outputs,
                                            .used = outputs,
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

/* Bytes of an int8 number. */
static size_t int8_bytes(const struct packed_low_precision *matrix) {
    return sizeof(uint32_t) / matrix->numbers;
}

/* Steps of input `i`, and the value of one of them, or of one of a line. */
static float column_steps(const struct packed_low_precision *matrix, size_t i) {
    return matrix->columns ? matrix->columns[i] : int8_steps(int8_bytes(matrix));
}

static float column_step(const struct packed_low_precision *matrix, size_t i) {
    return matrix->columns ? 6.0F / matrix->columns[i] : 1;
}

/* The largest weight of a row in steps: 127, or with 16 bits what a sum of products allows,
 * whatever the numbers are. (A weight is rounded by less than one step.) */
static float most_steps(const struct packed_low_precision *matrix, size_t inputs,
                        const float *weights, float most) {
    if (matrix->numbers == 4) return INT8_MAX;
    double sum = 0, allowed = INT32_MAX;
    for (size_t i = 0; i < inputs; i++) {
        const double steps = (double)column_steps(matrix, i);
        sum += (double)fabsf(weights[i] * column_step(matrix, i)) * steps;
        allowed -= steps;
    }
    return sum > 0 ? (float)floor(fmin(INT16_MAX, allowed * (double)most / sum)) : 1;
}

/* The error is carried in the same way. */
static void pack_bytes(struct packed_low_precision *matrix, size_t row, size_t inputs,
                       const float *weights) {
    float most = 0;
    /* (fmaxf in this loop is an internal error of gcc 12 for arm64.) */
    for (size_t i = 0; i < inputs; i++) {
        const float size = fabsf(weights[i] * column_step(matrix, i));
        if (size > most) most = size;
    }
    const float largest = most_steps(matrix, inputs, weights, most);
    const float steps = most > 0 ? largest / most : 0;
    const size_t in_a_word = matrix->numbers, bits = 32 / in_a_word;
    const uint32_t mask = in_a_word == 4 ? 0xff : 0xffff;
    float carried = 0, steps_before = 1;
    long sum = 0;
    for (size_t i = 0; i < inputs; i++) {
        const float in_steps = column_steps(matrix, i);
        const float exact =
            weights[i] * column_step(matrix, i) * steps + carried * (steps_before / in_steps);
        const long rounded = lrintf(fminf(largest, fmaxf(-largest, exact)));
        carried = exact - (float)rounded;
        steps_before = in_steps;
        sum += rounded;
        *word_at(matrix, row, i / in_a_word) |= ((uint32_t)rounded & mask) << i % in_a_word * bits;
    }
    const float unit = matrix->to_activations ? int8_activation_steps(int8_bytes(matrix)) / 6 : 1;
    matrix->scale[row] = most / largest * unit;
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
#ifdef __x86_64__
enum { PLAIN_ROWS = 2 };
#else
enum { PLAIN_ROWS = 5 };
#endif

/* A few rows of the product by a few panels. */
struct low_precision_tile {
    size_t words, numbers;          /* of a row; in a word */
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

/* Rows of the product of int8 numbers in two bytes by up to RUN_VECTORS vectors of outputs: rows of
 * one range, in one line of the output. */
enum { RUN_VECTORS = 4, RUN_OUTPUTS = RUN_VECTORS * 8 };
struct low_precision_run {
    size_t words, rows;
    const uint8_t *input;
    size_t input_stride; /* in bytes */
    struct int8_range range;
    const uint32_t *panels; /* of the first output */
    const float *bias, *scale, *offset;
    const float *residual; /* or NULL; as far from row to row as the output */
    bool relu6, to_activations;
    void *output;
    size_t output_stride; /* in numbers */
    size_t cleared;       /* vectors of zeros after each row of floats */
};
typedef void run_function(const struct low_precision_run *run);

SIMD_INLINE uint32_t row_word(const struct low_precision_tile *tile, size_t r, size_t j) {
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
    const size_t in_a_word = tile->numbers;
    int32_t sum = 0;
    for (size_t i = 0; i < in_a_word * tile->words; i++) {
        const uint32_t word =
            weights[i / in_a_word * LOW_PRECISION_PANEL + n % LOW_PRECISION_PANEL] >>
            i % in_a_word * (32 / in_a_word);
        const uint32_t x = row_word(tile, r, i / in_a_word) >> i % in_a_word * (32 / in_a_word);
        sum += in_a_word == 4 ? (uint8_t)x * (int8_t)word : (uint16_t)x * (int16_t)word;
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
            const float most = tile->to_activations && precision == PRECISION_INT8
                                   ? int8_activation_steps(sizeof(uint32_t) / tile->numbers)
                                   : 6;
            if (tile->to_activations || tile->relu6) value = fminf(most, fmaxf(0, value));
            if (!tile->to_activations) {
                ((float *)tile->outputs[r])[n] = value;
            } else if (precision == PRECISION_BF16) {
                ((uint16_t *)tile->outputs[r])[n] = float_to_bf16(value);
            } else if (tile->numbers == 4) {
                ((uint8_t *)tile->outputs[r])[n] = (uint8_t)lrintf(value);
            } else {
                ((uint16_t *)tile->outputs[r])[n] = (uint16_t)lrintf(value);
            }
        }
    }
}

#define KERNEL_FILE "infer/low_precision_kernel.h"
#include "base/simd_instances.h"

typedef void bf16_function(const float *numbers, size_t count, uint16_t *out);
typedef struct int8_range range_function(const float *numbers, size_t count);
typedef void quantise_function(const struct int8_range *range, const float *numbers, size_t count,
                               void *out);
static bf16_function *const bf16_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(round_bf16);
static range_function *const range_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(range);
static quantise_function *const bytes_by_level[SIMD_LEVELS] = SIMD_BY_LEVEL(to_bytes);
typedef void line_function(const float *line, size_t pixels, size_t channels, uint8_t *out);
#ifdef SIMD_X86
static line_function *const wide_by_level[SIMD_LEVELS] = {plain_wide_line, avx2_wide_line,
                                                          avx2_wide_line};
#else
static line_function *const wide_by_level[SIMD_LEVELS] = {plain_wide_line};
#endif

void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows) {
    const enum simd_level level = simd_level();
    if (precision == PRECISION_BF16) {
        bf16_by_level[level](line, pixels * channels, rows);
        return;
    }
    if (low_precision_bytes(precision) == 2) {
        wide_by_level[level](line, pixels, channels, rows);
        return;
    }
    const struct int8_range range = range_by_level[level](line, pixels * channels);
    quantise_function *quantise = bytes_by_level[level];
    const size_t range_at = int8_range_at(channels);
    uint8_t *row = rows;
    for (size_t i = 0; i < pixels; i++, row += range_at + RANGE_BYTES) {
        quantise(&range, line + i * channels, channels, row);
        memcpy(row + range_at, &range, sizeof range);
    }
}

#ifdef SIMD_X86
typedef avx512_vector bf16_vector;
#define KERNEL(name) bf16_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512bf16")
#define KERNEL_WIDTH 16
#define KERNEL_DOT_BF16(sums, x, w) sums = _mm512_dpbf16_ps(sums, (__m512bh)(x), (__m512bh)(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_DOT_BF16

/* (As the compiler's own function the instruction costs a copy of the sums.) */
typedef avx512_vector vnni_vector;
#define KERNEL(name) vnni_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512vnni")
#define KERNEL_DOT_BYTES(sums, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_DOT_BYTES

typedef avx2_vector avxvnni_vector;
#define KERNEL(name) avxvnni_##name
#define KERNEL_TARGET SIMD_TARGET_AVX2
#define KERNEL_WIDTH 8
#define KERNEL_DOT_BYTES(sums, x, w)                                                               \
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(x), "x"(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_DOT_BYTES
#endif

#ifdef SIMD_DOT
typedef plain_vector dot_vector;
#define KERNEL(name) dot_##name
#define KERNEL_TARGET SIMD_TARGET_DOT
#define KERNEL_WIDTH 4
#define KERNEL_SIGNED_BYTES
#define KERNEL_DOT_BYTES(sums, x, w)                                                               \
    sums = (dot_words)vdotq_s32((int32x4_t)(sums), (int8x16_t)(w), (int8x16_t)(x))
#include "infer/low_precision_kernel.h"
#endif

/* Tiles by panels and rows, and the most of both; or runs by their vectors. */
struct low_precision_kernel {
    tile_function *const (*tiles)[TILE_ROWS];
    size_t panels, rows;
    run_function *const *runs; /* by vectors: 1, 2 or 4 */
    size_t width;              /* outputs of a vector */
};

static const struct low_precision_kernel reference_kernel = {.panels = TILE_PANELS,
                                                             .rows = TILE_ROWS};

static struct low_precision_kernel bf16_kernel(void) {
    static tile_function *const(*const tiles[SIMD_LEVELS])[TILE_ROWS] = SIMD_BY_LEVEL(bf16_tiles);
    /* (A row's word stays beside the floats that it is widened to.) */
    static const size_t rows[SIMD_LEVELS] = {PLAIN_ROWS, 4, 5};
    const enum simd_level level = simd_level();
#ifdef SIMD_X86
    if (simd_has_bf16())
        return (struct low_precision_kernel){
            .tiles = bf16_bf16_tiles, .panels = TILE_PANELS, .rows = TILE_ROWS};
#endif
    return (struct low_precision_kernel){.tiles = tiles[level],
                                         .panels = level == SIMD_AVX512 ? TILE_PANELS : 1,
                                         .rows = rows[level]};
}

static struct low_precision_kernel int8_kernel(void) {
#ifdef SIMD_X86
    if (simd_has_avx_vnni())
        return (struct low_precision_kernel){
            .tiles = avxvnni_int8_tiles, .panels = 1, .rows = TILE_ROWS};
    if (simd_level() == SIMD_AVX512)
        return (struct low_precision_kernel){.tiles = simd_has_vnni() ? vnni_int8_tiles
                                                                      : avx512_int8_tiles,
                                             .panels = TILE_PANELS,
                                             .rows = TILE_ROWS};
    if (simd_level() == SIMD_AVX2)
        return (struct low_precision_kernel){.runs = avx2_runs, .width = 8};
#endif
#ifdef SIMD_DOT
    if (simd_has_dot())
        return (struct low_precision_kernel){
            .tiles = dot_int8_tiles, .panels = 1, .rows = PLAIN_ROWS};
#endif
    return (struct low_precision_kernel){.runs = plain_runs, .width = 4};
}

/* Bytes of a number of the output. */
static size_t output_bytes(const struct packed_low_precision *matrix) {
    return matrix->to_activations ? sizeof(uint32_t) / matrix->numbers : sizeof(float);
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

/* The ranges of the rows at the cursor. */
static void take_ranges(const struct low_precision_cursor *cursor,
                        const struct packed_low_precision_product *product, size_t rows,
                        struct low_precision_tile *tile) {
    const uint8_t *at = cursor->input + product->range_at;
    for (size_t r = 0; r < rows; r++, at += product->input_stride) {
        memcpy(&tile->ranges[r], at, sizeof *tile->ranges);
    }
}

/* Points the tile to its rows. */
static void take_rows(struct low_precision_cursor *cursor,
                      const struct packed_low_precision_product *product, size_t rows,
                      struct low_precision_tile *tile) {
    if (product->range_at) take_ranges(cursor, product, rows, tile);
    const uint8_t *input = cursor->input;
    uint8_t *output = cursor->output;
    size_t place = cursor->place;
    tile->residual = cursor->residual;
    if (cursor->residual) cursor->residual += rows * product->output_stride;
    for (size_t r = 0; r < rows; r++) {
        tile->rows[r] = input;
        tile->outputs[r] = output;
        input += product->input_stride;
        output += cursor->row_bytes;
        if (++place < cursor->line) continue;
        place = 0;
        output += cursor->next_line;
    }
    cursor->input = input;
    cursor->output = output;
    cursor->place = place;
}

/* The range of activations. */
static struct int8_range activations_range(const struct packed_low_precision *matrix) {
    const float step = 6 / int8_activation_steps(int8_bytes(matrix));
    return (struct int8_range){.scale = matrix->columns ? 1 : step};
}

/* Multiplies by a few panels, in tiles of nearly equal heights. */
static void multiply_panels(const struct packed_low_precision *matrix,
                            const struct low_precision_kernel *kernel, size_t panel, size_t panels,
                            size_t rows, const struct packed_low_precision_product *product,
                            size_t column) {
    const size_t tiles = (rows + kernel->rows - 1) / kernel->rows;
    const size_t height = rows / tiles, higher = rows % tiles;
    const size_t first = panel * LOW_PRECISION_PANEL;
    struct low_precision_cursor cursor = cursor_new(matrix, product, column);
    struct low_precision_tile tile; /* (Without its arrays, which would be cleared.) */
    tile.words = matrix->words;
    tile.numbers = matrix->numbers;
    tile.panels = matrix->panels + first * matrix->words;
    tile.bias = matrix->bias + first;
    tile.scale = matrix->scale + first;
    tile.offset = matrix->offset + first;
    tile.residual_stride = product->output_stride;
    tile.relu6 = product->relu6;
    tile.to_activations = matrix->to_activations;
    for (size_t r = 0; !product->range_at && r < TILE_ROWS; r++)
        tile.ranges[r] = activations_range(matrix);
    for (size_t i = 0; i < tiles; i++) {
        const size_t some = height + (i < higher);
        take_rows(&cursor, product, some, &tile);
        if (kernel->tiles) {
            kernel->tiles[panels - 1][some - 1](&tile);
        } else {
            reference_tile(matrix->precision, some, panels, &tile);
        }
    }
}

static void multiply_tiles(const struct packed_low_precision *matrix,
                           const struct low_precision_kernel *kernel, size_t panel, size_t panels,
                           size_t rows, const struct packed_low_precision_product *product) {
    for (size_t done = 0; done < panels;) {
        const size_t groups = (panels - done + kernel->panels - 1) / kernel->panels;
        const size_t some = (panels - done + groups - 1) / groups;
        multiply_panels(matrix, kernel, panel + done, some, rows, product,
                        done * LOW_PRECISION_PANEL);
        done += some;
    }
}

/* Multiplies by a few vectors of outputs, from output `column` of the product on. */
static void run_all(const struct packed_low_precision *matrix, run_function *run_rows,
                    struct low_precision_run run, size_t rows, size_t column,
                    const struct packed_low_precision_product *product) {
    const size_t bytes = output_bytes(matrix);
    const size_t line = product->line ? product->line : rows;
    const size_t together = product->range_at ? size_smaller(product->range_rows, line) : line;
    run.residual = product->residual ? product->residual + column : NULL;
    uint8_t *output = (uint8_t *)product->output + column * bytes;
    for (size_t row = 0, place = 0; row < rows; row += run.rows) {
        run.rows = size_smaller(together, size_smaller(line - place, rows - row));
        run.output = output;
        if (product->range_at) memcpy(&run.range, run.input + product->range_at, sizeof run.range);
        run_rows(&run);
        run.input += run.rows * run.input_stride;
        if (run.residual) run.residual += run.rows * run.output_stride;
        output += run.rows * run.output_stride * bytes;
        place += run.rows;
        if (place < line) continue;
        place = 0;
        if (product->line) output += (product->line_stride - line * run.output_stride) * bytes;
    }
}

/* By 4, 2 or 1 vectors of outputs. Vectors of padding are cleared. */
static void multiply_runs(const struct packed_low_precision *matrix,
                          const struct low_precision_kernel *kernel, size_t panel, size_t panels,
                          size_t rows, const struct packed_low_precision_product *product) {
    const size_t width = kernel->width, padded = panels * LOW_PRECISION_PANEL / width;
    size_t all = padded;
    if (!matrix->to_activations)
        all =
            size_smaller(padded, (matrix->used - panel * LOW_PRECISION_PANEL + width - 1) / width);
    for (size_t done = 0, some; done < all; done += some) {
        some = size_smaller(all - done, RUN_VECTORS);
        if (some == RUN_VECTORS - 1) some--;
        const size_t column = done * width;
        const size_t first = panel * LOW_PRECISION_PANEL + column;
        const struct low_precision_run run = {.words = matrix->words,
                                              .input = product->input,
                                              .input_stride = product->input_stride,
                                              .range = activations_range(matrix),
                                              .panels = word_at(matrix, first, 0),
                                              .bias = matrix->bias + first,
                                              .scale = matrix->scale + first,
                                              .offset = matrix->offset + first,
                                              .relu6 = product->relu6,
                                              .to_activations = matrix->to_activations,
                                              .output_stride = product->output_stride,
                                              .cleared = done + some == all ? padded - all : 0};
        run_all(matrix, kernel->runs[some], run, rows, column, product);
    }
}

void packed_low_precision_multiply(const struct packed_low_precision *matrix, size_t panel,
                                   size_t panels, size_t rows,
                                   const struct packed_low_precision_product *product) {
    const struct low_precision_kernel kernel =
        matrix->precision == PRECISION_BF16 ? bf16_kernel() : int8_kernel();
    if (rows == 0) return;
    if (kernel.runs) {
        multiply_runs(matrix, &kernel, panel, panels, rows, product);
    } else {
        multiply_tiles(matrix, &kernel, panel, panels, rows, product);
    }
}

void packed_low_precision_multiply_reference(const struct packed_low_precision *matrix,
                                             size_t panel, size_t panels, size_t rows,
                                             const struct packed_low_precision_product *product) {
    if (rows > 0) multiply_tiles(matrix, &reference_kernel, panel, panels, rows, product);
}
