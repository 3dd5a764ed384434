/* Products and depthwise convolutions in bfloat16 and bytes against plain twins in double
 * precision, and the processor's instructions against the plain loops. CTest runs this once for
 * each value of CAPTION_SIMD. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "infer/depthwise.h"
#include "infer/low_precision.h"

static const enum precision precisions[] = {PRECISION_BF16, PRECISION_INT16, PRECISION_INT8};
enum { PRECISIONS = 3 };

static float *numbers_new(size_t count, bool activations, struct random *random) {
    float *numbers = malloc(count * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++) {
        const float x = (float)random_normal(random);
        numbers[i] = activations ? fminf(6, fmaxf(0, 2 * x + 1)) : x;
    }
    return numbers;
}

/* Rows of a line, which has a range of its own. */
enum { RANGE_ROWS = 4 };

/* A product in every way that there is. */
struct product {
    struct arena arena;
    struct packed_low_precision matrix;
    enum precision precision;
    bool to_activations, residual;
    size_t rows, outputs, inputs, stride, padded;
    float *weights, *bias, *input, *added;
    uint8_t *ready;
};

static struct product product_new(enum precision precision, bool to_activations, bool residual,
                                  size_t rows, size_t outputs, size_t inputs) {
    struct random random = random_seeded(rows * 1000 + inputs, 0);
    struct product p = {.precision = precision,
                        .to_activations = to_activations,
                        .residual = residual,
                        .rows = rows,
                        .outputs = outputs,
                        .inputs = inputs};
    p.padded = (inputs + 15) / 16 * 16;
    p.stride = low_precision_row_bytes(precision, p.padded);
    p.weights = numbers_new(outputs * inputs, false, &random);
    p.bias = numbers_new(outputs, false, &random);
    p.added = numbers_new(rows * outputs, false, &random);
    p.input = numbers_new(rows * p.padded, false, &random);
    for (size_t i = 0; i < rows * p.padded; i++) {
        if (i % p.padded >= inputs) p.input[i] = 0;
    }
    p.ready = malloc(rows * p.stride);
    assert_non_null(p.ready);
    for (size_t r = 0; r < rows; r += RANGE_ROWS) {
        low_precision_line(precision, p.input + r * p.padded,
                           rows - r < RANGE_ROWS ? rows - r : RANGE_ROWS, p.padded,
                           p.ready + r * p.stride);
    }
    assert_true(packed_low_precision_init(&p.matrix, precision, to_activations, outputs, inputs,
                                          &p.arena, NULL));
    memcpy(p.matrix.bias, p.bias, outputs * sizeof *p.bias);
    for (size_t n = 0; n < outputs; n += LOW_PRECISION_PANEL) {
        packed_low_precision_rows(&p.matrix, n, LOW_PRECISION_PANEL, inputs,
                                  p.weights + n * inputs);
    }
    return p;
}

static void product_free(struct product *p) {
    arena_free(&p->arena);
    free(p->weights);
    free(p->bias);
    free(p->added);
    free(p->input);
    free(p->ready);
}

typedef void multiply_function(const struct packed_low_precision *matrix, size_t panel,
                               size_t panels, size_t rows,
                               const struct packed_low_precision_product *product);

/* As floats, whatever they are stored as. */
static float *multiplied(const struct product *p, multiply_function *multiply) {
    const size_t count = p->rows * p->outputs;
    void *output = calloc(count, sizeof(float));
    float *floats = malloc(count * sizeof *floats);
    assert_true(output && floats);
    multiply(&p->matrix, 0, p->outputs / LOW_PRECISION_PANEL, p->rows,
             &(struct packed_low_precision_product){
                 .input = p->ready,
                 .input_stride = p->stride,
                 .range_at = p->precision == PRECISION_BF16
                                 ? 0
                                 : low_precision_range_at(p->precision, p->padded),
                 .range_rows = RANGE_ROWS,
                 .residual = p->residual ? p->added : NULL,
                 .output = output,
                 .output_stride = p->outputs});
    for (size_t i = 0; i < count; i++) {
        floats[i] = ((float *)output)[i];
        if (!p->to_activations) continue;
        floats[i] = (float)((uint16_t *)output)[i] * 6 / WIDE_ACTIVATION;
    }
    free(output);
    return floats;
}

