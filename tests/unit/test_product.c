/* The own product, of convolutions and of builds without OpenBLAS, with every instruction set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "nn/blas.h"

/* Up to more than a block in every direction, rows of memory longer than what is used of them. */
enum { MOST = 45, TERMS = 300, LEADING = 303, CELLS = MOST * LEADING + TERMS * LEADING };

static float a[CELLS], b[CELLS], c[CELLS], part[CELLS];

static void fill(float *values, uint64_t seed) {
    struct random random = random_seeded(1, seed);
    for (size_t i = 0; i < CELLS; i++) values[i] = (float)random_normal(&random);
}

static struct product_view view(const float *values, bool transposed) {
    return transposed ? (struct product_view){values, 1, LEADING}
                      : (struct product_view){values, LEADING, 1};
}

static double element(const struct product_view *matrix, size_t row, size_t column) {
    return (double)matrix->values[row * matrix->row + column * matrix->column];
}

struct sizes {
    size_t m, n, k;
};

static void equals_the_double_twin(enum simd_level level, const struct sizes *s, bool a_transposed,
                                   bool b_transposed, float alpha, float beta) {
    const struct product_view left = view(a, a_transposed), right = view(b, b_transposed);
    for (size_t i = 0; i < CELLS; i++) c[i] = beta == 0 ? NAN : (float)(i % 7);
    product_by(level, &(struct product){.m = s->m,
                                        .n = s->n,
                                        .k = s->k,
                                        .left = left,
                                        .right = right,
                                        .alpha = alpha,
                                        .beta = beta,
                                        .output = c,
                                        .row = LEADING});
    for (size_t row = 0; row < s->m; row++) {
        for (size_t column = 0; column < s->n; column++) {
            const size_t at = row * LEADING + column;
            double sum = 0;
            for (size_t t = 0; t < s->k; t++) {
                sum += element(&left, row, t) * element(&right, t, column);
            }
            const double before = beta == 0 ? 0 : (double)beta * (double)(at % 7);
            assert_true(fabs((double)c[at] - ((double)alpha * sum + before)) < 1e-4);
        }
        const size_t after = row * LEADING + s->n;
        assert_true(beta == 0 ? isnan(c[after]) : c[after] == (float)(after % 7));
    }
}

static void any_product_equals_its_double_twin(void **state) {
    (void)state;
    static const struct sizes sizes[] = {{1, 1, 1},     {4, 16, 256}, {5, 33, 257}, {45, 45, 9},
                                         {3, 17, 300},  {40, 32, 0},  {0, 3, 4},    {2, 0, 4},
                                         {13, 40, 299}, {41, 24, 8},  {7, 8, 300}};
    fill(a, 1);
    fill(b, 2);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level)) continue;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes * 4; i++) {
            const struct sizes *s = &sizes[i / 4];
            const bool left = i & 1, right = i & 2;
            equals_the_double_twin((enum simd_level)level, s, left, right, 1, 0);
            equals_the_double_twin((enum simd_level)level, s, left, right, 0.5F, 1);
            equals_the_double_twin((enum simd_level)level, s, left, right, -1, 0.25F);
        }
    }
}

/* More terms than a block, so that the first block begins with the bias and the last one adds. */
static void bias_residual_and_relu6_equal_the_double_twin(void **state) {
    (void)state;
    static float residual[MOST * LEADING];
    fill(a, 5);
    fill(b, 6);
    for (size_t i = 0; i < MOST * LEADING; i++) residual[i] = (float)(i % 23) - 11;
    const struct product_view left = view(a, false), right = view(b, true);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level)) continue;
        for (size_t i = 0; i < 4; i++) {
            for (size_t at = 0; at < CELLS; at++) c[at] = NAN;
            product_by((enum simd_level)level,
                       &(struct product){.m = MOST,
                                         .n = MOST - 2,
                                         .k = TERMS,
                                         .left = left,
                                         .right = right,
                                         .alpha = 1,
                                         .bias = b,
                                         .residual = i & 1 ? residual : NULL,
                                         .relu6 = i & 2,
                                         .output = c,
                                         .row = LEADING});
            for (size_t at = 0; at < MOST * LEADING; at++) {
                const size_t row = at / LEADING, column = at % LEADING;
                if (column >= MOST - 2) {
                    assert_true(isnan(c[at]));
                    continue;
                }
                double sum = (double)b[column] + (i & 1 ? (double)residual[at] : 0);
                for (size_t t = 0; t < TERMS; t++) {
                    sum += element(&left, row, t) * element(&right, t, column);
                }
                if (i & 2) sum = fmax(0, fmin(6, sum));
                assert_true(fabs((double)c[at] - sum) < 1e-4);
            }
        }
    }
}

/* So threads may divide the rows of a product as they like. */
static void a_part_of_a_product_is_the_same_bit_for_bit(void **state) {
    (void)state;
    fill(a, 3);
    fill(b, 4);
    const struct product whole = {.m = MOST,
                                  .n = MOST,
                                  .k = TERMS,
                                  .left = view(a, false),
                                  .right = view(b, true),
                                  .alpha = 1,
                                  .output = c,
                                  .row = LEADING};
    product(&whole);
    for (size_t first = 0; first < MOST; first += 7) {
        struct product rows = whole;
        rows.m = first + 7 < MOST ? 7 : MOST - first;
        rows.n = MOST - 5;
        rows.left.values += first * LEADING;
        rows.right.values += 5 * LEADING;
        rows.output = part;
        product(&rows);
        for (size_t r = 0; r < rows.m; r++) {
            assert_memory_equal(part + r * LEADING, c + (first + r) * LEADING + 5,
                                (MOST - 5) * sizeof *c);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_product_equals_its_double_twin),
        cmocka_unit_test(bias_residual_and_relu6_equal_the_double_twin),
        cmocka_unit_test(a_part_of_a_product_is_the_same_bit_for_bit),
    };
    return cmocka_run_group_tests_name("product", tests, NULL, NULL);
}
