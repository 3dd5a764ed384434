/* Exponential, logistic function and hyperbolic tangent against libm over the whole range of
 * floats, compiled for the instruction set of this processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/math.h"

enum { BLOCK = 256 };

SIMD_KERNEL(static, void, exponentials, (const float *x, float *y), (x, y)) {
    for (size_t i = 0; i < BLOCK; i++) y[i] = math_exp(x[i]);
}

SIMD_KERNEL(static, void, sigmoids, (const float *x, float *y), (x, y)) {
    for (size_t i = 0; i < BLOCK; i++) y[i] = math_sigmoid(x[i]);
}

SIMD_KERNEL(static, void, tangents, (const float *x, float *y), (x, y)) {
    for (size_t i = 0; i < BLOCK; i++) y[i] = math_tanh(x[i]);
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Every 1,021st float of both signs, from the smallest denormal to infinity, through check. */
static void over_all_floats(void (*function)(const float *, float *),
                            void (*check)(float x, float y)) {
    const uint32_t infinity = 0x7f800000, stride = 1021;
    for (uint32_t bits = 0; bits < infinity;) {
        float x[BLOCK], y[BLOCK];
        for (size_t i = 0; i < BLOCK; i += 2) {
            x[i] = from_bits(bits < infinity ? bits : infinity);
            x[i + 1] = -x[i];
            bits += stride;
        }
        function(x, y);
        for (size_t i = 0; i < BLOCK; i++) check(x[i], y[i]);
    }
}

/* `units` in the last place of the float nearest to `expected`. */
static void expect(const char *name, float x, float y, double expected, double units) {
    const double nearest = fabs((double)(float)expected);
    const double ulp = (double)nextafterf((float)nearest, INFINITY) - nearest;
    if (fabs((double)y - expected) < units * ulp) return;
    fail_msg("%s(%.9g): expected %.9g, found %.9g", name, (double)x, expected, (double)y);
}

static double clamped(float x) {
    return x < -87 ? -87.0 : x > 88 ? 88.0 : (double)x;
}

static void expect_exponential(float x, float y) {
    expect("exp", x, y, exp(clamped(x)), 2);
}

static void expect_sigmoid(float x, float y) {
    expect("sigmoid", x, y, 1 / (1 + exp(-clamped(x))), 2.5);
    assert_true(y >= 0 && y <= 1);
}

static void expect_tanh(float x, float y) {
    expect("tanh", x, y, tanh((double)x), 2);
    assert_true(fabsf(y) <= 1);
}

static void exp_is_within_two_units_in_the_last_place(void **state) {
    (void)state;
    over_all_floats(exponentials, expect_exponential);
    for (float x = -88; x < 89; x += 1.0f / 512) expect_exponential(x, math_exp(x));
}

static void sigmoid_is_within_two_and_a_half_units(void **state) {
    (void)state;
    over_all_floats(sigmoids, expect_sigmoid);
    for (float x = -20; x < 20; x += 1.0f / 512) expect_sigmoid(x, math_sigmoid(x));
}

static void tanh_is_within_two_units_in_the_last_place(void **state) {
    (void)state;
    over_all_floats(tangents, expect_tanh);
    for (float x = -20; x < 20; x += 1.0f / 512) expect_tanh(x, math_tanh(x));
}

static void the_fixed_points_are_exact(void **state) {
    (void)state;
    assert_true(math_exp(0) == 1);
    assert_true(math_sigmoid(0) == 0.5f);
    assert_true(math_tanh(0) == 0);
    assert_true(math_tanh(100) == 1 && math_tanh(-100) == -1);
    assert_true(math_sigmoid(100) == 1);
}

static void a_nan_stays_nan(void **state) {
    (void)state;
    float x[BLOCK], y[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) x[i] = NAN;
    void (*const functions[])(const float *, float *) = {exponentials, sigmoids, tangents};
    for (size_t f = 0; f < 3; f++) {
        functions[f](x, y);
        for (size_t i = 0; i < BLOCK; i++) assert_true(isnan(y[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_two_units_in_the_last_place),
        cmocka_unit_test(sigmoid_is_within_two_and_a_half_units),
        cmocka_unit_test(tanh_is_within_two_units_in_the_last_place),
        cmocka_unit_test(the_fixed_points_are_exact),
        cmocka_unit_test(a_nan_stays_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
