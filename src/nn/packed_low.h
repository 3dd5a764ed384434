/* The products of packed.h in lower precision: bfloat16 numbers, or bytes; both are multiplied four
 * bytes of a row at a time, two numbers or four, and summed in float or in whole numbers. The
 * processor's own instructions (AVX512_BF16, AVX512_VNNI) where it has them, plain C otherwise.
 *
 * Bytes stand for numbers from 0 to 6, which is what ReLU6 leaves: q for q * 6 / 255. Their weights
 * are whole numbers from -127 to 127 with a scale for each output (Jacob et al., Quantization and
 * training of neural networks for efficient integer-arithmetic-only inference, 2018).
 *
 * What a row gives does not depend on the rows beside it. */
#ifndef CAPTION_NN_PACKED_LOW_H
#define CAPTION_NN_PACKED_LOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "nn/bfloat16.h"

enum { PACKED_LOW_PANEL = 16 };

enum packed_low_type { PACKED_LOW_BF16, PACKED_LOW_BYTES, PACKED_LOW_FLOATS };

/* What a byte counts: 255 is 6. */
#define PACKED_LOW_BYTE (6.0F / 255)

struct packed_low {
    enum packed_low_type type; /* of the inputs: BF16 or BYTES */
    size_t outputs, inputs;    /* n, a multiple of PACKED_LOW_PANEL; k */
    size_t groups;             /* of four bytes in a row of k inputs */
    float *bias, *scale;       /* (n); the scale of bytes times weights */
    uint8_t *panels; /* (n / PACKED_LOW_PANEL, groups, PACKED_LOW_PANEL, 4), zeros at first */
};

/* For n outputs, rounded up to whole panels, all zero, in the arena's memory. */
bool packed_low_init(struct packed_low *matrix, enum packed_low_type type, size_t outputs,
                     size_t inputs, struct arena *arena, caption_error *error);

/* Rounds and packs rows first .. first + count - 1 of the weights (n, k): weights (count, k). */
void packed_low_rows(struct packed_low *matrix, size_t first, size_t count, const float *weights);

/* `panels` panels from `panel` on, as a matrix of its own; nothing is copied. */
struct packed_low packed_low_part(const struct packed_low *matrix, size_t panel, size_t panels);

/* Strides are in numbers, from row to row. A row of the input may be read up to a multiple of four
 * bytes; what lies there counts for nothing but must be finite. */
struct packed_low_product {
    const void *input; /* (rows, k) of the matrix's type */
    size_t input_stride;
    const float *residual; /* (rows, n), of the output's stride, added before ReLU6; or NULL */
    bool relu6;            /* always where the output is bytes */
    enum packed_low_type output_type;
    void *output; /* (rows, n) */
    size_t output_stride;
    size_t line, line_stride; /* output rows in lines, as in packed.h; 0: one line */
};

void packed_low_multiply(const struct packed_low *matrix, size_t rows,
                         const struct packed_low_product *product);

/* Whether this processor has the instructions for that type. */
bool packed_low_is_fast(enum packed_low_type type);

/* The same in plain C. Bytes give the same numbers to a rounding of the last step; bfloat16 to the
 * order of the sums. */
void packed_low_multiply_plain(const struct packed_low *matrix, size_t rows,
                               const struct packed_low_product *product);

#endif
