#include "nn/packed.h"

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

bool packed_init(struct packed *matrix, size_t outputs, size_t inputs, caption_error *error) {
    *matrix = (struct packed){.outputs = outputs, .inputs = inputs};
    size_t rows, numbers;
    const bool fits = size_multiply(panel_count(outputs), PACKED_PANEL, &rows) &&
                      size_add(inputs, 1, &numbers) && size_multiply(rows, numbers, &numbers);
    if (!fits) {
        return error_set(error, CAPTION_ERROR_LIMIT, "a matrix of %zu x %zu is too large", outputs,
                         inputs);
    }
    matrix->panels = memory_zeroed(numbers, sizeof(float), "packed weights", error);
    if (!matrix->panels) return false;
    matrix->bias = matrix->panels + rows * inputs;
    return true;
}

void packed_free(struct packed *matrix) {
    free(matrix->panels);
    *matrix = (struct packed){0};
}

void packed_rows(struct packed *matrix, size_t first, size_t count, const float *weights) {
    const size_t k = matrix->inputs;
    float *panel = matrix->panels + first * k;
    for (size_t j = 0; j < k; j++, panel += PACKED_PANEL) {
        for (size_t r = 0; r < count; r++) panel[r] = weights[r * k + j];
    }
}

enum { TILE_ROWS = 6, TILE_PANELS = 4 };

/* A few rows of the product by a few panels. */
struct tile {
    size_t inputs;                /* k */
    const float *rows[TILE_ROWS]; /* of the left matrix */
    const float *panels, *bias;   /* of the right one */
    const float *residual;        /* or NULL; it and the output at the tile's first number */
    size_t residual_stride;
    bool relu6;
    float *output;
    size_t output_stride;
};
typedef void tile_function(const struct tile *tile);

#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
#define PACKED_X86
#include <immintrin.h>

/* 32 registers of 16 floats: 6 x 4 sums, 4 of weights, one of the left matrix. (Where one number of
 * two is none, these give the second. The compiler makes single numbers of a comparison of vectors
 * of this width.) */
#define KERNEL(name) v4_##name
#define KERNEL_TARGET __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#define KERNEL_WIDTH 16
#define KERNEL_PANELS 4
#define KERNEL_RELU6(x) _mm512_min_ps(_mm512_set1_ps(6), _mm512_max_ps(_mm512_setzero_ps(), (x)))
#include "nn/packed_kernel.h"

/* 16 registers of 8 floats: 6 x 2 sums, 2 of weights, one of the left matrix. */
#define KERNEL(name) v3_##name
#define KERNEL_TARGET __attribute__((target("arch=x86-64-v3")))
#define KERNEL_WIDTH 8
#define KERNEL_PANELS 1
#define KERNEL_RELU6(x) _mm256_min_ps(_mm256_set1_ps(6), _mm256_max_ps(_mm256_setzero_ps(), (x)))
#include "nn/packed_kernel.h"
#endif

/* Any x86-64 has 16 registers of 4 floats: 2 x 4 sums. arm64 has 32: 6 x 4. */
#define KERNEL(name) plain_##name
#define KERNEL_TARGET
#define KERNEL_WIDTH 4
#define KERNEL_PANELS 1
#define KERNEL_RELU6(x) plain_relu6(x)
typedef float plain_four __attribute__((vector_size(16)));
SIMD_INLINE plain_four plain_relu6(plain_four x) {
    const plain_four six = {6, 6, 6, 6};
    const __typeof__(x < x) below = x<0, above = x> 6;
    return (plain_four)(((__typeof__(below))x & ~below & ~above) |
                        ((__typeof__(below))six & above));
}
#include "nn/packed_kernel.h"

struct packed_variant {
    const char *name;
    size_t rows, panels;                      /* of the largest tile */
    tile_function *const (*tiles)[TILE_ROWS]; /* [panels - 1][rows - 1] */
};

