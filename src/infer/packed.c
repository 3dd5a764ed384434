#include "infer/packed.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd.h"
#include "infer/low_precision.h"

/* Rows are multiplied a block at a time, by all panels, so that the block stays in the second-level
 * cache beside a panel (in floats); but with enough rows to be worth reading the panel. */
enum { BLOCK_NUMBERS = 64 * 1024, BLOCK_MIN_ROWS = 48 };

enum { TILE_ROWS = 6, TILE_PANELS = 4 };

/* Inputs of F16 weights converted to float at a time: four panels of them fit the first-level
 * cache. */
enum { PART_INPUTS = 128 };

/* A few rows of the product by a few panels. */
struct packed_tile {
    size_t inputs;                /* k */
    const float *rows[TILE_ROWS]; /* of the left matrix */
    const float *panels, *bias;   /* of the right one */
    const uint16_t *halves;       /* in place of `panels`, for the tiles of F16 */
    bool goes_on;                 /* the sums start from the outputs, not from the bias */
    const float *residual;        /* or NULL; of the tile's first number */
    size_t residual_stride;
    bool relu6;
    float *outputs[TILE_ROWS]; /* where each row goes */
};
typedef void tile_function(const struct packed_tile *tile);

/* Numbers of F16 to floats and back, a multiple of PACKED_PANEL. */
typedef void widen_function(const uint16_t *halves, size_t count, float *floats);
typedef void to_halves_function(const float *floats, size_t count, uint16_t *halves);

#define KERNEL_FILE "infer/packed_kernel.h"
#include "base/simd_instances.h"

/* By level: the tiles and their sizes. */
typedef tile_function *const (*tile_table)[TILE_ROWS]; /* [panels - 1][rows - 1] */
static const tile_table tiles_of[SIMD_LEVELS] = SIMD_BY_LEVEL(tiles);
static const size_t panels_of[SIMD_LEVELS] = {1, 1, TILE_PANELS};
#ifdef __aarch64__
static const size_t rows_of[SIMD_LEVELS] = {5};
#else
static const size_t rows_of[SIMD_LEVELS] = {3, TILE_ROWS, TILE_ROWS};
#endif

/* By level: what F16 weights need, or NULL. */
#ifdef SIMD_X86
static const tile_table halves_tiles_of[SIMD_LEVELS] = {NULL, avx2_halves_tiles,
                                                        avx512_halves_tiles};
/* Rows up to which they are converted in the tiles, by each anew: the processor has units to spare
 * for that. With more rows they are converted once for all tiles, in a buffer. */
static const size_t direct_rows_of[SIMD_LEVELS] = {0, 8 * TILE_ROWS, 2 * TILE_ROWS};
static widen_function *const widen_of[SIMD_LEVELS] = {NULL, avx2_widen, avx512_widen};
static to_halves_function *const to_halves_of[SIMD_LEVELS] = {NULL, avx2_to_halves,
                                                              avx512_to_halves};
#else
static const tile_table halves_tiles_of[SIMD_LEVELS] = {NULL};
static const size_t direct_rows_of[SIMD_LEVELS] = {0};
static widen_function *const widen_of[SIMD_LEVELS] = {NULL};
static to_halves_function *const to_halves_of[SIMD_LEVELS] = {NULL};
#endif

static size_t panel_count(size_t outputs) {
    return outputs / PACKED_PANEL + (outputs % PACKED_PANEL != 0);
}

/* Initialises all but the panels; *numbers is their size. */
static bool init(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                 size_t *numbers, caption_error *error) {
    *matrix = (struct packed){.outputs = outputs, .inputs = inputs};
    size_t rows;
    if (!size_multiply(panel_count(outputs), PACKED_PANEL, &rows) ||
        !size_multiply(rows, inputs, numbers)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "a matrix of %zu x %zu is too large", outputs,
                         inputs);
    }
    matrix->bias = arena_take(arena, rows, sizeof *matrix->bias, "packed weights", error);
    return matrix->bias != NULL;
}

bool packed_init(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                 caption_error *error) {
    size_t numbers;
    if (!init(matrix, outputs, inputs, arena, &numbers, error)) return false;
    matrix->panels = arena_take(arena, numbers, sizeof *matrix->panels, "packed weights", error);
    return matrix->panels != NULL;
}

bool packed_init_halves(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                        caption_error *error) {
    if (!widen_of[simd_level()]) return packed_init(matrix, outputs, inputs, arena, error);
    size_t numbers;
    if (!init(matrix, outputs, inputs, arena, &numbers, error)) return false;
    matrix->halves = arena_take(arena, numbers, sizeof *matrix->halves, "packed weights", error);
    return matrix->halves != NULL;
}

