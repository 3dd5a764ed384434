#include "infer/low_precision.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd.h"
#include "base/simd_level.h"

/* Space after the bytes: a range, and padding that aligns rows to 16. */
enum { RANGE_BYTES = 16 };

size_t low_precision_range_at(enum precision precision, size_t channels) {
    return channels * low_precision_bytes(precision);
}

size_t low_precision_row_bytes(enum precision precision, size_t channels) {
    return low_precision_range_at(precision, channels) +
           (precision == PRECISION_BF16 ? 0 : RANGE_BYTES);
}

/* AMD Zen 4 issues products of bfloat16 pairs as often as products of floats. Intel Sapphire
 * Rapids issues a quarter as many, which makes bfloat16 products take twice as long as float
 * products. */
static bool pairs_pay(void) {
#ifdef SIMD_X86
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

enum precision precision_native(enum precision precision) {
    return precision == PRECISION_INT8 && !simd_multiplies_bytes() ? PRECISION_INT16 : precision;
}

enum precision precision_best(void) {
#ifdef SIMD_X86
    return PRECISION_INT16;
#else
    return PRECISION_F32;
#endif
}

enum precision precision_of_decoder(enum precision encoder) {
    if (encoder != PRECISION_INT16) return encoder == PRECISION_F32 ? encoder : PRECISION_BF16;
    return simd_has_bf16() && pairs_pay() ? PRECISION_BF16 : PRECISION_F32;
}

bool packed_low_precision_init(struct packed_low_precision *matrix, enum precision precision,
                               bool to_activations, size_t outputs, size_t inputs,
                               struct arena *arena, caption_error *error) {
    const size_t in_a_word = sizeof(uint32_t) / low_precision_bytes(precision);
    const size_t words = inputs / in_a_word + (inputs % in_a_word > 0);
    *matrix = (struct packed_low_precision){.precision = precision,
                                            .to_activations = to_activations,
                                            .numbers = in_a_word,
                                            .outputs = outputs,
                                            .used = outputs,
                                            .words = words};
    size_t rows, numbers;
    const bool fits = size_add(words, 3, &rows) && size_multiply(outputs, rows, &numbers);
    if (!fits || (precision != PRECISION_BF16 && inputs > WHOLE_MOST_INPUTS)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "a matrix of %zu x %zu is too large", outputs,
                         inputs);
    }
    matrix->panels = arena_take(arena, numbers, sizeof(uint32_t), "packed weights", error);
    if (!matrix->panels) return false;
    matrix->bias = (float *)(matrix->panels + outputs * words);
    matrix->scale = matrix->bias + outputs;
    matrix->offset = matrix->scale + outputs;
    return true;
}

/* Index of word `j` of a row of weights. */
static uint32_t *word_at(const struct packed_low_precision *matrix, size_t row, size_t j) {
    return matrix->panels + row / LOW_PRECISION_PANEL * matrix->words * LOW_PRECISION_PANEL +
           j * LOW_PRECISION_PANEL + row % LOW_PRECISION_PANEL;
}

/* Columns have steps (see column_step), and outputs a unit. The rounding error of a weight is
 * carried to the next one of the row, so that errors cancel in a sum over inputs of similar size. A
 * photo's features, which are means over a map, are then closer to those in float. */
SIMD_INLINE void pack_bf16(uint32_t *panel, size_t rows, size_t inputs, const float *weights,
                           const int16_t *columns, float unit) {
    float carried[LOW_PRECISION_PANEL] = {0};
    for (size_t i = 0; i < inputs; i++) {
        uint32_t *words = panel + i / 2 * LOW_PRECISION_PANEL;
        const float scale = columns ? unit * 6 / columns[i] : unit, back = 1 / scale;
        for (size_t r = 0; r < rows; r++) {
            const float exact = weights[r * inputs + i];
            const uint32_t rounded = float_to_bf16((exact + carried[r]) * scale);
            carried[r] += exact - bf16_to_float((uint16_t)rounded) * back;
            words[r] |= rounded << i % 2 * 16;
        }
    }
}

