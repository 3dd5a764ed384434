#include "nn/plain_product.h"

#include "base/simd.h"

/* A tile of C, TILE_ROWS x TILE_COLUMNS, is summed in registers. A block of B is copied once for
 * all rows of A and stays in the first cache. */
enum {
    TILE_ROWS = 4,
    TILE_VECTORS = 2,
    TILE_COLUMNS = TILE_VECTORS * SIMD_WIDTH,
    BLOCK_TILES = 2,
    BLOCK_COLUMNS = BLOCK_TILES * TILE_COLUMNS,
    BLOCK_TERMS = 256
};

/* The terms of a block in the order in which they are read; what is outside of the matrices is 0.
 */
struct product_block {
    real a[BLOCK_TERMS][TILE_ROWS];
    real b[BLOCK_TILES][BLOCK_TERMS][TILE_COLUMNS];
};

/* The part of C that a tile covers. */
struct product_tile {
    size_t rows, columns;
    real *values;
    size_t row;
};

SIMD_INLINE size_t at_most(size_t a, size_t b) {
    return a < b ? a : b;
}

SIMD_INLINE void pack_rows(struct product_block *packed, const struct product_view *a, size_t rows,
                           size_t terms) {
    for (size_t t = 0; t < terms; t++) {
        for (size_t r = 0; r < TILE_ROWS; r++) {
            packed->a[t][r] = r < rows ? a->values[r * a->row + t * a->column] : 0;
        }
    }
}

SIMD_INLINE void pack_columns(struct product_block *packed, const struct product_view *b,
                              size_t terms, size_t columns) {
    for (size_t t = 0; t < terms; t++) {
        for (size_t c = 0; c < BLOCK_COLUMNS; c++) {
            packed->b[c / TILE_COLUMNS][t][c % TILE_COLUMNS] =
                c < columns ? b->values[t * b->row + c * b->column] : 0;
        }
    }
}

/* C += alpha A B for a tile. */
SIMD_INLINE void add_tile(const struct product_block *packed, size_t tile_number, size_t terms,
                          real alpha, const struct product_tile *c) {
    simd_real sums[TILE_ROWS][TILE_VECTORS] = {{{0}}};
    const real(*b)[TILE_COLUMNS] = packed->b[tile_number];
    for (size_t t = 0; t < terms; t++) {
        simd_real right[TILE_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < TILE_VECTORS; v++) SIMD_LOAD(right[v], b[t] + v * SIMD_WIDTH);
        SIMD_UNROLL
        for (size_t r = 0; r < TILE_ROWS; r++) {
            SIMD_UNROLL
            for (size_t v = 0; v < TILE_VECTORS; v++) sums[r][v] += packed->a[t][r] * right[v];
        }
    }
    real out[TILE_ROWS][TILE_COLUMNS];
    SIMD_UNROLL
    for (size_t r = 0; r < TILE_ROWS; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < TILE_VECTORS; v++) SIMD_STORE(out[r] + v * SIMD_WIDTH, sums[r][v]);
    }
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t i = 0; i < c->columns; i++) c->values[r * c->row + i] += alpha * out[r][i];
    }
}

/* C += alpha A B for at most BLOCK_TERMS terms and BLOCK_COLUMNS columns. */
SIMD_KERNEL(static, void, add_block,
            (struct product_block * packed, struct product_view a, struct product_view b, size_t m,
             size_t columns, size_t terms, real alpha, real *c, size_t ldc),
            (packed, a, b, m, columns, terms, alpha, c, ldc)) {
    pack_columns(packed, &b, terms, columns);
    for (size_t row = 0; row < m; row += TILE_ROWS) {
        const size_t rows = at_most(TILE_ROWS, m - row);
        const struct product_view part = {a.values + row * a.row, a.row, a.column};
        pack_rows(packed, &part, rows, terms);
        for (size_t first = 0; first < columns; first += TILE_COLUMNS) {
            const struct product_tile tile = {rows, at_most(TILE_COLUMNS, columns - first),
                                              c + row * ldc + first, ldc};
            add_tile(packed, first / TILE_COLUMNS, terms, alpha, &tile);
        }
    }
}

/* C = beta C. As in BLAS, beta 0 overwrites C, even NaN. */
static void scale(size_t m, size_t n, real beta, real *c, size_t ldc) {
    for (size_t row = 0; row < m; row++) {
        for (size_t column = 0; column < n; column++) {
            real *value = &c[row * ldc + column];
            *value = beta == 0 ? 0 : beta * *value;
        }
    }
}

void plain_product(size_t m, size_t n, size_t k, real alpha, struct product_view a,
                   struct product_view b, real beta, real *c, size_t ldc) {
    scale(m, n, beta, c, ldc);
    struct product_block packed;
    for (size_t term = 0; term < k; term += BLOCK_TERMS) {
        const size_t terms = at_most(BLOCK_TERMS, k - term);
        const struct product_view left = {a.values + term * a.column, a.row, a.column};
        for (size_t column = 0; column < n; column += BLOCK_COLUMNS) {
            const size_t columns = at_most(BLOCK_COLUMNS, n - column);
            const struct product_view right = {b.values + term * b.row + column * b.column, b.row,
                                               b.column};
            add_block(&packed, left, right, m, columns, terms, alpha, c + column, ldc);
        }
    }
}
