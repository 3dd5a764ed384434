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

static const enum precision precisions[] = {PRECISION_BF16, PRECISION_INT8};

static float *numbers_new(size_t count, bool activations, struct random *random) {
    float *numbers = malloc(count * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++) {
        const float x = (float)random_normal(random);
        numbers[i] = activations ? fminf(6, fmaxf(0, 2 * x + 1)) : x;
    }
    return numbers;
}

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
    /* Lines of four rows, each with a range of its own. */
    for (size_t r = 0; r < rows; r += 4) {
        low_precision_line(precision, p.input + r * p.padded, rows - r < 4 ? rows - r : 4, p.padded,
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

/* Number `i` of int8 numbers, in one byte each or in two. */
static unsigned read_int8(const void *numbers, size_t i) {
    return low_precision_bytes(PRECISION_INT8) == 1 ? ((const uint8_t *)numbers)[i]
                                                    : ((const uint16_t *)numbers)[i];
}

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
                 .range_at = p->precision == PRECISION_INT8 ? int8_range_at(p->padded) : 0,
                 .residual = p->residual ? p->added : NULL,
                 .output = output,
                 .output_stride = p->outputs});
    for (size_t i = 0; i < count; i++) {
        floats[i] = ((float *)output)[i];
        if (!p->to_activations) continue;
        floats[i] =
            p->precision == PRECISION_BF16
                ? bf16_to_float(((uint16_t *)output)[i])
                : (float)read_int8(output, i) * int8_step(low_precision_bytes(PRECISION_INT8));
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
    for (size_t i = 0; i < 2 * 7 * 2; i++) {
        for (size_t rows = 1; rows < 15; rows += 3) {
            for (size_t panels = 1; panels < 8; panels += 2) {
                const bool activations = i / 14 != 0;
                struct product p = product_new(precisions[i % 2], activations, !activations, rows,
                                               panels * LOW_PRECISION_PANEL, inputs[i / 2 % 7]);
                expect_product(&p);
                product_free(&p);
            }
        }
    }
}

/* Every number is the largest and every weight of a row 127 or -127, in as many steps as there are:
 * sums of 16 bits would saturate, and those of 32 bits hold them. A float holds the sum exactly
 * where weights are bytes, and rounds what more steps give. */
static void the_largest_numbers_are_summed_exactly(void **state) {
    (void)state;
    enum { INPUTS = 512, OUTPUTS = 32, ROWS = 7 };
    struct product p = product_new(PRECISION_INT8, false, false, ROWS, OUTPUTS, INPUTS);
    arena_free(&p.arena);
    assert_true(packed_low_precision_init(&p.matrix, PRECISION_INT8, false, OUTPUTS, INPUTS,
                                          &p.arena, NULL));
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++) {
        const size_t n = i / INPUTS;
        p.weights[i] = n % 2 ? 127 : -127;
        if (n % 4 > 1 && i % INPUTS > 2) p.weights[i] /= 16; /* a few large ones */
    }
    for (size_t n = 0; n < OUTPUTS; n += LOW_PRECISION_PANEL) {
        packed_low_precision_rows(&p.matrix, n, LOW_PRECISION_PANEL, INPUTS,
                                  p.weights + n * INPUTS);
    }
    const struct int8_range ones = {.scale = 1};
    const size_t bytes = low_precision_bytes(PRECISION_INT8);
    for (size_t r = 0; r < ROWS; r++) {
        uint8_t *row = p.ready + r * p.stride;
        for (size_t i = 0; i < INPUTS; i++) {
            const uint16_t wide = INT8_WIDE_STEPS;
            if (bytes == 1) row[i] = INT8_STEPS;
            if (bytes == 2) memcpy(row + 2 * i, &wide, sizeof wide);
        }
        memcpy(p.ready + r * p.stride + int8_range_at(INPUTS), &ones, sizeof ones);
    }
    float *sums = multiplied(&p, packed_low_precision_multiply);
    for (size_t i = 0; i < ROWS * OUTPUTS; i++) {
        const bool alike = i % 4 < 2;
        const float weights = alike ? INPUTS : 3 + (INPUTS - 3) / 16.0F;
        const float sum = (i % 2 ? 1.0F : -1.0F) * int8_steps(bytes) * 127 * weights;
        if (p.matrix.numbers == 4 && alike) assert_true(sums[i] == sum);
        /* Of weights that are rounded, errors are carried on to the last one. */
        const float error = alike ? 0 : int8_steps(bytes);
        assert_true(fabsf(sums[i] - sum) <= 2 * FLT_EPSILON * fabsf(sum) + error);
    }
    free(sums);
    product_free(&p);
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
    for (size_t i = 0; i < 2; i++) {
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
    uint8_t rows[2 * 48];
    low_precision_line(PRECISION_INT8, line, 2, 16, rows);
    for (size_t i = 0; i < 32; i++) {
        const uint8_t *row = rows + i / 16 * low_precision_row_bytes(PRECISION_INT8, 16);
        struct int8_range range;
        memcpy(&range, row + int8_range_at(16), sizeof range);
        assert_float_equal(range.offset + range.scale * (float)read_int8(row, i % 16), line[i],
                           0.021);
    }
}