/* Rounds a whole panel's rows side by side, in vectors: within one row every weight depends on the
 * one before. */
SIMD_KERNEL(static, void, pack_panel_bf16,
            (uint32_t * panel, size_t rows, size_t inputs, const float *weights,
             const int16_t *columns, float unit),
            (panel, rows, inputs, weights, columns, unit)) {
    if (rows == LOW_PRECISION_PANEL) {
        pack_bf16(panel, LOW_PRECISION_PANEL, inputs, weights, columns, unit);
    } else {
        pack_bf16(panel, rows, inputs, weights, columns, unit);
    }
}

/* The largest of whole numbers. */
static float most_of(enum precision precision) {
    return precision == PRECISION_INT8 ? INT8_STEPS : INT16_STEPS;
}

/* Steps of input `i`, and the value of one of them, or of one of a line. */
static float column_steps(const struct packed_low_precision *matrix, size_t i) {
    return matrix->columns ? matrix->columns[i] : most_of(matrix->precision);
}

static float column_step(const struct packed_low_precision *matrix, size_t i) {
    return matrix->columns ? 6.0F / matrix->columns[i] : 1;
}

/* What an output of 1 is. */
static float output_unit(const struct packed_low_precision *matrix) {
    return matrix->to_activations ? WIDE_ACTIVATION / 6.0F : 1;
}

/* Of each row its largest weight, and that in steps: 127, or with 16 bits what a sum of products
 * allows, whatever the numbers are. (A weight is rounded by a step at most, and floats have 24
 * bits.) */
SIMD_INLINE void find_largest(const struct packed_low_precision *matrix, size_t rows, size_t inputs,
                              const float *weights, float *most, float *largest) {
    double sums[LOW_PRECISION_PANEL] = {0}, allowed = INT32_MAX;
    for (size_t r = 0; r < rows; r++) most[r] = 0;
    for (size_t i = 0; i < inputs; i++) {
        const float step = column_step(matrix, i);
        const double steps = (double)column_steps(matrix, i);
        allowed -= 1.01 * steps;
        for (size_t r = 0; r < rows; r++) {
            const float size = fabsf(weights[r * inputs + i] * step);
            most[r] = size > most[r] ? size : most[r];
            sums[r] += (double)size * steps;
        }
    }
    for (size_t r = 0; r < rows; r++) {
        const double fit = sums[r] > 0 ? allowed * (double)most[r] / sums[r] : 1;
        largest[r] = (float)(int32_t)(fit < INT16_MAX ? fit : INT16_MAX);
        if (matrix->precision == PRECISION_INT8) largest[r] = INT8_MAX;
    }
}

/* Between -most and most, which is also what no number becomes. */
SIMD_INLINE int32_t to_whole(float x, int32_t most) {
    x = x < (float)most ? x : (float)most;
    return (int32_t)(x > -(float)most ? x : -(float)most);
}

SIMD_INLINE int32_t bounded(int32_t x, int32_t most) {
    x = x < most ? x : most;
    return x > -most ? x : -most;
}

/* The error is carried in the same way, in fractions of a step: whole numbers, so that weights are
 * the same on all processors. `alike`: the columns have the same steps. */
