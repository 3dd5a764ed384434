#include <string.h>

#include "base/memory.h"
#include "nn/blas.h"

/* Sums of a tile in registers: this many vectors of each row. PRODUCT_ROWS: the most at any level.
 */
enum { PRODUCT_VECTORS = 2, PRODUCT_ROWS = 12 };

/* The terms of a block, and its columns of the right matrix, which are copied in the order in which
 * they are read and stay in the first cache. */
enum { BLOCK_TERMS = 256, BLOCK_COLUMNS = 32 };

/* Rows up to which the right matrix is read where it lies, if its rows are dense: copying it would
 * take as long as a tenth of the product. */
enum { ROWS_IN_PLACE = 40 };

/* What becomes of a tile's sums: output = alpha sum + beta before + residual, through ReLU6. */
struct product_store {
    real alpha, beta;
    const real *before; /* NULL: none */
    size_t before_row;  /* from row to row */
    const real *residual;
    bool relu6;
    real *output;
    size_t row; /* from row to row of output and residual */
};

/* A few rows of the left matrix by a few columns of the right one. Element (r, t) of the left one
 * is left[r * left_row + t * left_column], where one of the two is 1. */
struct product_tile {
    size_t terms;
    const real *left, *right;
    size_t left_row, left_column, right_row;
    struct product_store store;
};
typedef void product_function(const struct product_tile *tile);

#define KERNEL_FILE "nn/product_kernel.h"
#include "base/simd_instances.h"

/* By level: [transposed][vectors - 1][rows - 1]; floats of a vector, rows of a tile. */
typedef product_function *const (*product_table)[PRODUCT_VECTORS][PRODUCT_ROWS];
static const product_table products_of[SIMD_LEVELS] = SIMD_BY_LEVEL(products);
static const size_t width_of[SIMD_LEVELS] = {4, 8, 16};
static const size_t rows_of[SIMD_LEVELS] = {6, 6, PRODUCT_ROWS};

/* Copies (terms, columns) of the right matrix to a panel of `width` columns; the others are 0. */
static void pack_panel(const struct product_view *right, size_t terms, size_t columns, size_t width,
                       real *panel) {
    if (columns < width) memset(panel, 0, terms * width * sizeof(real));
    if (right->column == 1) {
        for (size_t t = 0; t < terms; t++) {
            const real *row = right->values + t * right->row;
            __builtin_prefetch(row + width); /* of the next panel */
            memcpy(panel + t * width, row, columns * sizeof(real));
        }
        return;
    }
    const bool dense = right->row == 1;
    const size_t quads = dense ? columns - columns % SIMD_QUAD : 0,
                 whole = terms - terms % SIMD_QUAD;
    for (size_t t = 0; t < whole; t += SIMD_QUAD) {
        for (size_t c = 0; c < quads; c += SIMD_QUAD) {
            simd_transpose_quad(right->values + c * right->column + t, right->column,
                                panel + t * width + c, width);
        }
    }
    for (size_t t = 0; t < terms; t++) {
        for (size_t c = t < whole ? quads : 0; c < columns; c++) {
            panel[t * width + c] = right->values[t * right->row + c * right->column];
        }
    }
}

/* A tile that has fewer columns than its vectors hold: what it reads and stores is in a copy. */
static void partial_tile(product_function *multiply, struct product_tile tile, size_t rows,
                         size_t columns) {
    enum { WIDEST = PRODUCT_VECTORS * 16 };
    real before[PRODUCT_ROWS * WIDEST] = {0}, residual[PRODUCT_ROWS * WIDEST] = {0},
                               output[PRODUCT_ROWS * WIDEST];
    const struct product_store store = tile.store;
    for (size_t r = 0; r < rows; r++) {
        if (store.before) {
            memcpy(before + r * WIDEST, store.before + r * store.before_row,
                   columns * sizeof(real));
        }
        if (store.residual) {
            memcpy(residual + r * WIDEST, store.residual + r * store.row, columns * sizeof(real));
        }
    }
    if (store.before) tile.store.before = before;
    if (store.residual) tile.store.residual = residual;
    tile.store.before_row = tile.store.row = WIDEST;
    tile.store.output = output;
    multiply(&tile);
    for (size_t r = 0; r < rows; r++) {
        memcpy(store.output + r * store.row, output + r * WIDEST, columns * sizeof(real));
    }
}