const struct packed_variant *packed_variant(size_t index) {
#ifdef __aarch64__
    enum { PLAIN_ROWS = 6 };
#else
    enum { PLAIN_ROWS = 2 };
#endif
    static const struct packed_variant plain = {"plain", PLAIN_ROWS, 1, plain_tiles};
#ifdef PACKED_X86
    static const struct packed_variant v4 = {"x86-64-v4", 6, 4, v4_tiles};
    static const struct packed_variant v3 = {"x86-64-v3", 6, 1, v3_tiles};
    if (!__builtin_cpu_supports("x86-64-v4")) index++;
    if (!__builtin_cpu_supports("x86-64-v3")) index++;
    const struct packed_variant *all[] = {&v4, &v3, &plain};
#else
    const struct packed_variant *all[] = {&plain};
#endif
    return index < sizeof all / sizeof *all ? all[index] : NULL;
}

const char *packed_variant_name(const struct packed_variant *variant) {
    return variant->name;
}

/* The next of the shares that `count` is divided into, at most `most` each and as equal as can be:
 * 9 by 4 is 3 + 3 + 3. */
static size_t even_share(size_t count, size_t most) {
    const size_t shares = (count + most - 1) / most;
    return (count + shares - 1) / shares;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* The tile at row `row` and output `column` of the product. */
static struct tile tile_at(const struct packed *matrix, const struct packed_product *product,
                           size_t row, size_t rows, size_t column) {
    struct tile tile = {.inputs = matrix->inputs,
                        .panels = matrix->panels + column * matrix->inputs,
                        .bias = matrix->bias + column,
                        .relu6 = product->relu6,
                        .residual_stride = product->residual_stride,
                        .output = product->output + row * product->output_stride + column,
                        .output_stride = product->output_stride};
    for (size_t r = 0; r < rows; r++) {
        const size_t at = product->gather ? product->gather[row + r] : row + r;
        tile.rows[r] = product->input + at * product->input_stride;
    }
    if (product->residual) {
        tile.residual = product->residual + row * product->residual_stride + column;
    }
    return tile;
}

/* The tile of a last panel that the outputs do not fill: beside a block of the full width. */
static void partial_tile(tile_function *multiply, struct tile *tile, size_t rows, size_t columns) {
    float block[TILE_ROWS * PACKED_PANEL] = {0};
    float *output = tile->output;
    for (size_t r = 0; tile->residual && r < rows; r++) {
        memcpy(block + r * PACKED_PANEL, tile->residual + r * tile->residual_stride,
               columns * sizeof(float));
    }
    if (tile->residual) tile->residual = block;
    tile->output = block;
    const size_t stride = tile->output_stride;
    tile->residual_stride = tile->output_stride = PACKED_PANEL;
    multiply(tile);
    for (size_t r = 0; r < rows; r++) {
        memcpy(output + r * stride, block + r * PACKED_PANEL, columns * sizeof(float));
    }
}

/* Rows first .. end - 1 by `panels` panels from `panel` on. */
static void multiply_panels(const struct packed_variant *variant, const struct packed *matrix,
                            const struct packed_product *product, size_t first, size_t end,
                            size_t panel, size_t panels) {
    const size_t column = panel * PACKED_PANEL;
    for (size_t row = first, rows; row < end; row += rows) {
        rows = even_share(end - row, variant->rows);
        tile_function *multiply = variant->tiles[panels - 1][rows - 1];
        struct tile tile = tile_at(matrix, product, row, rows, column);
        if (column + panels * PACKED_PANEL <= matrix->outputs) {
            multiply(&tile);
        } else {
            partial_tile(multiply, &tile, rows, matrix->outputs - column);
        }
    }
}

void packed_multiply_by(const struct packed_variant *variant, const struct packed *matrix,
                        size_t rows, const struct packed_product *product) {
    const size_t whole = matrix->outputs / PACKED_PANEL,
                 most = BLOCK_NUMBERS / (matrix->inputs + 1);
    const size_t block = most > BLOCK_MIN_ROWS ? most : BLOCK_MIN_ROWS;
    for (size_t row = 0, end; row < rows; row = end) {
        end = row + smaller(rows - row, block);
        for (size_t panel = 0, panels; panel < whole; panel += panels) {
            panels = even_share(whole - panel, variant->panels);
            multiply_panels(variant, matrix, product, row, end, panel, panels);
        }
        if (whole * PACKED_PANEL == matrix->outputs) continue;
        multiply_panels(variant, matrix, product, row, end, whole, 1);
    }
}

void packed_multiply(const struct packed *matrix, size_t rows,
                     const struct packed_product *product) {
    packed_multiply_by(packed_variant(0), matrix, rows, product);
}
