/* Ridge regression: what a plain solution of the normal equations in double says, for any number of
 * threads, and what is left of rows that it has not seen. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "train/features.h"

/* More outputs than are solved for at a time, and a number that is no multiple of it. */
enum { ROWS = 60, INPUTS = 9, OUTPUTS = 150, PARTS = 4 };

static const float penalty = 2;

struct problem {
    float inputs[ROWS][INPUTS]; /* two in three are 0 */
    float outputs[ROWS][OUTPUTS];
    float scales[ROWS];
};

static struct problem *problem_new(uint64_t seed) {
    struct problem *p = calloc(1, sizeof *p);
    assert_non_null(p);
    struct random random = random_seeded(seed, 0);
    for (size_t i = 0; i < ROWS; i++) {
        p->scales[i] = 0.5F + random_uniform(&random);
        for (size_t k = 0; k < INPUTS; k++) {
            p->inputs[i][k] = random_below(&random, 3) == 0 ? random_normal(&random) : 0;
        }
        for (size_t f = 0; f < OUTPUTS; f++) p->outputs[i][f] = 3 + random_normal(&random);
    }
    return p;
}

static struct ridge *ridge_of(const struct problem *p) {
    caption_error error = {0};
    struct ridge *ridge = ridge_new(ROWS, INPUTS, OUTPUTS, penalty, &error);
    if (!ridge) fail_msg("%s", error.message);
    for (size_t i = 0; i < ROWS; i++) {
        ridge_row_begin(ridge, p->outputs[i], p->scales[i]);
        for (size_t k = 0; k < INPUTS; k++) {
            if (p->inputs[i][k] == 0) continue;
            assert_true(ridge_row_add(ridge, k, p->inputs[i][k], &error));
        }
    }
    return ridge;
}

static bool is_left_out(size_t row, size_t part, size_t parts) {
    return parts > 0 && row % parts == part;
}

/* Gauss elimination on a symmetric, positive definite matrix. */
static void eliminate(double matrix[INPUTS][INPUTS], double right[INPUTS]) {
    for (size_t i = 0; i < INPUTS; i++) {
        for (size_t j = i + 1; j < INPUTS; j++) {
            const double factor = matrix[j][i] / matrix[i][i];
            for (size_t k = i; k < INPUTS; k++) matrix[j][k] -= factor * matrix[i][k];
            right[j] -= factor * right[i];
        }
    }
    for (size_t i = INPUTS; i-- > 0;) {
        for (size_t k = i + 1; k < INPUTS; k++) right[i] -= matrix[i][k] * right[k];
        right[i] /= matrix[i][i];
    }
}

/* The weights and the intercept of one output by the book. */
static void twin(const struct problem *p, size_t output, size_t part, size_t parts,
                 double weights[INPUTS], double *intercept) {
    double means[INPUTS] = {0}, mean = 0, matrix[INPUTS][INPUTS] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (is_left_out(i, part, parts)) continue;
        for (size_t k = 0; k < INPUTS; k++) means[k] += (double)p->inputs[i][k];
        mean += (double)(p->scales[i] * p->outputs[i][output]);
        count++;
    }
    for (size_t k = 0; k < INPUTS; k++) means[k] /= (double)count;
    mean /= (double)count;
    memset(weights, 0, INPUTS * sizeof *weights);
    for (size_t k = 0; k < INPUTS; k++) matrix[k][k] = (double)penalty;
    for (size_t i = 0; i < ROWS; i++) {
        if (is_left_out(i, part, parts)) continue;
        const double y = (double)(p->scales[i] * p->outputs[i][output]) - mean;
        for (size_t k = 0; k < INPUTS; k++) {
            const double x = (double)p->inputs[i][k] - means[k];
            weights[k] += x * y;
            for (size_t l = 0; l < INPUTS; l++) {
                matrix[k][l] += x * ((double)p->inputs[i][l] - means[l]);
            }
        }
    }
    eliminate(matrix, weights);
    *intercept = mean;
    for (size_t k = 0; k < INPUTS; k++) *intercept -= means[k] * weights[k];
}

