/* packed.h's matrix products in low precision: two bfloat16 or four int8 numbers, one 32-bit word,
 * are multiplied by as many weights and added to one sum by one instruction (AVX512_BF16's
 * vdpbf16ps, AVX512_VNNI's and AVX_VNNI's vpdpbusd, arm64's sdot). On other processors bfloat16
 * numbers are widened to floats, and a word has two int8 numbers, of 16 bits each, for pmaddwd or
 * smlal (the product of bytes, pmaddubsw, saturates): numbers then have 12 bits, and weights use as
 * many of the 16 as the sums allow, which makes nearly all captions those of float. Sums are float
 * for bfloat16, 32-bit integers for int8, and do not overflow.
 *
 * int8 weights have a scale for each output; low_precision.h describes the left matrix. A row's
 * result does not depend on the other rows; for int8 it is the same, up to the last roundings, on
 * all processors that multiply bytes, and on all that do not. */
#ifndef CAPTION_INFER_PACKED_LOW_PRECISION_H
#define CAPTION_INFER_PACKED_LOW_PRECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "infer/low_precision.h"

enum { LOW_PRECISION_PANEL = 16 }; /* outputs packed side by side */

struct packed_low_precision {
    enum precision precision;
    bool to_activations;   /* outputs are low-precision activations after ReLU6, otherwise floats */
    size_t numbers;        /* in a word: 2 or, int8 only, 4 */
    size_t outputs, words; /* n, a multiple of LOW_PRECISION_PANEL; ceil(k / numbers) */
    float *bias;      /* (n), zeros at first; in units of the outputs' steps, as the next two */
    float *scale;     /* (n), int8: the value of an integer product of 1 */
    float *offset;    /* (n), int8: the sum of a row's weights */
    uint32_t *panels; /* (n / LOW_PRECISION_PANEL, words, LOW_PRECISION_PANEL) */
};

/* Takes a zeroed matrix of PRECISION_BF16 or PRECISION_INT8 from the arena. `outputs` is a multiple
 * of LOW_PRECISION_PANEL; int8 allows at most INT8_MOST_INPUTS inputs. */
enum { INT8_MOST_INPUTS = 1 << 16 }; /* the sums do not overflow */
bool packed_low_precision_init(struct packed_low_precision *matrix, enum precision precision,
                               bool to_activations, size_t outputs, size_t inputs,
                               struct arena *arena, caption_error *error);

/* Rounds and packs outputs first .. first + count - 1 of the matrix, those of a panel (count <=
 * LOW_PRECISION_PANEL, first a multiple of it): weights (count, k). Their biases are in
 * matrix->bias. */
void packed_low_precision_rows(struct packed_low_precision *matrix, size_t first, size_t count,
                               size_t inputs, const float *weights);

struct packed_low_precision_product {
    const void *input;   /* (rows, words) */
    size_t input_stride; /* in bytes */
    size_t range_at; /* in bytes: offset of the range in an int8 row (see low_precision.h); 0: the
                        rows are activations */
    const float *residual; /* (rows, n) with the output's stride, added; NULL: none. May be the
                              output if that is floats and the matrix has no ReLU6. */
    bool relu6;
    void *output;             /* (rows, n): floats, or activations */
    size_t output_stride;     /* in numbers */
    size_t line, line_stride; /* see packed.h */
};

/* Outputs of `panels` panels from `panel` on. */
void packed_low_precision_multiply(const struct packed_low_precision *matrix, size_t panel,
                                   size_t panels, size_t rows,
                                   const struct packed_low_precision_product *product);

/* packed_low_precision_multiply by the reference loops, for tests. */
void packed_low_precision_multiply_reference(const struct packed_low_precision *matrix,
                                             size_t panel, size_t panels, size_t rows,
                                             const struct packed_low_precision_product *product);

#endif
