#include "nn/packed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/simd.h"

/* Rows are multiplied a block at a time, by all panels, so that the block stays in the second-level
 * cache beside a panel (in floats); but by no fewer rows than make reading the panel worth while.
 */
enum { BLOCK_NUMBERS = 64 * 1024, BLOCK_MIN_ROWS = 48 };

static size_t panel_count(size_t outputs) {
    return outputs / PACKED_PANEL + (outputs % PACKED_PANEL != 0);
}

bool packed_init(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                 caption_error *error) {
    *matrix = (struct packed){.outputs = outputs, .inputs = inputs};
    size_t rows, numbers;
    const bool fits = size_multiply(panel_count(outputs), PACKED_PANEL, &rows) &&
                      size_add(inputs, 1, &numbers) && size_multiply(rows, numbers, &numbers);
    if (!fits) {
        return error_set(error, CAPTION_ERROR_LIMIT, "a matrix of %zu x %zu is too large", outputs,
                         inputs);
    }
    matrix->panels = arena_take(arena, numbers, sizeof(float), "packed weights", error);
    if (!matrix->panels) return false;
    matrix->bias = matrix->panels + rows * inputs;
    return true;
}

enum { QUAD = 4 };
typedef float quad __attribute__((vector_size(QUAD * sizeof(float))));

/* Four numbers of four rows as four columns. */
static void transpose_quad(const float *rows, size_t stride, float *out) {
    quad a, b, c, d;
    memcpy(&a, rows, sizeof a);
    memcpy(&b, rows + stride, sizeof b);
    memcpy(&c, rows + 2 * stride, sizeof c);
    memcpy(&d, rows + 3 * stride, sizeof d);
    const quad ac = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    const quad bd = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    const quad ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const quad bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    const quad columns[QUAD] = {__builtin_shufflevector(ac, bd, 0, 4, 1, 5),
                                __builtin_shufflevector(ac, bd, 2, 6, 3, 7),
                                __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5),
                                __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7)};
    for (size_t j = 0; j < QUAD; j++) memcpy(out + j * PACKED_PANEL, &columns[j], sizeof(quad));
}

void packed_rows(struct packed *matrix, size_t first, size_t count, const float *weights) {
    const size_t k = matrix->inputs;
    float *panel = matrix->panels + first * k;
    const size_t whole = count == PACKED_PANEL ? k - k % QUAD : 0;
    for (size_t j = 0; j < whole; j += QUAD) {
        for (size_t r = 0; r < PACKED_PANEL; r += QUAD) {
            transpose_quad(weights + r * k + j, k, panel + j * PACKED_PANEL + r);
        }
    }
    for (size_t j = whole; j < k; j++) {
        for (size_t r = 0; r < count; r++) panel[j * PACKED_PANEL + r] = weights[r * k + j];
    }
}

struct packed packed_part(const struct packed *matrix, size_t panel, size_t panels) {
    const size_t first = panel * PACKED_PANEL;
    return (struct packed){.outputs = size_smaller(panels * PACKED_PANEL, matrix->outputs - first),
                           .inputs = matrix->inputs,
                           .bias = matrix->bias + first,
                           .panels = matrix->panels + first * matrix->inputs};
}

enum { TILE_ROWS = 6, TILE_PANELS = 4 };

/* A few rows of the product by a few panels. */
struct tile {
    size_t inputs;                /* k */
    const float *rows[TILE_ROWS]; /* of the left matrix */
    const float *panels, *bias;   /* of the right one */
    const float *residual;        /* or NULL; of the tile's first number */
    size_t residual_stride;
    bool relu6;
    float *outputs[TILE_ROWS]; /* where each row goes */
};
typedef void tile_function(const struct tile *tile);

#define KERNEL_FILE "nn/packed_kernel.h"
#include "nn/simd_instances.h"