/* The ways to store a number of a depthwise convolution. */
static const struct stored {
    enum depthwise_numbers numbers;
    enum precision precision;
    size_t bytes;
} stored[] = {{DEPTHWISE_BF16, PRECISION_BF16, 2},
              {DEPTHWISE_BYTES, PRECISION_INT8, 1},
              {DEPTHWISE_WIDE, PRECISION_INT8, 2}};

static double read_stored(const struct stored *as, const void *numbers, size_t i) {
    const uint16_t number =
        as->bytes == 1 ? ((const uint8_t *)numbers)[i] : ((const uint16_t *)numbers)[i];
    if (as->precision == PRECISION_BF16) return (double)bf16_to_float(number);
    return (double)number * (double)int8_step(as->bytes);
}

static void expect_depthwise(const struct stored *as, enum simd_level level, size_t kernel,
                             size_t stride, size_t columns) {
    enum { CHANNELS = 32, ROWS = 2 };
    struct random random = random_seeded(kernel * 100 + stride * 10 + columns, 0);
    const size_t lines = (ROWS - 1) * stride + kernel, width = (columns - 1) * stride + kernel;
    const size_t count = lines * width * CHANNELS;
    float *exact = numbers_new(count, true, &random);
    float *weight = numbers_new(kernel * kernel * CHANNELS, false, &random);
    float *bias = numbers_new(CHANNELS, false, &random);
    uint16_t *input = calloc(count, sizeof *input);
    uint16_t *output = calloc(ROWS * columns * CHANNELS, sizeof *output);
    assert_true(input && output);
    for (size_t i = 0; i < count; i++) {
        const uint16_t steps = (uint16_t)lrintf(exact[i] / int8_step(as->bytes));
        if (as->bytes == 1) {
            ((uint8_t *)input)[i] = (uint8_t)steps;
        } else {
            input[i] = as->precision == PRECISION_BF16 ? float_to_bf16(exact[i]) : steps;
        }
    }
    const float unit = as->precision == PRECISION_INT8 ? 1 / int8_step(as->bytes) : 1;
    float scaled[CHANNELS];
    for (size_t c = 0; c < CHANNELS; c++) scaled[c] = bias[c] * unit;
    size_t order[16];
    for (size_t i = 0; i < lines; i++) order[i] = i;
    depthwise_by(level, &(struct depthwise){.numbers = as->numbers,
                                            .kernel = kernel,
                                            .stride = stride,
                                            .rows = ROWS,
                                            .columns = columns,
                                            .channels = CHANNELS,
                                            .input = input,
                                            .lines = order,
                                            .line_stride = width * CHANNELS,
                                            .input_stride = CHANNELS,
                                            .weight = weight,
                                            .weight_stride = CHANNELS,
                                            .bias = scaled,
                                            .output = output,
                                            .output_stride = CHANNELS});
    for (size_t i = 0; i < ROWS * columns * CHANNELS; i++) {
        const size_t c = i % CHANNELS, x = i / CHANNELS % columns, y = i / CHANNELS / columns;
        double sum = (double)bias[c];
        for (size_t tap = 0; tap < kernel * kernel; tap++) {
            const size_t line = y * stride + tap / kernel, column = x * stride + tap % kernel;
            sum += (double)weight[tap * CHANNELS + c] *
                   read_stored(as, input, (line * width + column) * CHANNELS + c);
        }
        sum = fmin(6, fmax(0, sum));
        /* Half a step of the output. */
        const double got = read_stored(as, output, i);
        if (fabs(got - sum) > (as->precision == PRECISION_INT8 ? 0.0119 : 0.004 * sum + 1e-4)) {
            fail_msg("%s, kernel %zu, stride %zu, %zu columns, number %zu: %g, expected %g",
                     simd_level_name(level), kernel, stride, columns, i, got, sum);
        }
    }
    free(exact);
    free(weight);
    free(bias);
    free(input);
    free(output);
}

static void depthwise_convolutions_agree_with_double_precision(void **state) {
    (void)state;
    for (size_t i = 0; i < 3 * SIMD_LEVELS; i++) {
        const enum simd_level level = (enum simd_level)(i / 3);
        if (!simd_has(level)) continue;
        for (size_t columns = 1; columns < 17; columns++) {
            for (size_t kernel = 3; kernel <= 5; kernel += 2) {
                expect_depthwise(&stored[i % 3], level, kernel, 1, columns);
                expect_depthwise(&stored[i % 3], level, kernel, 2, columns);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree_with_double_precision_and_plain_loops),
        cmocka_unit_test(the_largest_numbers_are_summed_exactly),
        cmocka_unit_test(bfloat16_is_the_same_to_the_last_bit_as_plain_loops),
        cmocka_unit_test(a_row_is_the_same_alone_and_beside_others),
        cmocka_unit_test(lines_keep_their_range),
        cmocka_unit_test(depthwise_convolutions_agree_with_double_precision),
    };
    return cmocka_run_group_tests_name("low_precision", tests, NULL, NULL);
}
