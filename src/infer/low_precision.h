/* Low-precision numbers for inference, bfloat16, int16 and int8, and matrix products of them.
 *
 * bfloat16 is the upper half of a float, rounded to nearest, to even.
 *
 * An int8 number is a count of steps in a byte, which has 255; an int16 number takes two bytes and
 * has 4095 steps, which sums of 32 bits allow. A line of a map has a range, from its smallest and
 * largest number: the value of number 0 and the size of a step.
 *
 * Activations after ReLU6 lie in 0..6, so they need no calibration. In all precisions depthwise
 * convolution reads counts of 32767 steps, 16 bits each. What it computes has a number of steps of
 * its own for each channel (depthwise.h), and is stored in the precision's type. */
#ifndef CAPTION_INFER_LOW_PRECISION_H
#define CAPTION_INFER_LOW_PRECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* The number types of the large products of inference. */
enum precision {
    PRECISION_F32,
    PRECISION_BF16,  /* bfloat16, the upper half of a float */
    PRECISION_INT16, /* whole numbers of 16 bits with a scale */
    PRECISION_INT8   /* the same of 8 bits */
};

/* The precision, but int16 for int8 where the processor does not multiply bytes. */
enum precision precision_native(enum precision precision);

/* The fastest type on this processor with nearly the same captions as float: int16, with 99 % of
 * them, where there are instructions for it, else float. It is never int8, which changes one
 * caption in nine (with equal scores). */
enum precision precision_best(void);

/* The type of the decoder's products beside that of the encoder: float or bfloat16. */
enum precision precision_of_decoder(enum precision encoder);

/* x = offset + scale * number */
struct whole_range {
    float scale, offset;
};

/* The largest number of a line of a map, and of the activations that depthwise convolution reads,
 * of which it is 6. */
enum { INT8_STEPS = 255, INT16_STEPS = 4095, WIDE_ACTIVATION = INT16_MAX };

static inline uint16_t float_to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bf16_to_float(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bytes of a number. */
static inline size_t low_precision_bytes(enum precision precision) {
    return precision == PRECISION_INT8 ? 1 : 2;
}

/* Bytes of a row of `channels` numbers, a multiple of 16, as the left matrix of a product: of whole
 * numbers the row's range follows them, at low_precision_range_at. */
size_t low_precision_row_bytes(enum precision precision, size_t channels);
size_t low_precision_range_at(enum precision precision, size_t channels);

/* Converts a line of `pixels` rows of floats to rows of a product. */
void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows);

/* Matrix products as packed.h's, in low precision: two numbers of 16 bits or four of 8, one 32-bit
 * word, are multiplied by as many weights and added to one sum by one instruction (AVX512_BF16's
 * vdpbf16ps, AVX512_VNNI's and AVX_VNNI's vpdpbusd and vpdpwssd, arm64's sdot). On other processors
 * bfloat16 numbers are widened to floats, and int16 takes pmaddwd and an addition, or smlal; for
 * int8 there are loops in C. (The product of bytes that all have, pmaddubsw, saturates.) int16's
 * weights use as many of 16 bits as the sums allow. Sums are float for bfloat16, 32-bit integers
 * for int16 and int8, and do not overflow.
 *
 * Whole weights have a scale for each output; the left matrix has the numbers described above. A
 * row's result does not depend on the other rows; of whole numbers it is the same, up to the last
 * roundings, on all processors. */
enum { LOW_PRECISION_PANEL = 16 }; /* outputs packed side by side */

struct packed_low_precision {
    enum precision precision;
    bool to_activations;   /* outputs are activations of two bytes after ReLU6, otherwise floats */
    size_t numbers;        /* in a word: 2 or, int8, 4 */
    size_t outputs, words; /* n, a multiple of LOW_PRECISION_PANEL; ceil(k / numbers) */
    size_t used; /* of the outputs, all at first; the others are padding, and may not be computed */
    const int16_t *columns; /* (k): the steps of the left matrix's columns, which are activations in
                               bfloat16 or int16; NULL: it is something else */
    float *bias;      /* (n), zeros at first; in units of the outputs' steps, as the next two */
    float *scale;     /* (n): the value of an integer product of 1 */
    float *offset;    /* (n): the sum of a row's whole weights */
    uint32_t *panels; /* (n / LOW_PRECISION_PANEL, words, LOW_PRECISION_PANEL) */
};

/* Takes a zeroed matrix of low precision from the arena. `outputs` is a multiple of
 * LOW_PRECISION_PANEL; whole numbers allow at most WHOLE_MOST_INPUTS inputs. */
enum { WHOLE_MOST_INPUTS = 1 << 16 }; /* the sums do not overflow */
bool packed_low_precision_init(struct packed_low_precision *matrix, enum precision precision,
                               bool to_activations, size_t outputs, size_t inputs,
                               struct arena *arena, caption_error *error);

/* Rounds and packs outputs first .. first + count - 1 of the matrix, those of a panel (count <=
 * LOW_PRECISION_PANEL, first a multiple of it): weights (count, k). Their biases are in
 * matrix->bias, and matrix->columns is set where there are any. */
void packed_low_precision_rows(struct packed_low_precision *matrix, size_t first, size_t count,
                               size_t inputs, const float *weights);

struct packed_low_precision_product {
    const void *input;     /* (rows, words) */
    size_t input_stride;   /* in bytes */
    size_t range_at;       /* in bytes: offset of the range in a row of whole
                              numbers; 0: the rows are activations */
    size_t range_rows;     /* rows that share a range: those of a line of a map */
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