SIMD_INLINE void pack_whole(const struct packed_low_precision *matrix, size_t first, size_t rows,
                            size_t inputs, const float *weights, bool alike) {
    enum { ONE = 1 << 15, MOST = 1 << 30, MOST_CARRIED = 1 << 29 };
    float most[LOW_PRECISION_PANEL], largest[LOW_PRECISION_PANEL], scale[LOW_PRECISION_PANEL];
    int32_t carried[LOW_PRECISION_PANEL] = {0}, sums[LOW_PRECISION_PANEL] = {0};
    find_largest(matrix, rows, inputs, weights, most, largest);
    for (size_t r = 0; r < rows; r++) scale[r] = most[r] > 0 ? largest[r] / most[r] * ONE : 0;
    const size_t in_a_word = matrix->numbers, bits = 32 / in_a_word;
    const uint32_t mask = UINT32_MAX >> (32 - bits);
    float before = column_steps(matrix, 0);
    for (size_t i = 0; i < inputs; i++) {
        uint32_t *words = word_at(matrix, first, i / in_a_word);
        const float steps = column_steps(matrix, i), step = column_step(matrix, i);
        const float ratio = before / steps;
        before = steps;
        for (size_t r = 0; r < rows; r++) {
            const float exact = weights[r * inputs + i] * step * scale[r];
            if (!alike) carried[r] = to_whole((float)carried[r] * ratio, MOST_CARRIED);
            const int32_t sum = to_whole(exact, MOST) + carried[r];
            const int32_t rounded = bounded((sum + ONE / 2) >> 15, (int32_t)largest[r]);
            carried[r] = bounded(sum - rounded * ONE, MOST_CARRIED);
            sums[r] += rounded;
            words[r] |= ((uint32_t)rounded & mask) << i % in_a_word * bits;
        }
    }
    for (size_t r = 0; r < rows; r++) {
        matrix->scale[first + r] = most[r] / largest[r] * output_unit(matrix);
        matrix->offset[first + r] = (float)sums[r] * matrix->scale[first + r];
    }
}

SIMD_KERNEL(static, void, pack_panel_whole,
            (const struct packed_low_precision *matrix, size_t first, size_t rows, size_t inputs,
             const float *weights),
            (matrix, first, rows, inputs, weights)) {
    if (rows < LOW_PRECISION_PANEL) {
        pack_whole(matrix, first, rows, inputs, weights, false);
    } else if (matrix->columns) {
        pack_whole(matrix, first, LOW_PRECISION_PANEL, inputs, weights, false);
    } else {
        pack_whole(matrix, first, LOW_PRECISION_PANEL, inputs, weights, true);
    }
}

void packed_low_precision_rows(struct packed_low_precision *matrix, size_t first, size_t count,
                               size_t inputs, const float *weights) {
    const float unit = output_unit(matrix);
    for (size_t r = 0; r < count; r++) matrix->bias[first + r] *= unit;
    if (matrix->precision == PRECISION_BF16) {
        pack_panel_bf16(word_at(matrix, first, 0), count, inputs, weights, matrix->columns, unit);
        return;
    }
    pack_panel_whole(matrix, first, count, inputs, weights);
}

/* Rows of the product by up to RUN_VECTORS vectors of outputs: rows of one range, in one line of
 * the output. */
enum { RUN_VECTORS = 4, RUN_OUTPUTS = RUN_VECTORS * 16, TILE_ROWS = 6 };
struct low_precision_run {
    size_t words, rows;
    const uint8_t *input;
    size_t input_stride; /* in bytes */
    struct whole_range range;
    const uint32_t *panels; /* of the first output */
    const float *bias, *scale, *offset;
    const float *residual; /* or NULL; as far from row to row as the output */
    bool relu6, to_activations;
    void *output;
    size_t output_stride; /* in numbers */
    size_t cleared;       /* vectors of zeros after each row of floats */
};
typedef void run_function(const struct low_precision_run *run);

/* Leaves out the first rows of a run, whose outputs have `bytes` bytes. */
SIMD_INLINE void low_precision_advance(struct low_precision_run *run, size_t rows, size_t bytes) {
    run->rows -= rows;
    run->input += rows * run->input_stride;
    run->output = (uint8_t *)run->output + rows * run->output_stride * bytes;
    if (run->residual) run->residual += rows * run->output_stride;
}

SIMD_INLINE int32_t row_word(const uint8_t *row, size_t j) {
    int32_t word;
    memcpy(&word, row + j * sizeof word, sizeof word);
    return word;
}