/* What rounding may cost a sum of `inputs` products of normal numbers, of which bytes keep a part
 * in 50 and bfloat16 one in 250. */
static double allowed(const struct product *p) {
    return (p->precision == PRECISION_INT8 ? 0.06 : 0.012) * sqrt((double)p->inputs) + 0.03;
}

static void expect_product(const struct product *p) {
    float *fast = multiplied(p, packed_low_precision_multiply);
    float *plain = multiplied(p, packed_low_precision_multiply_reference);
    for (size_t i = 0; i < p->rows * p->outputs; i++) {
        const size_t r = i / p->outputs, n = i % p->outputs;
        double sum = (double)p->bias[n] + (p->residual ? (double)p->added[i] : 0);
        for (size_t k = 0; k < p->inputs; k++) {
            sum += (double)p->input[r * p->padded + k] * (double)p->weights[n * p->inputs + k];
        }
        if (p->to_activations) sum = fmin(6, fmax(0, sum));
        const double step = p->to_activations ? 0.032 : 1e-4 * (1 + fabs(sum));
        if (fabs((double)fast[i] - sum) > allowed(p) || fabs((double)(fast[i] - plain[i])) > step) {
            fail_msg("%zu x %zu x %zu, number %zu: %g, plain %g, exact %g", p->rows, p->inputs,
                     p->outputs, i, (double)fast[i], (double)plain[i], sum);
        }
    }
    free(fast);
    free(plain);
}

static void products_agree_with_double_precision_and_plain_loops(void **state) {
    (void)state;
    static const size_t inputs[] = {1, 3, 27, 32, 64, 97, 600};
    for (size_t i = 0; i < PRECISIONS * 7 * 2; i++) {
        for (size_t rows = 1; rows < 15; rows += 3) {
            for (size_t panels = 1; panels < 8; panels += 2) {
                const bool activations = i / PRECISIONS / 7 != 0;
                struct product p =
                    product_new(precisions[i % PRECISIONS], activations, !activations, rows,
                                panels * LOW_PRECISION_PANEL, inputs[i / PRECISIONS % 7]);
                expect_product(&p);
                product_free(&p);
            }
        }
    }
}

/* Every number is the largest and every weight of a row 127 or -127, in as many steps as there are:
 * sums of 16 bits would saturate, and those of 32 bits hold them. A float holds the sum exactly
 * where weights are bytes, and rounds what more steps give. */
static void expect_largest(enum precision precision) {
    enum { INPUTS = 512, OUTPUTS = 32, ROWS = 7 };
    struct product p = product_new(precision, false, false, ROWS, OUTPUTS, INPUTS);
    arena_free(&p.arena);
    assert_true(
        packed_low_precision_init(&p.matrix, precision, false, OUTPUTS, INPUTS, &p.arena, NULL));
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++) {
        const size_t n = i / INPUTS;
        p.weights[i] = n % 2 ? 127 : -127;
        if (n % 4 > 1 && i % INPUTS > 2) p.weights[i] /= 16; /* a few large ones */
    }
    for (size_t n = 0; n < OUTPUTS; n += LOW_PRECISION_PANEL) {
        packed_low_precision_rows(&p.matrix, n, LOW_PRECISION_PANEL, INPUTS,
                                  p.weights + n * INPUTS);
    }
    const struct whole_range ones = {.scale = 1};
    const uint16_t most = precision == PRECISION_INT8 ? INT8_STEPS : INT16_STEPS;
    for (size_t r = 0; r < ROWS; r++) {
        uint8_t *row = p.ready + r * p.stride;
        for (size_t i = 0; i < INPUTS; i++) {
            if (precision == PRECISION_INT8) row[i] = INT8_STEPS;
            if (precision == PRECISION_INT16) memcpy(row + 2 * i, &most, sizeof most);
        }
        memcpy(p.ready + r * p.stride + low_precision_range_at(precision, INPUTS), &ones,
               sizeof ones);
    }
    float *sums = multiplied(&p, packed_low_precision_multiply);
    for (size_t i = 0; i < ROWS * OUTPUTS; i++) {
        const bool alike = i % 4 < 2;
        const float weights = alike ? INPUTS : 3 + (INPUTS - 3) / 16.0F;
        const float sum = (i % 2 ? 1.0F : -1.0F) * most * 127 * weights;
        if (precision == PRECISION_INT8 && alike) assert_true(sums[i] == sum);
        /* Of weights that are rounded, errors are carried on to the last one. */
        const float error = alike ? 0 : most;
        assert_true(fabsf(sums[i] - sum) <= 2 * FLT_EPSILON * fabsf(sum) + error);
    }
    free(sums);
    product_free(&p);
}

