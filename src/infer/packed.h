/* Matrix products for inference: a weight matrix is packed once, in the order in which the product
 * reads it, and used many times; bias, residual and ReLU6 are applied in the store. (A general BLAS
 * packs both matrices anew for every product.) The layout and the loops are those of Goto and van
 * de Geijn, Anatomy of high-performance matrix multiplication, 2008, with the left matrix used in
 * place.
 *
 *     struct packed matrix;
 *     if (!packed_init(&matrix, outputs, inputs, &arena, error)) ...
 *     for (size_t i = 0; i < outputs; i += PACKED_PANEL) packed_rows(&matrix, i, count, weights);
 *     memcpy(matrix.bias, bias, outputs * sizeof(float));
 *     packed_multiply(&matrix, rows, &(struct packed_product){.input = ..., .output = ...});
 *
 * Every number is bias + x_0 w_0 + x_1 w_1 + ... in this order (then + residual), independent of
 * the other rows: a row's result is the same to the last bit alone and in any batch. Once filled, a
 * matrix is only read, and may be used by many threads.
 *
 * Weights that are F16 (IEEE 754 binary16) in the file can stay F16, in half the memory. They are
 * converted to float as the product needs them: for few rows in registers, for many a part at a
 * time in a buffer that stays in the first-level cache. The products are the same to the last bit.
 */
#ifndef CAPTION_INFER_PACKED_H
#define CAPTION_INFER_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/simd_level.h"

enum { PACKED_PANEL = 16 }; /* outputs packed side by side */

struct packed {
    size_t outputs, inputs; /* n, k */
    float *bias;            /* (n), zeros at first, then zeros up to a whole panel */
    float *panels;          /* (ceil(n / PACKED_PANEL), k, PACKED_PANEL), zeros at first */
    uint16_t *halves;       /* the same in F16, instead: one of the two is NULL */
};

/* Takes zeroed panels and bias from the arena. */
bool packed_init(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                 caption_error *error);

/* The same for weights that are all finite F16 numbers: stored as F16 if the processor can convert
 * them to float, else as floats. */
bool packed_init_halves(struct packed *matrix, size_t outputs, size_t inputs, struct arena *arena,
                        caption_error *error);

/* Packs rows first .. first + count - 1 of the weights (n, k), the rows of a panel (count <=
 * PACKED_PANEL, first a multiple of it): weights (count, k). */
void packed_rows(struct packed *matrix, size_t first, size_t count, const float *weights);

/* Some of the outputs, `panels` panels from `panel` on, as a separate matrix. Nothing is copied,
 * and nothing needs to be freed. */
struct packed packed_part(const struct packed *matrix, size_t panel, size_t panels);

/* Operands and result of a product. Strides are in floats, from row to row. */
struct packed_product {
    const float *input; /* (rows, k) */
    size_t input_stride;
    const size_t *gather;  /* [rows]: the row of `input` that each row is; NULL: row by row */
    const float *residual; /* (rows, n), added before ReLU6; NULL: none. May be the output, unless
                              the weights are F16. */
    size_t residual_stride;
    bool relu6;
    float *output; /* (rows, n) */
    size_t output_stride;
    /* Where the output is a map with a border, its rows come in lines of `line`, the first rows of
     * two lines line_stride apart; 0: one line. */
    size_t line, line_stride;
};

/* output = input weights' + bias + residual, through ReLU6. */
void packed_multiply(const struct packed *matrix, size_t rows,
                     const struct packed_product *product);

/* packed_multiply with a given instruction set, which this processor must have; for tests and
 * benchmarks. All give the same numbers to a rounding. */
void packed_multiply_by(enum simd_level level, const struct packed *matrix, size_t rows,
                        const struct packed_product *product);

#endif