#define KERNEL_FILE "infer/low_precision_kernel.h"
#include "base/simd_instances.h"

void low_precision_line(enum precision precision, const float *line, size_t pixels, size_t channels,
                        void *rows) {
    typedef void line_function(const float *line, size_t pixels, size_t channels, void *rows);
    static line_function *const bf16[SIMD_LEVELS] = SIMD_BY_LEVEL(bf16_line);
    static line_function *const int16[SIMD_LEVELS] = SIMD_BY_LEVEL(int16_line);
    static line_function *const int8[SIMD_LEVELS] = SIMD_BY_LEVEL(int8_line);
    line_function *const *const whole = precision == PRECISION_INT8 ? int8 : int16;
    (precision == PRECISION_BF16 ? bf16 : whole)[simd_level()](line, pixels, channels, rows);
}

#ifdef SIMD_X86
typedef avx512_vector bf16_vector;
#define KERNEL(name) bf16_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512bf16")
#define KERNEL_WIDTH 16
#define KERNEL_DOT_BF16(sums, x, w) sums = _mm512_dpbf16_ps(sums, (__m512bh)(x), (__m512bh)(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_DOT_BF16

/* (As the compiler's own function the instruction costs a copy of the sums.) */
typedef avx512_vector vnni_vector;
#define KERNEL(name) vnni_##name
#define KERNEL_TARGET SIMD_TARGET_512(",avx512vnni")
#define KERNEL_DOT(sums, x, w) __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_DOT

typedef avx512_vector vnni_pairs_vector;
#define KERNEL(name) vnni_pairs_##name
#define KERNEL_DOT(sums, x, w) __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_DOT

typedef avx2_vector avxvnni_vector;
#define KERNEL(name) avxvnni_##name
#define KERNEL_TARGET SIMD_TARGET_AVX2
#define KERNEL_WIDTH 8
#define KERNEL_DOT(sums, x, w) __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(x), "x"(w))
#include "infer/low_precision_kernel.h"
#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_WIDTH
#undef KERNEL_DOT
#endif

#ifdef SIMD_DOT
typedef plain_vector dot_vector;
#define KERNEL(name) dot_##name
#define KERNEL_TARGET SIMD_TARGET_DOT
#define KERNEL_WIDTH 4
#define KERNEL_SIGNED_BYTES
#define KERNEL_DOT(sums, x, w)                                                                     \
    sums = (dot_words)vdotq_s32((int32x4_t)(sums), (int8x16_t)(w), (int8x16_t)(x))
#include "infer/low_precision_kernel.h"
#endif

/* A sum of the reference: like vdpbf16ps, it adds the second of a pair first. */
static float reference_bf16(const struct low_precision_run *run, size_t row, size_t n) {
    const uint8_t *input = run->input + row * run->input_stride;
    float sum = run->bias[n];
    for (size_t j = 0; j < run->words; j++) {
        const uint32_t x = (uint32_t)row_word(input, j);
        const uint32_t w = run->panels[j * LOW_PRECISION_PANEL + n];
        sum += bf16_to_float((uint16_t)(x >> 16)) * bf16_to_float((uint16_t)(w >> 16));
        sum += bf16_to_float((uint16_t)x) * bf16_to_float((uint16_t)w);
    }
    return sum;
}

/* The same of whole numbers of one byte or two. */
static float reference_whole(size_t bytes, const struct low_precision_run *run, size_t row,
                             size_t n) {
    const uint8_t *input = run->input + row * run->input_stride;
    const size_t in_a_word = sizeof(uint32_t) / bytes;
    int32_t sum = 0;
    for (size_t i = 0; i < in_a_word * run->words; i++) {
        const size_t j = i / in_a_word, shift = i % in_a_word * bytes * 8;
        const uint32_t x = (uint32_t)row_word(input, j) >> shift;
        const uint32_t w = run->panels[j * LOW_PRECISION_PANEL + n] >> shift;
        sum += bytes == 1 ? (uint8_t)x * (int8_t)w : (uint16_t)x * (int16_t)w;
    }
    return (float)sum * (run->scale[n] * run->range.scale) +
           (run->offset[n] * run->range.offset + run->bias[n]);
}

