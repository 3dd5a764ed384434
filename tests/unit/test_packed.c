/* Products with packed weights, through every instruction set that this processor has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "infer/packed.h"

/* Input rows and outputs lie further apart than they are long; what lies between is not touched. */
enum { GAP = 3, UNTOUCHED = 77 };

struct fixture {
    size_t rows, outputs, inputs;
    float *weights, *bias, *input, *residual, *output;
    size_t *gather; /* [rows], of rows + 1 rows of input */
    double *sums;   /* (rows + 1, outputs): every product and its bias, one number at a time */
    struct arena arena;
    struct packed matrix;
};

static float *random_floats(struct random *random, size_t count) {
    float *numbers = malloc((count + 1) * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = 2 * random_normal(random);
    return numbers;
}

static void pack(const struct fixture *f, struct packed *matrix) {
    for (size_t first = 0; first < f->outputs; first += PACKED_PANEL) {
        const size_t rest = f->outputs - first;
        packed_rows(matrix, first, rest < PACKED_PANEL ? rest : PACKED_PANEL,
                    f->weights + first * f->inputs);
    }
    memcpy(matrix->bias, f->bias, f->outputs * sizeof(float));
}

/* The twin of all instruction sets: in double precision. */
static double *twin_new(const struct fixture *f) {
    const size_t count = (f->rows + 1) * f->outputs;
    double *sums = malloc((count + 1) * sizeof *sums);
    assert_non_null(sums);
    for (size_t i = 0; i < count; i++) {
        const float *input = f->input + i / f->outputs * (f->inputs + GAP);
        const float *weights = f->weights + i % f->outputs * f->inputs;
        sums[i] = (double)f->bias[i % f->outputs];
        for (size_t j = 0; j < f->inputs; j++) sums[i] += (double)input[j] * (double)weights[j];
    }
    return sums;
}

static struct fixture fixture_new(size_t rows, size_t outputs, size_t inputs) {
    struct random random = random_seeded(rows * 31 + outputs * 7 + inputs, 0);
    struct fixture f = {.rows = rows, .outputs = outputs, .inputs = inputs};
    f.weights = random_floats(&random, outputs * inputs);
    f.bias = random_floats(&random, outputs);
    f.input = random_floats(&random, (rows + 1) * (inputs + GAP));
    f.residual = random_floats(&random, rows * (outputs + GAP));
    f.output = malloc((rows * (outputs + GAP) + 1) * sizeof(float));
    f.gather = malloc((rows + 1) * sizeof *f.gather);
    assert_true(f.output && f.gather);
    for (size_t r = 0; r < rows; r++) f.gather[r] = random_below(&random, rows + 1);
    f.sums = twin_new(&f);
    assert_true(packed_init(&f.matrix, outputs, inputs, &f.arena, NULL));
    pack(&f, &f.matrix);
    return f;
}

static void fixture_free(struct fixture *f) {
    free(f->weights);
    free(f->bias);
    free(f->input);
    free(f->residual);
    free(f->output);
    free(f->gather);
    free(f->sums);
    arena_free(&f->arena);
}

static struct packed_product product_of(const struct fixture *f, bool residual, bool relu6,
                                        bool gather) {
    return (struct packed_product){.input = f->input,
                                   .input_stride = f->inputs + GAP,
                                   .gather = gather ? f->gather : NULL,
                                   .residual = residual ? f->residual : NULL,
                                   .residual_stride = f->outputs + GAP,
                                   .relu6 = relu6,
                                   .output = f->output,
                                   .output_stride = f->outputs + GAP};
}

static void clear(const struct fixture *f) {
    for (size_t i = 0; i < f->rows * (f->outputs + GAP); i++) f->output[i] = UNTOUCHED;
}

/* What the twin says. */
static double twin(const struct fixture *f, const struct packed_product *product, size_t row,
                   size_t column) {
    const size_t from = product->gather ? product->gather[row] : row;
    double sum = f->sums[from * f->outputs + column];
    if (product->residual) sum += (double)f->residual[row * (f->outputs + GAP) + column];
    return product->relu6 ? fmin(6, fmax(0, sum)) : sum;
}

static void expect_twin(const struct fixture *f, const struct packed_product *product) {
    for (size_t r = 0; r < f->rows; r++) {
        const float *row = f->output + r * (f->outputs + GAP);
        for (size_t c = 0; c < f->outputs; c++) {
            const double expected = twin(f, product, r, c);
            if (fabs((double)row[c] - expected) < 1e-5 * (double)(f->inputs + 4)) continue;
            fail_msg("%zu x %zu x %zu: [%zu][%zu] is %g, expected %g", f->rows, f->outputs,
                     f->inputs, r, c, (double)row[c], expected);
        }
        for (size_t c = 0; c < GAP; c++) {
            assert_true(row[f->outputs + c] == UNTOUCHED);
        }
    }
}

static void expect_all(size_t rows, size_t outputs, size_t inputs) {
    struct fixture f = fixture_new(rows, outputs, inputs);
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has(level)) continue;
        for (unsigned kind = 0; kind < 8; kind++) {
            const struct packed_product product = product_of(&f, kind & 1, kind & 2, kind & 4);
            clear(&f);
            packed_multiply_by(level, &f.matrix, rows, &product);
            expect_twin(&f, &product);
        }
    }
    fixture_free(&f);
}

