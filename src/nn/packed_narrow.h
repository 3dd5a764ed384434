/* packed.h's matrix products in numbers narrower than float: pairs of bfloat16 or fours of bytes,
 * 32 bits either way, are multiplied by as many weights and added to one sum, which takes the
 * processor one instruction (AVX512_BF16's vdpbf16ps, AVX512_VNNI's vpdpbusd); elsewhere plain
 * loops compute the same. Sums are float for bfloat16, 32-bit integers for bytes.
 *
 * Weights as bytes have a scale for each output, the left matrix as narrow.h says. A row's result
 * does not depend on the rows beside it; of bytes it is the same on any processor up to the last
 * roundings. */
#ifndef CAPTION_NN_PACKED_NARROW_H
#define CAPTION_NN_PACKED_NARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "nn/precision.h"

enum { NARROW_PANEL = 16 }; /* outputs that are packed side by side */

struct packed_narrow {
    enum precision precision;
    bool to_activations;   /* outputs are narrow activations behind ReLU6, otherwise floats */
    size_t outputs, words; /* n, a multiple of NARROW_PANEL; ceil(k / numbers in a word) */
    float *bias;      /* (n), zeros at first; in units of the outputs' steps, as the next two */
    float *scale;     /* (n), of bytes: what a product of integers counts for */
    float *offset;    /* (n), of bytes: the sum of a row's weights */
    uint32_t *panels; /* (n / NARROW_PANEL, words, NARROW_PANEL) */
};

/* Takes from the arena, zeroed, a matrix of PRECISION_BF16 or PRECISION_INT8. `outputs` is a
 * multiple of NARROW_PANEL; of bytes there are at most NARROW_MOST_INPUTS inputs. */
enum { NARROW_MOST_INPUTS = 1 << 16 }; /* the sums do not overflow */
bool packed_narrow_init(struct packed_narrow *matrix, enum precision precision, bool to_activations,
                        size_t outputs, size_t inputs, struct arena *arena, caption_error *error);

/* Rounds and packs outputs first .. first + count - 1 of the matrix, those of a panel (count <=
 * NARROW_PANEL, first a multiple of it): weights (count, k). Their biases are in matrix->bias. */
void packed_narrow_rows(struct packed_narrow *matrix, size_t first, size_t count, size_t inputs,
                        const float *weights);

struct packed_narrow_product {
    const void *input;   /* (rows, words) */
    size_t input_stride; /* in bytes */
    size_t range_at;     /* in bytes: where in a row of bytes its range lies (see narrow.h); 0: the
                            rows are activations */
    const float *residual; /* (rows, n) of the output's stride, added; NULL: none. May be the output
                              where that is floats, of a matrix without ReLU6. */
    bool relu6;
    void *output;             /* (rows, n): floats, or activations */
    size_t output_stride;     /* in numbers */
    size_t line, line_stride; /* see packed.h */
};

/* Outputs of `panels` panels from `panel` on. */
void packed_narrow_multiply(const struct packed_narrow *matrix, size_t panel, size_t panels,
                            size_t rows, const struct packed_narrow_product *product);

/* Whether this processor has the instruction; without it packed_narrow_multiply is slow. */
bool packed_narrow_fast(enum precision precision);

/* packed_narrow_multiply by the plain loops, for tests. */
void packed_narrow_multiply_reference(const struct packed_narrow *matrix, size_t panel,
                                      size_t panels, size_t rows,
                                      const struct packed_narrow_product *product);

#endif