static void reference_store(const struct low_precision_run *run, size_t at, float value) {
    if (run->to_activations) {
        ((uint16_t *)run->output)[at] = (uint16_t)lrintf(fminf(WIDE_ACTIVATION, fmaxf(0, value)));
        return;
    }
    if (run->residual) value += run->residual[at];
    if (run->relu6) value = fminf(6, fmaxf(0, value));
    ((float *)run->output)[at] = value;
}

static void reference_bf16_run(const struct low_precision_run *run) {
    for (size_t i = 0; i < run->rows * LOW_PRECISION_PANEL; i++) {
        const size_t row = i / LOW_PRECISION_PANEL, n = i % LOW_PRECISION_PANEL;
        reference_store(run, row * run->output_stride + n, reference_bf16(run, row, n));
    }
}

SIMD_INLINE void reference_whole_run(size_t bytes, const struct low_precision_run *run) {
    for (size_t i = 0; i < run->rows * LOW_PRECISION_PANEL; i++) {
        const size_t row = i / LOW_PRECISION_PANEL, n = i % LOW_PRECISION_PANEL;
        reference_store(run, row * run->output_stride + n, reference_whole(bytes, run, row, n));
    }
}

static void reference_int8_run(const struct low_precision_run *run) {
    reference_whole_run(1, run);
}

static void reference_int16_run(const struct low_precision_run *run) {
    reference_whole_run(2, run);
}

static const size_t vector_width[SIMD_LEVELS] = {4, 8, 16};

/* Runs by their vectors, the most of these, and outputs of a vector. */
struct low_precision_kernel {
    run_function *const *runs;
    size_t vectors, width;
};

static struct low_precision_kernel bf16_kernel(void) {
    static run_function *const *const runs[SIMD_LEVELS] = SIMD_BY_LEVEL(bf16_runs);
    const enum simd_level level = simd_level();
#ifdef SIMD_X86
    if (simd_has_bf16()) return (struct low_precision_kernel){bf16_bf16_runs, RUN_VECTORS, 16};
#endif
    /* (Of 16 registers, those of floats that numbers are widened to leave fewer for sums.) */
    const size_t vectors = level == SIMD_AVX2 ? 2 : RUN_VECTORS;
    return (struct low_precision_kernel){runs[level], vectors, vector_width[level]};
}

static struct low_precision_kernel int16_kernel(void) {
    static run_function *const *const runs[SIMD_LEVELS] = SIMD_BY_LEVEL(whole_runs);
    const enum simd_level level = simd_level();
#ifdef SIMD_X86
    if (simd_has_vnni())
        return (struct low_precision_kernel){vnni_pairs_whole_runs, RUN_VECTORS, 16};
#endif
    return (struct low_precision_kernel){runs[level], RUN_VECTORS, vector_width[level]};
}

static struct low_precision_kernel int8_kernel(void) {
    static run_function *const reference = reference_int8_run;
#ifdef SIMD_X86
    if (simd_has_vnni()) return (struct low_precision_kernel){vnni_whole_runs, RUN_VECTORS, 16};
    if (simd_has_avx_vnni())
        return (struct low_precision_kernel){avxvnni_whole_runs, RUN_VECTORS, 8};
#endif
#ifdef SIMD_DOT
    if (simd_has_dot()) return (struct low_precision_kernel){dot_whole_runs, RUN_VECTORS, 4};
#endif
    return (struct low_precision_kernel){&reference, 1, LOW_PRECISION_PANEL};
}