static void every_size_and_form_agrees_with_double_precision(void **state) {
    (void)state;
    for (size_t rows = 0; rows <= 15; rows++) {
        for (size_t outputs = 1; outputs <= 70; outputs += 1 + outputs / 7) {
            for (size_t inputs = 0; inputs < 40; inputs = inputs * 2 + 1) {
                expect_all(rows, outputs, inputs);
            }
        }
    }
    expect_all(1, 1, 1152);
    expect_all(49, 192, 1152);
    expect_all(100, 97, 700); /* more than one block of rows */
    expect_all(8, 1000, 512);
}

static void a_row_is_the_same_alone_and_beside_others(void **state) {
    (void)state;
    struct fixture f = fixture_new(61, 83, 150);
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has(level)) continue;
        struct packed_product product = product_of(&f, true, false, false);
        packed_multiply_by(level, &f.matrix, f.rows, &product);
        for (size_t first = 0; first < f.rows; first++) {
            for (size_t count = 1; count <= 7 && first + count <= f.rows; count++) {
                float alone[7 * (83 + GAP)];
                struct packed_product part = product;
                part.input += first * part.input_stride;
                part.residual += first * part.residual_stride;
                part.output = alone;
                packed_multiply_by(level, &f.matrix, count, &part);
                for (size_t r = 0; r < count; r++) {
                    assert_memory_equal(alone + r * (83 + GAP), f.output + (first + r) * (83 + GAP),
                                        83 * sizeof(float));
                }
            }
        }
    }
    fixture_free(&f);
}

static void outputs_may_be_lines_of_a_map_with_a_border(void **state) {
    (void)state;
    enum { LINE = 5, LINES = 4, OUTPUTS = 21, STRIDE = OUTPUTS + GAP, MAP = (LINE + 2) * STRIDE };
    struct fixture f = fixture_new(LINE * LINES, OUTPUTS, 9);
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has(level)) continue;
        struct packed_product product = product_of(&f, false, false, false);
        packed_multiply_by(level, &f.matrix, f.rows, &product);
        float map[LINES * MAP] = {0};
        product.output = map + STRIDE;
        product.line = LINE;
        product.line_stride = MAP;
        packed_multiply_by(level, &f.matrix, f.rows, &product);
        for (size_t r = 0; r < f.rows; r++) {
            assert_memory_equal(map + r / LINE * MAP + (r % LINE + 1) * STRIDE,
                                f.output + r * STRIDE, OUTPUTS * sizeof(float));
        }
        for (size_t line = 0; line < LINES; line++) {
            assert_true(map[line * MAP] == 0 && map[line * MAP + (LINE + 1) * STRIDE] == 0);
        }
    }
    fixture_free(&f);
}

/* Numbers that F16 holds exactly, its smallest among them. */
static void round_to_halves(size_t count, float *numbers) {
    for (size_t i = 0; i < count; i++) {
        numbers[i] = i % 9 ? roundf(numbers[i] * 128) / 128 : 0x1p-24F;
    }
}

/* Whole and by its last panels, through residuals, ReLU6 and gathered rows. */
static void expect_halves_like_floats(size_t rows, size_t outputs, size_t inputs) {
    struct fixture f = fixture_new(rows, outputs, inputs);
    const size_t size = rows * (outputs + GAP) * sizeof(float);
    const size_t panel = outputs / PACKED_PANEL / 2;
    float *expected = malloc(size);
    assert_non_null(expected);
    struct packed halves;
    round_to_halves(outputs * inputs, f.weights);
    pack(&f, &f.matrix);
    assert_true(packed_init_halves(&halves, outputs, inputs, &f.arena, NULL));
    pack(&f, &halves);
    const struct packed matrices[2][2] = {
        {f.matrix, halves}, {packed_part(&f.matrix, panel, 9), packed_part(&halves, panel, 9)}};
    for (unsigned kind = 0; kind < 16; kind++) {
        const struct packed_product product = product_of(&f, kind & 1, kind & 2, kind & 4);
        for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
            if (!simd_has(level)) continue;
            clear(&f);
            packed_multiply_by(level, &matrices[kind >> 3][0], rows, &product);
            memcpy(expected, f.output, size);
            clear(&f);
            packed_multiply_by(level, &matrices[kind >> 3][1], rows, &product);
            assert_memory_equal(f.output, expected, size);
        }
    }
    free(expected);
    fixture_free(&f);
}