/* Columns first .. end - 1 of `count` rows of k weights. */
static void transpose(size_t count, size_t k, size_t first, size_t end, const float *weights,
                      float *panel) {
    const size_t whole = count == PACKED_PANEL ? (end - first) - (end - first) % SIMD_QUAD : 0;
    weights += first;
    for (size_t j = 0; j < whole; j += SIMD_QUAD) {
        for (size_t r = 0; r < PACKED_PANEL; r += SIMD_QUAD) {
            simd_transpose_quad(weights + r * k + j, k, panel + j * PACKED_PANEL + r, PACKED_PANEL);
        }
    }
    for (size_t j = whole; j < end - first; j++) {
        for (size_t r = 0; r < count; r++) panel[j * PACKED_PANEL + r] = weights[r * k + j];
    }
}

void packed_rows(struct packed *matrix, size_t first, size_t count, const float *weights) {
    const size_t k = matrix->inputs;
    if (!matrix->halves) {
        transpose(count, k, 0, k, weights, matrix->panels + first * k);
        return;
    }
    to_halves_function *to_halves = to_halves_of[simd_level()];
    float panel[PART_INPUTS * PACKED_PANEL] = {0};
    for (size_t from = 0; from < k; from += PART_INPUTS) {
        const size_t end = from + size_smaller(k - from, PART_INPUTS);
        transpose(count, k, from, end, weights, panel);
        to_halves(panel, (end - from) * PACKED_PANEL,
                  matrix->halves + first * k + from * PACKED_PANEL);
    }
}

struct packed packed_part(const struct packed *matrix, size_t panel, size_t panels) {
    const size_t first = panel * PACKED_PANEL;
    return (struct packed){
        .outputs = size_smaller(panels * PACKED_PANEL, matrix->outputs - first),
        .inputs = matrix->inputs,
        .bias = matrix->bias + first,
        .panels = matrix->panels ? matrix->panels + first * matrix->inputs : NULL,
        .halves = matrix->halves ? matrix->halves + first * matrix->inputs : NULL};
}

/* The tile of a last panel that the outputs do not fill: beside a block of the full width. */
static void partial_tile(tile_function *multiply, const struct packed_tile *tile, size_t rows,
                         size_t columns) {
    float block[TILE_ROWS][PACKED_PANEL] = {{0}}, sums[TILE_ROWS][PACKED_PANEL] = {{0}};
    struct packed_tile part = *tile;
    for (size_t r = 0; r < rows; r++) {
        if (tile->residual) {
            memcpy(block[r], tile->residual + r * tile->residual_stride, columns * sizeof(float));
        }
        if (tile->goes_on) memcpy(sums[r], tile->outputs[r], columns * sizeof(float));
        part.outputs[r] = sums[r];
    }
    if (tile->residual) part.residual = block[0];
    part.residual_stride = PACKED_PANEL;
    multiply(&part);
    for (size_t r = 0; r < rows; r++) {
        memcpy(tile->outputs[r], sums[r], columns * sizeof(float));
    }
}

/* A cursor over the rows of the next tiles, which avoids a division for each. */
struct packed_cursor {
    size_t row;
    size_t place, line; /* of the row within its line of the output; SIZE_MAX: there are no lines */
    size_t next_line;   /* from the end of a line to the next */
    float *output;
};

static struct packed_cursor cursor_at(const struct packed_product *product, size_t row,
                                      size_t column) {
    struct packed_cursor cursor = {.row = row, .place = row, .line = SIZE_MAX};
    cursor.output = product->output + column;
    if (product->line) {
        cursor.line = product->line;
        cursor.place = row % product->line;
        cursor.output += row / product->line * product->line_stride;
        cursor.next_line = product->line_stride - product->line * product->output_stride;
    }
    cursor.output += cursor.place * product->output_stride;
    return cursor;
}

/* Moves on by rows of one line; at its end, to the next line. */
static void cursor_move(struct packed_cursor *cursor, const struct packed_product *product,
                        size_t rows) {
    cursor->row += rows;
    cursor->output += rows * product->output_stride;
    cursor->place += rows;
    if (cursor->place < cursor->line) return;
    cursor->place = 0;
    cursor->output += cursor->next_line;
}

/* Points the tile to its rows, from input `from` on. */
static void take_rows(struct packed_cursor *cursor, const struct packed_product *product,
                      size_t rows, size_t column, size_t from, struct packed_tile *tile) {
    if (tile->residual) {
        tile->residual = product->residual + cursor->row * product->residual_stride + column;
    }
    if (!product->gather && cursor->place + rows <= cursor->line) {
        const float *input = product->input + cursor->row * product->input_stride + from;
        for (size_t r = 0; r < rows; r++) {
            tile->rows[r] = input + r * product->input_stride;
            tile->outputs[r] = cursor->output + r * product->output_stride;
        }
        cursor_move(cursor, product, rows);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        const size_t row = product->gather ? product->gather[cursor->row] : cursor->row;
        tile->rows[r] = product->input + row * product->input_stride + from;
        tile->outputs[r] = cursor->output;
        cursor_move(cursor, product, 1);
    }
}

