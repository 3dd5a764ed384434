/* Central finite differences, to compare analytic gradients with. Double builds only. */
#ifndef CAPTION_TESTS_FINITE_DIFFERENCE_H
#define CAPTION_TESTS_FINITE_DIFFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/simd.h"

typedef double finite_difference_function(void *context);

/* Compares gradient[i] with the derivative of f by values[i] for all `count` numbers: relative
 * error at most 1e-4, or an absolute one at the rounding noise of the difference quotient. Returns
 * the largest gradient. */
static inline double finite_difference_compare(const char *what, finite_difference_function *f,
                                               void *context, real *values, size_t count,
                                               const real *gradient) {
    const double step = 1e-5, relative = 1e-4, noise = 2e-9;
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        real value = values[i];
        values[i] = value + (real)step;
        double above = f(context);
        values[i] = value - (real)step;
        double below = f(context);
        values[i] = value;
        double expected = (above - below) / (2 * step), found = (double)gradient[i];
        double allowed = relative * fmax(fabs(expected), fabs(found)) + noise;
        if (!(fabs(expected - found) <= allowed)) {
            fail_msg("%s[%zu]: the gradient is %.12g, finite differences give %.12g", what, i,
                     found, expected);
        }
        largest = fmax(largest, fabs(found));
    }
    return largest;
}

/* The same. All gradients 0 fails as well: nothing would have been tested. */
static inline void finite_difference_check(const char *what, finite_difference_function *f,
                                           void *context, real *values, size_t count,
                                           const real *gradient) {
    double largest = finite_difference_compare(what, f, context, values, count, gradient);
    if (!(largest > 1e-6)) fail_msg("%s: the gradient is zero everywhere", what);
}

#endif
