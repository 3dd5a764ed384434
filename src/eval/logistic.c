#include "eval/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/math.h"

enum { MOST_STEPS = 100 };

/* A step that gains less than this part of the log-likelihood is the last. */
static const double least_gain = 1e-12;

/* A step is halved down to this part of Newton's before it is given up. */
static const double least_part = 1e-6;

struct newton {
    const struct logistic *problem;
    double *gradient; /* (inputs,), then the step */
    double *hessian;  /* (inputs, inputs), negated; then its Cholesky factor, the lower triangle */
    double *next;     /* (inputs,) */
};

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

double logistic_probability(const double *row, const double *coefficients, size_t inputs) {
    return math_logistic(dot(row, coefficients, inputs));
}

static double likelihood(const struct logistic *problem, const double *coefficients) {
    double sum = 0;
    for (size_t i = 0; i < problem->count; i++) {
        const double z = dot(problem->rows + i * problem->inputs, coefficients, problem->inputs);
        sum += problem->weights[i] * math_log_logistic(problem->labels[i] ? z : -z);
    }
    for (size_t j = 0; j < problem->inputs; j++)
        sum -= problem->penalties[j] / 2 * coefficients[j] * coefficients[j];
    return sum;
}

static void add_row(const struct newton *newton, size_t i, const double *coefficients) {
    const struct logistic *problem = newton->problem;
    const size_t inputs = problem->inputs;
    const double *row = problem->rows + i * inputs;
    const double p = logistic_probability(row, coefficients, inputs);
    const double rest = problem->weights[i] * ((problem->labels[i] ? 1 : 0) - p);
    const double curvature = problem->weights[i] * p * (1 - p);
    for (size_t j = 0; j < inputs; j++) {
        newton->gradient[j] += rest * row[j];
        for (size_t k = 0; k <= j; k++)
            newton->hessian[j * inputs + k] += curvature * row[j] * row[k];
    }
}

static void set_derivatives(const struct newton *newton, const double *coefficients) {
    const struct logistic *problem = newton->problem;
    const size_t inputs = problem->inputs;
    memset(newton->hessian, 0, inputs * inputs * sizeof *newton->hessian);
    for (size_t j = 0; j < inputs; j++) {
        newton->gradient[j] = -problem->penalties[j] * coefficients[j];
        newton->hessian[j * inputs + j] = problem->penalties[j];
    }
    for (size_t i = 0; i < problem->count; i++) add_row(newton, i, coefficients);
}

/* Cholesky's factor of a matrix (n, n), in place of its lower triangle. False where it is not
 * positive definite, which takes numbers that are not finite. */
static bool factorise(double *matrix, size_t n) {
    for (size_t j = 0; j < n; j++) {
        double *row = matrix + j * n;
        for (size_t k = 0; k <= j; k++) {
            const double rest = row[k] - dot(row, matrix + k * n, k);
            if (k < j) {
                row[k] = rest / matrix[k * n + k];
            } else if (rest > 0 && isfinite(rest)) {
                row[k] = sqrt(rest);
            } else {
                return false;
            }
        }
    }
    return true;
}

/* Solves for the vector (n,) in place. */
static void solve(const double *factor, size_t n, double *vector) {
    for (size_t j = 0; j < n; j++)
        vector[j] = (vector[j] - dot(factor + j * n, vector, j)) / factor[j * n + j];
    for (size_t j = n; j-- > 0;) {
        for (size_t k = j + 1; k < n; k++) vector[j] -= factor[k * n + j] * vector[k];
        vector[j] /= factor[j * n + j];
    }
}

/* Takes as much of the step as is a step up; false where nothing of it is. */
static bool climb(const struct newton *newton, double *coefficients, double *here) {
    const size_t inputs = newton->problem->inputs;
    double part = 1;
    while (part > least_part) {
        for (size_t j = 0; j < inputs; j++)
            newton->next[j] = coefficients[j] + part * newton->gradient[j];
        const double there = likelihood(newton->problem, newton->next);
        if (!(there > *here)) {
            part /= 2;
            continue;
        }
        const bool goes_on = there - *here > least_gain * fabs(*here);
        memcpy(coefficients, newton->next, inputs * sizeof *coefficients);
        *here = there;
        return goes_on;
    }
    return false;
}

static bool iterate(const struct newton *newton, double *coefficients, caption_error *error) {
    const size_t inputs = newton->problem->inputs;
    double here = likelihood(newton->problem, coefficients);
    for (size_t i = 0; i < MOST_STEPS; i++) {
        set_derivatives(newton, coefficients);
        if (!factorise(newton->hessian, inputs))
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "a logistic regression: a number is not finite");
        solve(newton->hessian, inputs, newton->gradient);
        if (!climb(newton, coefficients, &here)) break;
    }
    return true;
}

bool logistic_fit(const struct logistic *problem, double *coefficients, caption_error *error) {
    static const char what[] = "a logistic regression";
    const size_t inputs = problem->inputs;
    size_t squares;
    if (!size_multiply(inputs, inputs, &squares)) return error_memory(error, what);
    struct newton newton = {.problem = problem};
    newton.gradient = memory_zeroed(inputs, sizeof *newton.gradient, what, error);
    newton.hessian = memory_zeroed(squares, sizeof *newton.hessian, what, error);
    newton.next = memory_zeroed(inputs, sizeof *newton.next, what, error);
    memset(coefficients, 0, inputs * sizeof *coefficients);
    const bool done =
        newton.gradient && newton.hessian && newton.next && iterate(&newton, coefficients, error);
    free(newton.gradient);
    free(newton.hessian);
    free(newton.next);
    return done;
}