/* Rows first .. end - 1 by `panels` panels from `panel` on, their inputs from .. to - 1, which lie
 * in `weights` or `halves`. */
struct share {
    size_t first, end, panel, panels, from, to;
    const float *weights;
    const uint16_t *halves; /* NULL: floats */
};

/* In tiles whose heights are as equal as can be. */
static void multiply_inputs(enum simd_level level, const struct packed *matrix,
                            const struct packed_product *product, const struct share *share) {
    const tile_table table = share->halves ? halves_tiles_of[level] : tiles_of[level];
    const size_t column = share->panel * PACKED_PANEL, count = share->end - share->first;
    const size_t tiles = (count + rows_of[level] - 1) / rows_of[level];
    const size_t height = count / tiles, higher = count % tiles;
    const bool last = share->to == matrix->inputs;
    struct packed_tile tile = {.inputs = share->to - share->from,
                               .panels = share->weights,
                               .halves = share->halves,
                               .bias = matrix->bias + column,
                               .goes_on = share->from > 0,
                               .relu6 = last && product->relu6,
                               .residual = last ? product->residual : NULL,
                               .residual_stride = product->residual_stride};
    struct packed_cursor cursor = cursor_at(product, share->first, column);
    for (size_t i = 0; i < tiles; i++) {
        const size_t rows = height + (i < higher);
        tile_function *multiply = table[share->panels - 1][rows - 1];
        take_rows(&cursor, product, rows, column, share->from, &tile);
        if (column + share->panels * PACKED_PANEL <= matrix->outputs) {
            multiply(&tile);
        } else {
            partial_tile(multiply, &tile, rows, matrix->outputs - column);
        }
    }
}

/* A share with F16 weights, one part of the inputs after the other: storing and reloading a sum
 * does not change it. */
static void multiply_halves(enum simd_level level, const struct packed *matrix,
                            const struct packed_product *product, struct share *share) {
    const size_t panel = matrix->inputs * PACKED_PANEL;
    const uint16_t *halves = matrix->halves + share->panel * panel;
    if (share->end - share->first <= direct_rows_of[level]) {
        share->halves = halves;
        multiply_inputs(level, matrix, product, share);
        return;
    }
    widen_function *widen = widen_of[simd_level()];
    float part[TILE_PANELS * PART_INPUTS * PACKED_PANEL];
    share->weights = part;
    share->to = 0;
    do {
        share->from = share->to;
        share->to += size_smaller(matrix->inputs - share->from, PART_INPUTS);
        const size_t numbers = (share->to - share->from) * PACKED_PANEL;
        for (size_t i = 0; i < share->panels; i++) {
            widen(halves + i * panel + share->from * PACKED_PANEL, numbers, part + i * numbers);
        }
        multiply_inputs(level, matrix, product, share);
    } while (share->to < matrix->inputs);
}

static void multiply_share(enum simd_level level, const struct packed *matrix,
                           const struct packed_product *product, struct share share) {
    share.to = matrix->inputs;
    if (matrix->halves) {
        multiply_halves(level, matrix, product, &share);
        return;
    }
    share.weights = matrix->panels + share.panel * PACKED_PANEL * matrix->inputs;
    multiply_inputs(level, matrix, product, &share);
}

/* The next of the shares that `count` is divided into, at most `most` each and as equal as can be:
 * 9 by 4 is 3 + 3 + 3. */
static size_t even_share(size_t count, size_t most) {
    const size_t shares = (count + most - 1) / most;
    return (count + shares - 1) / shares;
}

void packed_multiply_by(enum simd_level level, const struct packed *matrix, size_t rows,
                        const struct packed_product *product) {
    const size_t whole = matrix->outputs / PACKED_PANEL,
                 most = BLOCK_NUMBERS / (matrix->inputs + 1);
    const size_t block = most > BLOCK_MIN_ROWS ? most : BLOCK_MIN_ROWS;
    for (size_t row = 0, end; row < rows; row = end) {
        end = row + size_smaller(rows - row, block);
        for (size_t panel = 0, panels; panel < whole; panel += panels) {
            panels = even_share(whole - panel, panels_of[level]);
            multiply_share(
                level, matrix, product,
                (struct share){.first = row, .end = end, .panel = panel, .panels = panels});
        }
        if (whole * PACKED_PANEL == matrix->outputs) continue;
        multiply_share(level, matrix, product,
                       (struct share){.first = row, .end = end, .panel = whole, .panels = 1});
    }
}

void packed_multiply(const struct packed *matrix, size_t rows,
                     const struct packed_product *product) {
    packed_multiply_by(simd_level(), matrix, rows, product);
}