/* A block of terms of a panel of columns. */
struct product_panel {
    const struct product *product;
    size_t term, terms, column, columns;
    const real *right;
    size_t right_row;
};

/* What the first block begins with, what the last one adds. */
static struct product_store store_of(const struct product_panel *panel) {
    const struct product *p = panel->product;
    const bool first = panel->term == 0, last = panel->term + panel->terms == p->k;
    struct product_store store = {.alpha = p->alpha,
                                  .beta = first && !p->bias ? p->beta : 1,
                                  .before = p->output + panel->column,
                                  .before_row = p->row,
                                  .output = p->output + panel->column,
                                  .row = p->row};
    if (first && p->bias) {
        store.before = p->bias + panel->column;
        store.before_row = 0;
    } else if (first && p->beta == 0) {
        store.before = NULL;
    }
    if (last && p->residual) store.residual = p->residual + panel->column;
    store.relu6 = last && p->relu6;
    return store;
}

/* All rows, in tiles whose heights are as equal as can be. */
static void multiply_panel(enum simd_level level, const struct product_panel *panel) {
    const struct product *p = panel->product;
    const bool transposed = p->left.column != 1;
    const size_t vectors = panel->columns > width_of[level] ? 2 : 1;
    product_function *const *functions = products_of[level][transposed][vectors - 1];
    const size_t tiles = (p->m + rows_of[level] - 1) / rows_of[level];
    const size_t height = p->m / tiles, higher = p->m % tiles;
    struct product_tile tile = {.terms = panel->terms,
                                .left = p->left.values + panel->term * p->left.column,
                                .left_row = p->left.row,
                                .left_column = p->left.column,
                                .right = panel->right,
                                .right_row = panel->right_row,
                                .store = store_of(panel)};
    for (size_t i = 0; i < tiles; i++) {
        const size_t rows = height + (i < higher);
        if (panel->columns == vectors * width_of[level]) {
            functions[rows - 1](&tile);
        } else {
            partial_tile(functions[rows - 1], tile, rows, panel->columns);
        }
        tile.left += rows * tile.left_row;
        tile.store.output += rows * tile.store.row;
        if (tile.store.before) tile.store.before += rows * tile.store.before_row;
        if (tile.store.residual) tile.store.residual += rows * tile.store.row;
    }
}

void product_by(enum simd_level level, const struct product *p) {
    if (p->m == 0 || p->n == 0) return;
    const size_t width = PRODUCT_VECTORS * width_of[level];
    _Alignas(64) real copy[BLOCK_TERMS * BLOCK_COLUMNS];
    size_t term = 0;
    do {
        struct product_panel panel = {
            .product = p, .term = term, .terms = size_smaller(BLOCK_TERMS, p->k - term)};
        for (size_t column = 0; column < p->n; column += width) {
            panel.column = column;
            panel.columns = size_smaller(width, p->n - column);
            const struct product_view right = {p->right.values + term * p->right.row +
                                                   column * p->right.column,
                                               p->right.row, p->right.column};
            if (p->m <= ROWS_IN_PLACE && right.column == 1 &&
                panel.columns % width_of[level] == 0) {
                panel.right = right.values;
                panel.right_row = right.row;
            } else {
                panel.right = copy;
                panel.right_row = width;
                pack_panel(&right, panel.terms, panel.columns, width, copy);
            }
            multiply_panel(level, &panel);
        }
        term += panel.terms;
    } while (term < p->k);
}

void product(const struct product *p) {
    product_by(simd_level(), p);
}
