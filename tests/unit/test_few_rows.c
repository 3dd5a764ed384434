#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "nn/blas.h"

/* Sizes that are no multiple of a vector, rows longer than what is used of them. */
enum { COLUMNS = 13, TERMS = 77, LEADING = 90 };

static void equals_the_plain_product(size_t m, real alpha, real beta) {
    static real a[FEW_ROWS_MOST * LEADING], b[COLUMNS * LEADING], c[FEW_ROWS_MOST * LEADING];
    struct random random = random_seeded(1, m);
    for (size_t i = 0; i < m * LEADING; i++) a[i] = (real)random_normal(&random);
    for (size_t i = 0; i < COLUMNS * LEADING; i++) b[i] = (real)random_normal(&random);
    for (size_t i = 0; i < m * LEADING; i++) c[i] = beta == 0 ? (real)NAN : (real)(i % 7);
    few_rows_product(m, COLUMNS, TERMS, alpha, a, LEADING, b, LEADING, beta, c, LEADING);
    for (size_t row = 0; row < m; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            size_t at = row * LEADING + column;
            double expected = beta == 0 ? 0 : (double)beta * (double)(at % 7);
            for (size_t k = 0; k < TERMS; k++) {
                expected +=
                    (double)alpha * (double)a[row * LEADING + k] * (double)b[column * LEADING + k];
            }
            assert_true(fabs((double)c[at] - expected) < 1e-4);
        }
    }
}

static void any_number_of_few_rows_equals_the_plain_product(void **state) {
    (void)state;
    for (size_t m = 1; m <= FEW_ROWS_MOST; m++) {
        equals_the_plain_product(m, 1, 0);
        equals_the_plain_product(m, (real)0.5, 1);
        equals_the_plain_product(m, 1, -2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_few_rows_equals_the_plain_product),
    };
    return cmocka_run_group_tests_name("few_rows", tests, NULL, NULL);
}