static void the_largest_numbers_are_summed_exactly(void **state) {
    (void)state;
    expect_largest(PRECISION_INT16);
    expect_largest(PRECISION_INT8);
}

/* Whatever instructions there are: products of two bfloat16 numbers are exact in float. */
static void bfloat16_is_the_same_to_the_last_bit_as_plain_loops(void **state) {
    (void)state;
    static const size_t inputs[] = {27, 96, 600};
    for (size_t i = 0; i < 3; i++) {
        struct product p = product_new(PRECISION_BF16, false, true, 11, 80, inputs[i]);
        float *fast = multiplied(&p, packed_low_precision_multiply);
        float *plain = multiplied(&p, packed_low_precision_multiply_reference);
        assert_memory_equal(fast, plain, 11 * 80 * sizeof(float));
        free(fast);
        free(plain);
        product_free(&p);
    }
}

static void a_row_is_the_same_alone_and_beside_others(void **state) {
    (void)state;
    for (size_t i = 0; i < PRECISIONS; i++) {
        struct product p = product_new(precisions[i], false, false, 11, 80, 96);
        float *together = multiplied(&p, packed_low_precision_multiply);
        const uint8_t *ready = p.ready;
        p.rows = 1;
        for (size_t r = 0; r < 11; r++) {
            p.ready = (uint8_t *)(uintptr_t)(ready + r * p.stride);
            float *alone = multiplied(&p, packed_low_precision_multiply);
            assert_memory_equal(alone, together + r * 80, 80 * sizeof(float));
            free(alone);
        }
        p.ready = (uint8_t *)(uintptr_t)ready;
        free(together);
        product_free(&p);
    }
}

static void lines_keep_their_range(void **state) {
    (void)state;
    float line[2 * 16] = {0};
    line[3] = -2;
    line[20] = 8.2F;
    for (size_t i = 0; i < 2 * 32; i++) {
        const enum precision precision = i < 32 ? PRECISION_INT8 : PRECISION_INT16;
        uint8_t rows[2 * 48];
        low_precision_line(precision, line, 2, 16, rows);
        const uint8_t *row = rows + i % 32 / 16 * low_precision_row_bytes(precision, 16);
        struct whole_range range;
        memcpy(&range, row + low_precision_range_at(precision, 16), sizeof range);
        uint16_t wide;
        memcpy(&wide, row + 2 * (i % 16), sizeof wide);
        const float number = precision == PRECISION_INT8 ? row[i % 16] : wide;
        assert_float_equal(range.offset + range.scale * number, line[i % 32],
                           precision == PRECISION_INT8 ? 0.021F : 0.0013F);
    }
}

/* A depthwise convolution of activations, exact and by whole numbers. */
enum { CHANNELS = 48, ROWS = 2, MOST_TAPS = 25 };
struct convolved {
    size_t kernel, stride, columns, taps;
    size_t width, lines, order[16]; /* of the input */
    float *exact, *weight, bias[CHANNELS];
    uint16_t *input, *output; /* or bytes */
    int16_t most[CHANNELS], wide_bias[CHANNELS], wide_weight[MOST_TAPS * CHANNELS];
    int16_t multiple[CHANNELS], factor[CHANNELS];
};

