#include "nn/packed_low.h"

#include <math.h>

#include "base/memory.h"
#include "nn/packed_low_tile.h"

/* Rows are multiplied a block at a time, by all panels, so that the block stays in the cache. */
enum { BLOCK_BYTES = 256 * 1024, BLOCK_MIN_ROWS = 48, GROUP = 4 };

static size_t number_bytes(enum packed_low_type type) {
    static const size_t bytes[] = {
        [PACKED_LOW_BF16] = 2, [PACKED_LOW_BYTES] = 1, [PACKED_LOW_FLOATS] = 4};
    return bytes[type];
}

bool packed_low_init(struct packed_low *matrix, enum packed_low_type type, size_t outputs,
                     size_t inputs, struct arena *arena, caption_error *error) {
    static const char what[] = "packed weights";
    const size_t in_group = GROUP / number_bytes(type);
    *matrix = (struct packed_low){.type = type, .inputs = inputs};
    size_t bytes;
    if (!size_add(outputs, PACKED_LOW_PANEL - 1, &matrix->outputs) ||
        !size_add(inputs, in_group - 1, &matrix->groups)) {
        return error_memory(error, what);
    }
    matrix->outputs -= matrix->outputs % PACKED_LOW_PANEL;
    matrix->groups /= in_group;
    if (!size_multiply(matrix->outputs, GROUP, &bytes)) return error_memory(error, what);
    matrix->panels = arena_take(arena, matrix->groups, bytes, what, error);
    matrix->bias = arena_take(arena, matrix->outputs, sizeof(float), what, error);
    matrix->scale = arena_take(arena, matrix->outputs, sizeof(float), what, error);
    return matrix->panels && matrix->bias && matrix->scale;
}

static uint8_t *panel_at(const struct packed_low *matrix, size_t output) {
    return matrix->panels + output / PACKED_LOW_PANEL * matrix->groups * PACKED_LOW_PANEL * GROUP +
           output % PACKED_LOW_PANEL * GROUP;
}

/* Pairs of numbers of a panel's rows, some at a time: rounded row by row, then written in the order
 * in which they lie. */
static void pack_bf16(struct packed_low *matrix, size_t first, size_t count, const float *weights) {
    enum { SOME = 64 };
    const size_t k = matrix->inputs;
    bfloat16 rounded[PACKED_LOW_PANEL][SOME] = {{0}};
    uint8_t *place = panel_at(matrix, first);
    for (size_t j = 0; j < k; j += SOME) {
        const size_t some = k - j < SOME ? k - j : SOME;
        for (size_t r = 0; r < count; r++) {
            bfloat16_from_floats(weights + r * k + j, some, rounded[r]);
            if (some % 2) rounded[r][some] = 0;
        }
        for (size_t i = 0; i < some; i += 2, place += PACKED_LOW_PANEL * GROUP) {
            for (size_t r = 0; r < count; r++) memcpy(place + r * GROUP, &rounded[r][i], GROUP);
        }
    }
}

static void pack_bytes(struct packed_low *matrix, size_t output, const float *weights) {
    uint8_t *place = panel_at(matrix, output);
    float largest = 0;
    for (size_t j = 0; j < matrix->inputs; j++) largest = fmaxf(largest, fabsf(weights[j]));
    matrix->scale[output] = largest / 127 * PACKED_LOW_BYTE;
    if (largest <= 0) return;
    for (size_t j = 0; j < matrix->inputs; j++) {
        const int8_t rounded = (int8_t)lrintf(weights[j] / largest * 127);
        memcpy(place + j / GROUP * PACKED_LOW_PANEL * GROUP + j % GROUP, &rounded, sizeof rounded);
    }
}

void packed_low_rows(struct packed_low *matrix, size_t first, size_t count, const float *weights) {
    if (matrix->type == PACKED_LOW_BF16) {
        pack_bf16(matrix, first, count, weights);
        return;
    }
    for (size_t r = 0; r < count; r++) pack_bytes(matrix, first + r, weights + r * matrix->inputs);
}

struct packed_low packed_low_part(const struct packed_low *matrix, size_t panel, size_t panels) {
    struct packed_low part = *matrix;
    const size_t first = panel * PACKED_LOW_PANEL;
    part.outputs = panels * PACKED_LOW_PANEL;
    part.bias += first;
    part.scale += first;
    part.panels += first * matrix->groups * GROUP;
    return part;
}

bool packed_low_is_fast(enum packed_low_type type) {
    return packed_low_tiles(type, PACKED_LOW_FLOATS) != NULL;
}

/* The next of the shares that `count` is divided into, at most `most` each and as equal as can be.
 */
static size_t even_share(size_t count, size_t most) {
    const size_t shares = (count + most - 1) / most;
    return (count + shares - 1) / shares;
}

