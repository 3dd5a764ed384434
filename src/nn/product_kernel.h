/* The tiles of product.c for one instruction set (see simd_instances.h), by vectors and rows: two
 * vectors of each of 6 rows (of 12, where there are 32 registers) are summed in registers. */

typedef real KERNEL(numbers) __attribute__((vector_size(KERNEL_WIDTH * sizeof(real))));

/* All bounds but the number of terms are constants where this is inlined. */
KERNEL_TARGET SIMD_INLINE void KERNEL(product_tile)(size_t rows, size_t vectors, bool transposed,
                                                    const struct product_tile *tile) {
    KERNEL(numbers) sums[PRODUCT_ROWS][PRODUCT_VECTORS] = {{{0}}};
    const real *left[PRODUCT_ROWS], *right = tile->right;
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) left[r] = tile->left + r * tile->left_row;
    const real *column = tile->left;
    for (size_t t = 0; t < tile->terms; t++) {
        KERNEL(numbers) weights[PRODUCT_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) SIMD_LOAD(weights[v], right + v * KERNEL_WIDTH);
        SIMD_UNROLL
        for (size_t r = 0; r < rows; r++) {
            const real x = transposed ? column[r] : left[r][t];
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++) sums[r][v] += x * weights[v];
        }
        right += tile->right_row;
        column += tile->left_column;
    }
    const struct product_store *store = &tile->store;
    SIMD_UNROLL
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            KERNEL(numbers) sum = sums[r][v] * store->alpha, added;
            if (store->before) {
                SIMD_LOAD(added, store->before + r * store->before_row + v * KERNEL_WIDTH);
                sum += added * store->beta;
            }
            if (store->residual) {
                SIMD_LOAD(added, store->residual + r * store->row + v * KERNEL_WIDTH);
                sum += added;
            }
            if (store->relu6) {
                const KERNEL(numbers) six = (KERNEL(numbers)){0} + 6;
                const __typeof__(sum < sum) below = sum<0, above = sum> 6;
                const __typeof__(below) passed = (__typeof__(below))sum & ~below & ~above;
                sum = (KERNEL(numbers))(passed | ((__typeof__(below))six & above));
            }
            SIMD_STORE(store->output + r * store->row + v * KERNEL_WIDTH, sum);
        }
    }
}

#define KERNEL_TILE(kind, transposed, width, height)                                               \
    KERNEL_TARGET static void KERNEL(product_##kind##_##width##_##height)(                         \
        const struct product_tile *tile) {                                                         \
        KERNEL(product_tile)(height, width, transposed, tile);                                     \
    }
#if KERNEL_WIDTH == 16
#define KERNEL_HIGHER(kind, transposed, width)                                                     \
    KERNEL_TILE(kind, transposed, width, 7)                                                        \
    KERNEL_TILE(kind, transposed, width, 8)                                                        \
    KERNEL_TILE(kind, transposed, width, 9)                                                        \
    KERNEL_TILE(kind, transposed, width, 10)                                                       \
    KERNEL_TILE(kind, transposed, width, 11)                                                       \
    KERNEL_TILE(kind, transposed, width, 12)
#define KERNEL_HIGHER_NAMES(kind, width)                                                           \
    , KERNEL(product_##kind##_##width##_7), KERNEL(product_##kind##_##width##_8),                  \
        KERNEL(product_##kind##_##width##_9), KERNEL(product_##kind##_##width##_10),               \
        KERNEL(product_##kind##_##width##_11), KERNEL(product_##kind##_##width##_12)
#else
#define KERNEL_HIGHER(kind, transposed, width)
#define KERNEL_HIGHER_NAMES(kind, width)
#endif
#define KERNEL_TILES(kind, transposed, width)                                                      \
    KERNEL_TILE(kind, transposed, width, 1)                                                        \
    KERNEL_TILE(kind, transposed, width, 2)                                                        \
    KERNEL_TILE(kind, transposed, width, 3)                                                        \
    KERNEL_TILE(kind, transposed, width, 4)                                                        \
    KERNEL_TILE(kind, transposed, width, 5)                                                        \
    KERNEL_TILE(kind, transposed, width, 6)                                                        \
    KERNEL_HIGHER(kind, transposed, width)
#define KERNEL_NAMES(kind, width)                                                                  \
    {                                                                                              \
        KERNEL(product_##kind##_##width##_1), KERNEL(product_##kind##_##width##_2),                \
            KERNEL(product_##kind##_##width##_3), KERNEL(product_##kind##_##width##_4),            \
            KERNEL(product_##kind##_##width##_5),                                                  \
            KERNEL(product_##kind##_##width##_6) KERNEL_HIGHER_NAMES(kind, width)                  \
    }

KERNEL_TILES(rows, false, 1)
KERNEL_TILES(rows, false, 2)
KERNEL_TILES(columns, true, 1)
KERNEL_TILES(columns, true, 2)
static product_function *const KERNEL(products)[][PRODUCT_VECTORS][PRODUCT_ROWS] = {
    {KERNEL_NAMES(rows, 1), KERNEL_NAMES(rows, 2)},
    {KERNEL_NAMES(columns, 1), KERNEL_NAMES(columns, 2)}};

#undef KERNEL_TILE
#undef KERNEL_TILES
#undef KERNEL_HIGHER
#undef KERNEL_NAMES
#undef KERNEL_HIGHER_NAMES