static struct convolved convolved_new(size_t kernel, size_t stride, size_t columns, float scale) {
    struct random random = random_seeded(kernel * 100 + stride * 10 + columns, 0);
    struct convolved c = {.kernel = kernel,
                          .stride = stride,
                          .columns = columns,
                          .taps = kernel * kernel,
                          .width = (columns - 1) * stride + kernel,
                          .lines = (ROWS - 1) * stride + kernel};
    for (size_t i = 0; i < c.lines; i++) c.order[i] = i;
    c.exact = numbers_new(c.lines * c.width * CHANNELS, true, &random);
    c.weight = numbers_new(c.taps * CHANNELS, false, &random);
    float *bias = numbers_new(CHANNELS, false, &random);
    for (size_t i = 0; i < c.taps * CHANNELS; i++) c.weight[i] *= scale;
    for (size_t i = 0; i < CHANNELS; i++) c.bias[i] = bias[i] * scale;
    free(bias);
    c.input = calloc(c.lines * c.width * CHANNELS, sizeof *c.input);
    c.output = calloc(ROWS * columns * CHANNELS, sizeof *c.output);
    assert_true(c.input && c.output);
    depthwise_widen(c.taps, CHANNELS, c.weight, c.bias,
                    &(struct depthwise_wide){c.most, c.wide_bias, c.wide_weight});
    for (size_t i = 0; i < CHANNELS; i++)
        depthwise_to_bytes(c.most[i], c.multiple + i, c.factor + i);
    return c;
}

static void convolved_free(struct convolved *c) {
    free(c->exact);
    free(c->weight);
    free(c->input);
    free(c->output);
}

static void convolve(struct convolved *c, enum depthwise_numbers numbers, enum simd_level level) {
    const bool bytes = numbers == DEPTHWISE_BYTES;
    depthwise_by(level, &(struct depthwise){.numbers = numbers,
                                            .kernel = c->kernel,
                                            .stride = c->stride,
                                            .rows = ROWS,
                                            .columns = c->columns,
                                            .channels = CHANNELS,
                                            .input = c->input,
                                            .lines = c->order,
                                            .line_stride = c->width * CHANNELS,
                                            .input_stride = CHANNELS,
                                            .weight = c->wide_weight,
                                            .weight_stride = CHANNELS,
                                            .bias = c->wide_bias,
                                            .most = c->most,
                                            .multiple = bytes ? c->multiple : NULL,
                                            .factor = bytes ? c->factor : NULL,
                                            .output = c->output,
                                            .output_stride = CHANNELS});
}

/* Index of the input under tap `tap` of output `i`. */
static size_t under(const struct convolved *c, size_t i, size_t tap) {
    const size_t x = i / CHANNELS % c->columns, y = i / CHANNELS / c->columns;
    const size_t line = y * c->stride + tap / c->kernel, column = x * c->stride + tap % c->kernel;
    return (line * c->width + column) * CHANNELS + i % CHANNELS;
}

static double exact_output(const struct convolved *c, size_t i) {
    double sum = (double)c->bias[i % CHANNELS];
    for (size_t tap = 0; tap < c->taps; tap++) {
        sum +=
            (double)c->weight[tap * CHANNELS + i % CHANNELS] * (double)c->exact[under(c, i, tap)];
    }
    return fmin(6, fmax(0, sum));
}

static void expect_near(const struct convolved *c, enum simd_level level, size_t i, double got,
                        double allowed) {
    const double expected = exact_output(c, i);
    if (fabs(got - expected) > allowed) {
        fail_msg("%s, kernel %zu, stride %zu, %zu columns, number %zu: %g, expected %g",
                 simd_level_name(level), c->kernel, c->stride, c->columns, i, got, expected);
    }
}