/* The tile at row `row` and output `column`. */
static struct packed_low_tile tile_at(const struct packed_low *matrix,
                                      const struct packed_low_product *product, size_t row,
                                      size_t rows, size_t column) {
    const size_t in = number_bytes(matrix->type), out = number_bytes(product->output_type);
    struct packed_low_tile tile = {.groups = matrix->groups,
                                   .panels = matrix->panels + column * matrix->groups * GROUP,
                                   .panel_bytes = matrix->groups * PACKED_LOW_PANEL * GROUP,
                                   .bias = matrix->bias + column,
                                   .scale = matrix->scale + column,
                                   .relu6 = product->relu6,
                                   .residual_stride = product->output_stride};
    if (product->residual) {
        tile.residual = product->residual + row * product->output_stride + column;
    }
    const size_t line = product->line ? row / product->line : 0;
    size_t place = product->line ? row % product->line : row;
    char *lines = (char *)product->output + (line * product->line_stride + column) * out;
    for (size_t r = 0; r < rows; r++, place++) {
        tile.rows[r] = (const char *)product->input + (row + r) * product->input_stride * in;
        if (product->line && place == product->line) {
            place = 0;
            lines += product->line_stride * out;
        }
        tile.outputs[r] = lines + place * product->output_stride * out;
    }
    return tile;
}

static void multiply_with(packed_low_tile_table *tiles, const struct packed_low *matrix,
                          size_t rows, const struct packed_low_product *product) {
    const size_t most = BLOCK_BYTES / (matrix->groups * GROUP + 1);
    const size_t block = most > BLOCK_MIN_ROWS ? most : BLOCK_MIN_ROWS;
    const size_t all = matrix->outputs / PACKED_LOW_PANEL;
    for (size_t begin = 0; begin < rows; begin += block) {
        const size_t end = rows - begin < block ? rows : begin + block;
        for (size_t panel = 0, panels; panel < all; panel += panels) {
            panels = even_share(all - panel, PACKED_LOW_TILE_PANELS);
            for (size_t row = begin, some; row < end; row += some) {
                some = even_share(end - row, PACKED_LOW_TILE_ROWS);
                const struct packed_low_tile tile =
                    tile_at(matrix, product, row, some, panel * PACKED_LOW_PANEL);
                tiles[panels - 1][some - 1](&tile);
            }
        }
    }
}

/* One number of the product before ReLU6. */
static float number_at(const struct packed_low *matrix, const void *row, size_t output) {
    const uint8_t *panel = panel_at(matrix, output);
    if (matrix->type == PACKED_LOW_BYTES) {
        int32_t sum = 0;
        for (size_t j = 0; j < matrix->inputs; j++) {
            const int8_t weight = (int8_t)panel[j / GROUP * PACKED_LOW_PANEL * GROUP + j % GROUP];
            sum += ((const uint8_t *)row)[j] * weight;
        }
        return (float)sum * matrix->scale[output] + matrix->bias[output];
    }
    float sum = matrix->bias[output];
    for (size_t j = 0; j < matrix->inputs; j++) {
        bfloat16 weight;
        memcpy(&weight, panel + j / 2 * PACKED_LOW_PANEL * GROUP + j % 2 * sizeof weight,
               sizeof weight);
        sum += bfloat16_to_float(((const bfloat16 *)row)[j]) * bfloat16_to_float(weight);
    }
    return sum;
}

static float relu6(float x) {
    return x < 0 ? 0 : x > 6 ? 6 : x;
}

static void store(enum packed_low_type type, float number, void *output, size_t place) {
    if (type == PACKED_LOW_FLOATS) ((float *)output)[place] = number;
    if (type == PACKED_LOW_BF16) ((bfloat16 *)output)[place] = bfloat16_from_float(number);
    if (type == PACKED_LOW_BYTES) {
        ((uint8_t *)output)[place] = (uint8_t)lrintf(relu6(number) * (1 / PACKED_LOW_BYTE));
    }
}

void packed_low_multiply_plain(const struct packed_low *matrix, size_t rows,
                               const struct packed_low_product *product) {
    for (size_t row = 0; row < rows; row++) {
        const struct packed_low_tile place = tile_at(matrix, product, row, 1, 0);
        for (size_t i = 0; i < matrix->outputs; i++) {
            float number = number_at(matrix, place.rows[0], i);
            if (product->residual) number += place.residual[i];
            if (product->relu6) number = relu6(number);
            store(product->output_type, number, place.outputs[0], i);
        }
    }
}

void packed_low_multiply(const struct packed_low *matrix, size_t rows,
                         const struct packed_low_product *product) {
    packed_low_tile_table *tiles = packed_low_tiles(matrix->type, product->output_type);
    if (tiles) {
        multiply_with(tiles, matrix, rows, product);
    } else {
        packed_low_multiply_plain(matrix, rows, product);
    }
}