struct solution {
    float weights[INPUTS][OUTPUTS], intercept[OUTPUTS], residuals[ROWS][OUTPUTS];
};

static struct solution *solution_of(const struct problem *p, size_t thread_count) {
    caption_error error = {0};
    struct threads *threads = threads_new(thread_count, &error);
    struct solution *s = calloc(1, sizeof *s);
    assert_non_null(threads);
    assert_non_null(s);
    struct ridge *ridge = ridge_of(p);
    assert_true(ridge_solve(ridge, threads, s->weights[0], s->intercept, &error));
    assert_true(ridge_residuals(ridge, PARTS, threads, s->residuals[0], &error));
    ridge_free(ridge);
    threads_free(threads);
    return s;
}

static void the_solution_is_that_of_the_normal_equations(void **state) {
    (void)state;
    struct problem *p = problem_new(1);
    struct solution *s = solution_of(p, 1);
    for (size_t f = 0; f < OUTPUTS; f++) {
        double weights[INPUTS], intercept;
        twin(p, f, 0, 0, weights, &intercept);
        for (size_t k = 0; k < INPUTS; k++) {
            assert_float_equal(s->weights[k][f], weights[k], 2e-3);
        }
        assert_float_equal(s->intercept[f], intercept, 2e-3);
    }
    free(s);
    free(p);
}

static void residuals_are_those_of_rows_that_were_not_seen(void **state) {
    (void)state;
    struct problem *p = problem_new(2);
    struct solution *s = solution_of(p, 1);
    for (size_t f = 0; f < OUTPUTS; f += 37) {
        for (size_t i = 0; i < ROWS; i++) {
            double weights[INPUTS], expected;
            twin(p, f, i % PARTS, PARTS, weights, &expected);
            for (size_t k = 0; k < INPUTS; k++) expected += weights[k] * (double)p->inputs[i][k];
            expected = (double)(p->scales[i] * p->outputs[i][f]) - expected;
            assert_float_equal(s->residuals[i][f], expected, 3e-3);
        }
    }
    free(s);
    free(p);
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    struct problem *p = problem_new(3);
    struct solution *one = solution_of(p, 1), *three = solution_of(p, 3);
    assert_memory_equal(one, three, sizeof *one);
    free(one);
    free(three);
    free(p);
}

/* Rows without inputs, or none at all, leave an intercept and no division by 0. */
static void with_nothing_to_learn_from_weights_are_zero(void **state) {
    (void)state;
    static const float outputs[] = {1, 2, 3, 5};
    caption_error error = {0};
    struct threads *threads = threads_new(1, &error);
    for (size_t rows = 0; rows <= 2; rows++) {
        struct ridge *ridge = ridge_new(2, 3, 2, penalty, &error);
        assert_non_null(ridge);
        for (size_t i = 0; i < rows; i++) ridge_row_begin(ridge, outputs + 2 * i, 1);
        float weights[6], intercept[2], residuals[4] = {0};
        assert_true(ridge_solve(ridge, threads, weights, intercept, &error));
        assert_true(ridge_residuals(ridge, 2, threads, residuals, &error));
        for (size_t i = 0; i < 6; i++) assert_float_equal(weights[i], 0, 0);
        assert_float_equal(intercept[1], rows == 0 ? 0 : rows == 1 ? 2 : 3.5, 1e-6);
        for (size_t i = 0; i < 4; i++) assert_true(isfinite(residuals[i]));
        ridge_free(ridge);
    }
    threads_free(threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_solution_is_that_of_the_normal_equations),
        cmocka_unit_test(residuals_are_those_of_rows_that_were_not_seen),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(with_nothing_to_learn_from_weights_are_zero),
    };
    return cmocka_run_group_tests_name("ridge", tests, NULL, NULL);
}