/* What the kernels of whole numbers compute, exactly. */
static int16_t wide_twin(const struct convolved *c, size_t i) {
    int32_t sum = c->wide_bias[i % CHANNELS];
    for (size_t tap = 0; tap < c->taps; tap++) {
        const int32_t product =
            (int16_t)c->input[under(c, i, tap)] * c->wide_weight[tap * CHANNELS + i % CHANNELS];
        sum += (product + (1 << 14)) >> 15;
    }
    assert_true(sum >= INT16_MIN && sum <= INT16_MAX);
    const int16_t most = c->most[i % CHANNELS];
    return (int16_t)(sum < 0 ? 0 : sum > most ? most : sum);
}

static void write_wide(struct convolved *c) {
    for (size_t i = 0; i < c->lines * c->width * CHANNELS; i++)
        c->input[i] = (uint16_t)lrintf(c->exact[i] * WIDE_ACTIVATION / 6);
}

static void expect_wide(struct convolved *c, enum simd_level level) {
    write_wide(c);
    convolve(c, DEPTHWISE_WIDE, level);
    for (size_t i = 0; i < ROWS * c->columns * CHANNELS; i++) {
        assert_int_equal(c->output[i], wide_twin(c, i));
        const double step = 6.0 / c->most[i % CHANNELS];
        expect_near(c, level, i, c->output[i] * step, step * ((double)c->taps / 2 + 4));
    }
}

/* The same in bytes. */
static void expect_bytes(struct convolved *c, enum simd_level level) {
    write_wide(c);
    convolve(c, DEPTHWISE_BYTES, level);
    for (size_t i = 0; i < ROWS * c->columns * CHANNELS; i++) {
        const size_t channel = i % CHANNELS;
        const int got = ((const uint8_t *)c->output)[i], most = c->most[channel];
        const int sum = wide_twin(c, i) * c->multiple[channel];
        assert_int_equal(got, (sum * c->factor[channel] + (1 << 14)) >> 15);
        const double byte = 6.0 / INT8_STEPS, step = 6.0 / most;
        expect_near(c, level, i, got * byte, byte * 0.6 + step * ((double)c->taps / 2 + 4));
    }
}

/* The same as bfloat16 numbers. */
static void expect_bf16(struct convolved *c, enum simd_level level) {
    write_wide(c);
    convolve(c, DEPTHWISE_BF16, level);
    for (size_t i = 0; i < ROWS * c->columns * CHANNELS; i++) {
        const double got = (double)bf16_to_float(c->output[i]), step = 6.0 / c->most[i % CHANNELS];
        assert_int_equal(c->output[i], float_to_bf16(wide_twin(c, i)));
        expect_near(c, level, i, got * step, step * ((double)c->taps / 2 + 4) + 0.004 * got * step);
    }
}

static void depthwise_convolutions_agree_with_double_precision(void **state) {
    (void)state;
    static void (*const expect[])(struct convolved *, enum simd_level) = {expect_wide, expect_bytes,
                                                                          expect_bf16};
    for (size_t i = 0; i < 3 * SIMD_LEVELS; i++) {
        const enum simd_level level = (enum simd_level)(i / 3);
        if (!simd_has(level)) continue;
        for (size_t columns = 1; columns < 17; columns++) {
            for (size_t kernel = 3; kernel <= 5; kernel += 2) {
                for (size_t stride = 1; stride <= 2; stride++) {
                    struct convolved c = convolved_new(kernel, stride, columns, 1);
                    expect[i % 3](&c, level);
                    convolved_free(&c);
                }
            }
        }
    }
}

/* Sums of 16 bits hold the largest inputs under weights of every size, and channels with small
 * weights have all steps. */