static void weights_in_f16_give_what_they_give_as_floats(void **state) {
    (void)state;
    static const size_t inputs[] = {0, 1, 127, 128, 129, 256, 700};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        expect_halves_like_floats(1, 16, inputs[i]);
        expect_halves_like_floats(3, 83, inputs[i]);
        expect_halves_like_floats(13, 97, inputs[i]);
        expect_halves_like_floats(48, 20, inputs[i]);
        expect_halves_like_floats(100, 97, inputs[i]);
    }
}

static void weights_in_f16_take_half_the_memory(void **state) {
    (void)state;
    struct arena arena = {0};
    struct packed halves;
    assert_true(packed_init_halves(&halves, 20, 30, &arena, NULL));
    const bool kept = simd_has(SIMD_AVX2);
    assert_true((halves.halves != NULL) == kept);
    assert_true((halves.panels == NULL) == kept);
    arena_free(&arena);
}

static void a_part_gives_what_the_whole_gives(void **state) {
    (void)state;
    struct fixture f = fixture_new(9, 70, 33);
    struct packed_product product = product_of(&f, true, true, false);
    packed_multiply(&f.matrix, f.rows, &product);
    float output[9 * 70];
    for (size_t panel = 0; panel < 5; panel += 2) {
        const size_t first = panel * PACKED_PANEL;
        const struct packed part = packed_part(&f.matrix, panel, 2);
        struct packed_product some = product;
        some.residual += first;
        some.output = output + first;
        some.output_stride = 70;
        packed_multiply(&part, f.rows, &some);
    }
    for (size_t r = 0; r < f.rows; r++) {
        assert_memory_equal(output + r * 70, f.output + r * (70 + GAP), 70 * sizeof(float));
    }
    fixture_free(&f);
}

static void the_residual_may_be_the_output(void **state) {
    (void)state;
    struct fixture f = fixture_new(13, 40, 24);
    struct packed_product product = product_of(&f, true, true, false);
    packed_multiply(&f.matrix, f.rows, &product);
    product.output = f.residual;
    packed_multiply(&f.matrix, f.rows, &product);
    for (size_t r = 0; r < f.rows; r++) {
        assert_memory_equal(f.residual + r * (40 + GAP), f.output + r * (40 + GAP),
                            40 * sizeof(float));
    }
    fixture_free(&f);
}

static void what_is_no_number_stays_none(void **state) {
    (void)state;
    struct fixture f = fixture_new(7, 65, 3);
    f.input[4 * (3 + GAP)] = NAN;
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has(level)) continue;
        const struct packed_product product = product_of(&f, false, true, false);
        packed_multiply_by(level, &f.matrix, f.rows, &product);
        for (size_t c = 0; c < f.outputs; c++) {
            assert_true(isnan(f.output[4 * (65 + GAP) + c]) != 0);
            assert_true(!isnan(f.output[3 * (65 + GAP) + c]));
        }
    }
    fixture_free(&f);
}

static void a_matrix_too_large_for_memory_is_an_error(void **state) {
    (void)state;
    struct arena arena = {0};
    struct packed matrix;
    caption_error error = {0};
    assert_false(packed_init(&matrix, SIZE_MAX - 1, 2, &arena, &error));
    assert_int_equal(error.status, CAPTION_ERROR_LIMIT);
    assert_false(packed_init(&matrix, SIZE_MAX / 64, 1000, &arena, &error));
    assert_int_equal(error.status, CAPTION_ERROR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_and_form_agrees_with_double_precision),
        cmocka_unit_test(a_row_is_the_same_alone_and_beside_others),
        cmocka_unit_test(outputs_may_be_lines_of_a_map_with_a_border),
        cmocka_unit_test(weights_in_f16_give_what_they_give_as_floats),
        cmocka_unit_test(weights_in_f16_take_half_the_memory),
        cmocka_unit_test(a_part_gives_what_the_whole_gives),
        cmocka_unit_test(the_residual_may_be_the_output),
        cmocka_unit_test(what_is_no_number_stays_none),
        cmocka_unit_test(a_matrix_too_large_for_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