/* Multiplies by a few vectors of outputs, from output `column` of the product on. */
static void run_all(const struct packed_low_precision *matrix, run_function *run_rows,
                    struct low_precision_run run, size_t rows, size_t column,
                    const struct packed_low_precision_product *product) {
    const size_t bytes = matrix->to_activations ? sizeof(uint16_t) : sizeof(float);
    const size_t line = product->line ? product->line : rows;
    const size_t together = product->range_at ? size_smaller(product->range_rows, line) : line;
    run.residual = product->residual ? product->residual + column : NULL;
    uint8_t *output = (uint8_t *)product->output + column * bytes;
    for (size_t row = 0, place = 0; row < rows; row += run.rows) {
        run.rows = size_smaller(together, size_smaller(line - place, rows - row));
        run.output = output;
        if (product->range_at) memcpy(&run.range, run.input + product->range_at, sizeof run.range);
        run_rows(&run);
        run.input += run.rows * run.input_stride;
        if (run.residual) run.residual += run.rows * run.output_stride;
        output += run.rows * run.output_stride * bytes;
        place += run.rows;
        if (place < line) continue;
        place = 0;
        if (product->line) output += (product->line_stride - line * run.output_stride) * bytes;
    }
}

/* Vectors of outputs in as few runs of nearly equal width as can be, which begin at a panel.
 * Vectors of padding are cleared. */
static void multiply(const struct packed_low_precision *matrix,
                     const struct low_precision_kernel *kernel, size_t panel, size_t panels,
                     size_t rows, const struct packed_low_precision_product *product) {
    if (rows == 0) return;
    const size_t width = kernel->width, in_a_panel = LOW_PRECISION_PANEL / width;
    const size_t padded = panels * in_a_panel;
    size_t all = padded;
    if (!matrix->to_activations)
        all =
            size_smaller(padded, (matrix->used - panel * LOW_PRECISION_PANEL + width - 1) / width);
    for (size_t done = 0, some; done < all; done += some) {
        const size_t left = all - done, runs = (left + kernel->vectors - 1) / kernel->vectors;
        some = ((left + runs - 1) / runs + in_a_panel - 1) / in_a_panel * in_a_panel;
        some = size_smaller(some, left);
        const size_t column = done * width;
        const size_t first = panel * LOW_PRECISION_PANEL + column;
        const struct low_precision_run run = {
            .words = matrix->words,
            .input = product->input,
            .input_stride = product->input_stride,
            .range = {.scale = matrix->columns ? 1 : 6 / most_of(matrix->precision)},
            .panels = word_at(matrix, first, 0),
            .bias = matrix->bias + first,
            .scale = matrix->scale + first,
            .offset = matrix->offset + first,
            .relu6 = product->relu6,
            .to_activations = matrix->to_activations,
            .output_stride = product->output_stride,
            .cleared = done + some == all ? padded - all : 0};
        run_all(matrix, kernel->runs[some - 1], run, rows, column, product);
    }
}

void packed_low_precision_multiply(const struct packed_low_precision *matrix, size_t panel,
                                   size_t panels, size_t rows,
                                   const struct packed_low_precision_product *product) {
    static struct low_precision_kernel (*const kernels[])(void) = {[PRECISION_BF16] = bf16_kernel,
                                                                   [PRECISION_INT16] = int16_kernel,
                                                                   [PRECISION_INT8] = int8_kernel};
    const struct low_precision_kernel kernel = kernels[matrix->precision]();
    multiply(matrix, &kernel, panel, panels, rows, product);
}

void packed_low_precision_multiply_reference(const struct packed_low_precision *matrix,
                                             size_t panel, size_t panels, size_t rows,
                                             const struct packed_low_precision_product *product) {
    static run_function *const runs[] = {[PRECISION_BF16] = reference_bf16_run,
                                         [PRECISION_INT16] = reference_int16_run,
                                         [PRECISION_INT8] = reference_int8_run};
    const struct low_precision_kernel kernel = {
        .runs = &runs[matrix->precision], .vectors = 1, .width = LOW_PRECISION_PANEL};
    multiply(matrix, &kernel, panel, panels, rows, product);
}