static void wide_sums_do_not_overflow(void **state) {
    (void)state;
    static const float scales[] = {0, 0.01F, 1, 30, 3000, 1e6F, 1e37F};
    for (size_t s = 0; s < 7; s++) {
        struct convolved c = convolved_new(5, 1, 9, scales[s]);
        for (size_t i = 0; i < CHANNELS; i++) {
            if (scales[s] < 0.1F) assert_int_equal(c.most[i], INT16_STEPS);
            assert_in_range(c.most[i], 1, INT16_STEPS);
        }
        /* The largest sum, the smallest, and both in turn. */
        for (size_t sign = 0; sign < 3; sign++) {
            for (size_t i = 0; i < c.lines * c.width * CHANNELS; i++) {
                const size_t channel = i % CHANNELS, tap = i / CHANNELS % c.width % 5;
                const bool positive = c.weight[tap * CHANNELS + channel] > 0;
                c.exact[i] = sign == 2 || positive == (sign == 0) ? 6 : 0;
            }
            for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
                if (!simd_has(level)) continue;
                expect_wide(&c, level);
                expect_bytes(&c, level);
                expect_bf16(&c, level);
            }
        }
        convolved_free(&c);
    }
}

/* Activations whose columns have steps of their own, to some outputs that are padding, in lines
 * that lie apart. */
static void columns_have_their_own_steps(void **state) {
    (void)state;
    enum { INPUTS = 41, USED = 25, OUTPUTS = 32, PIXELS = 21, LINE = 7, APART = 9 };
    struct random random = random_seeded(7, 0);
    float *weights = numbers_new(USED * INPUTS, false, &random);
    int16_t columns[INPUTS];
    uint16_t input[PIXELS * 48] = {0};
    for (size_t i = 0; i < INPUTS; i++) {
        columns[i] = (int16_t)(i % 3 ? INT16_STEPS : 400 + random_below(&random, 300));
        for (size_t r = 0; r < PIXELS; r++)
            input[r * 48 + i] = (uint16_t)(random_below(&random, (uint32_t)columns[i] + 1));
    }
    struct arena arena = {0};
    struct packed_low_precision matrix;
    assert_true(
        packed_low_precision_init(&matrix, PRECISION_INT16, false, OUTPUTS, INPUTS, &arena, NULL));
    matrix.columns = columns;
    matrix.used = USED;
    matrix.bias[3] = 0.5F;
    packed_low_precision_rows(&matrix, 0, 16, INPUTS, weights);
    packed_low_precision_rows(&matrix, 16, USED - 16, INPUTS, weights + 16 * INPUTS);
    float output[PIXELS / LINE * APART * OUTPUTS];
    for (size_t i = 0; i < sizeof output / sizeof *output; i++) output[i] = 77;
    packed_low_precision_multiply(
        &matrix, 0, OUTPUTS / LOW_PRECISION_PANEL, PIXELS,
        &(struct packed_low_precision_product){.input = input,
                                               .input_stride = 48 * sizeof *input,
                                               .output = output,
                                               .output_stride = OUTPUTS,
                                               .line = LINE,
                                               .line_stride = APART * OUTPUTS});
    for (size_t i = 0; i < PIXELS / LINE * APART * OUTPUTS; i++) {
        const size_t n = i % OUTPUTS, line = i / OUTPUTS / APART, x = i / OUTPUTS % APART;
        double sum = x >= LINE ? 77 : n == 3 ? 0.5 : 0;
        for (size_t k = 0; x < LINE && n < USED && k < INPUTS; k++) {
            sum += (double)weights[n * INPUTS + k] * 6 / columns[k] *
                   input[(line * LINE + x) * 48 + k];
        }
        assert_float_equal(output[i], sum, 0.02);
    }
    arena_free(&arena);
    free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree_with_double_precision_and_plain_loops),
        cmocka_unit_test(the_largest_numbers_are_summed_exactly),
        cmocka_unit_test(bfloat16_is_the_same_to_the_last_bit_as_plain_loops),
        cmocka_unit_test(a_row_is_the_same_alone_and_beside_others),
        cmocka_unit_test(lines_keep_their_range),
        cmocka_unit_test(depthwise_convolutions_agree_with_double_precision),
        cmocka_unit_test(wide_sums_do_not_overflow),
        cmocka_unit_test(columns_have_their_own_steps),
    };
    return cmocka_run_group_tests_name("low_precision", tests, NULL, NULL);
}