/* By level: the tiles, and how large they are. */
typedef tile_function *const (*tile_table)[TILE_ROWS]; /* [panels - 1][rows - 1] */
static const tile_table tiles_of[SIMD_LEVELS] = SIMD_BY_LEVEL(tiles);
static const size_t panels_of[SIMD_LEVELS] = {1, 1, TILE_PANELS};
#ifdef __aarch64__
static const size_t rows_of[SIMD_LEVELS] = {5};
#else
static const size_t rows_of[SIMD_LEVELS] = {2, TILE_ROWS, TILE_ROWS};
#endif

/* The tile of a last panel that the outputs do not fill: beside a block of the full width. */
static void partial_tile(tile_function *multiply, const struct tile *tile, size_t rows,
                         size_t columns) {
    float block[TILE_ROWS][PACKED_PANEL] = {{0}};
    struct tile part = *tile;
    for (size_t r = 0; r < rows; r++) {
        if (tile->residual) {
            memcpy(block[r], tile->residual + r * tile->residual_stride, columns * sizeof(float));
        }
        part.outputs[r] = block[r];
    }
    if (tile->residual) part.residual = block[0];
    part.residual_stride = PACKED_PANEL;
    multiply(&part);
    for (size_t r = 0; r < rows; r++) {
        memcpy(tile->outputs[r], block[r], columns * sizeof(float));
    }
}

/* Where the rows of the next tiles lie, one after the other: no division for each. */
struct cursor {
    size_t row;
    size_t place, line; /* of the row within its line of the output; SIZE_MAX: there are no lines */
    size_t next_line;   /* from the end of a line to the next */
    float *output;
};

static struct cursor cursor_at(const struct packed_product *product, size_t row, size_t column) {
    struct cursor cursor = {.row = row, .place = row, .line = SIZE_MAX};
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

/* Points the tile to its rows. */
static void take_rows(struct cursor *cursor, const struct packed_product *product, size_t rows,
                      size_t column, struct tile *tile) {
    if (product->residual) {
        tile->residual = product->residual + cursor->row * product->residual_stride + column;
    }
    for (size_t r = 0; r < rows; r++) {
        const size_t from = product->gather ? product->gather[cursor->row] : cursor->row;
        tile->rows[r] = product->input + from * product->input_stride;
        tile->outputs[r] = cursor->output;
        cursor->row++;
        cursor->output += product->output_stride;
        if (++cursor->place < cursor->line) continue;
        cursor->place = 0;
        cursor->output += cursor->next_line;
    }
}

/* Rows first .. end - 1 by `panels` panels from `panel` on, in tiles whose heights are as equal as
 * can be. */
static void multiply_panels(enum simd_level level, const struct packed *matrix,
                            const struct packed_product *product, size_t first, size_t end,
                            size_t panel, size_t panels) {
    const size_t column = panel * PACKED_PANEL;
    const size_t tiles = (end - first + rows_of[level] - 1) / rows_of[level];
    const size_t height = (end - first) / tiles, higher = (end - first) % tiles;
    struct tile tile = {.inputs = matrix->inputs,
                        .panels = matrix->panels + column * matrix->inputs,
                        .bias = matrix->bias + column,
                        .relu6 = product->relu6,
                        .residual_stride = product->residual_stride};
    struct cursor cursor = cursor_at(product, first, column);
    for (size_t i = 0; i < tiles; i++) {
        const size_t rows = height + (i < higher);
        tile_function *multiply = tiles_of[level][panels - 1][rows - 1];
        take_rows(&cursor, product, rows, column, &tile);
        if (column + panels * PACKED_PANEL <= matrix->outputs) {
            multiply(&tile);
        } else {
            partial_tile(multiply, &tile, rows, matrix->outputs - column);
        }
    }
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
            multiply_panels(level, matrix, product, row, end, panel, panels);
        }
        if (whole * PACKED_PANEL == matrix->outputs) continue;
        multiply_panels(level, matrix, product, row, end, whole, 1);
    }
}

void packed_multiply(const struct packed *matrix, size_t rows,
                     const struct packed_product *product) {
    packed_multiply_by(simd_level_best(), matrix, rows, product);
}
