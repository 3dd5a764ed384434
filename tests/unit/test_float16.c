#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "format/float16.h"

/* The definition: sign, exponent, fraction. */
static double f16_value(uint32_t half) {
    const int exponent = (int)(half >> 10 & 31);
    const double fraction = (double)(half & 1023);
    const double magnitude =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

static bool f16_is_finite(uint32_t half) {
    return (half >> 10 & 31) != 31;
}

static void put_16(uint8_t *bytes, uint32_t half) {
    bytes[0] = (uint8_t)half;
    bytes[1] = (uint8_t)(half >> 8);
}

static uint32_t get_16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t bits_of(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint32_t to_f16(float number) {
    uint8_t bytes[2];
    size_t bad = 0;
    assert_true(float16_from_floats(&number, 1, bytes, &bad));
    return get_16(bytes);
}

static void every_finite_f16_is_converted_exactly_and_back(void **state) {
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        if (!f16_is_finite(half)) continue;
        uint8_t bytes[2];
        put_16(bytes, half);
        float number = NAN;
        assert_true(float16_to_floats(bytes, 1, &number));
        assert_true((double)number == f16_value(half));
        assert_int_equal(bits_of(number) >> 31, half >> 15); /* -0 too */
        assert_int_equal(to_f16(number), half);
    }
}

static void long_and_unaligned_runs_give_what_single_numbers_give(void **state) {
    (void)state;
    enum { COUNT = 1003 };
    static uint8_t bytes[2 * COUNT + 1];
    static float numbers[COUNT];
    struct random random = random_seeded(1, 0);
    for (size_t i = 0; i < COUNT; i++) {
        put_16(bytes + 1 + 2 * i, (uint32_t)random_below(&random, 0x7c00));
    }
    assert_true(float16_to_floats(bytes + 1, COUNT, numbers));
    for (size_t i = 0; i < COUNT; i++) {
        assert_true((double)numbers[i] == f16_value(get_16(bytes + 1 + 2 * i)));
    }
}

static void numbers_that_are_not_finite_are_told(void **state) {
    (void)state;
    enum { COUNT = 37 };
    static const uint32_t f16[] = {0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xffff};
    static const uint32_t bf16[] = {0x7f80, 0xff80, 0x7fc0, 0x7f81, 0xffff};
    for (size_t k = 0; k < sizeof f16 / sizeof *f16; k++) {
        for (size_t place = 0; place < COUNT; place++) {
            uint8_t bytes[2 * COUNT] = {0};
            float numbers[COUNT];
            put_16(bytes + 2 * place, f16[k]);
            assert_false(float16_to_floats(bytes, COUNT, numbers));
            assert_true(!isfinite(numbers[place]));
            put_16(bytes + 2 * place, bf16[k]);
            assert_false(float16_brain_to_floats(bytes, COUNT, numbers));
            assert_true(!isfinite(numbers[place]));
        }
    }
}

/* The nearest F16 by search over all, ties to the even one. */
static uint32_t nearest_f16(double number) {
    uint32_t low = 0, high = 0x7bff; /* order of bits is order of numbers */
    const double magnitude = fabs(number);
    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;
        if (f16_value(middle) <= magnitude) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double below = magnitude - f16_value(low), above = f16_value(high) - magnitude;
    const bool up = above < below || (above == below && high % 2 == 0);
    return (up ? high : low) | (signbit(number) ? 0x8000U : 0);
}

static void floats_round_to_the_nearest_f16_ties_to_even(void **state) {
    (void)state;
    struct random random = random_seeded(2, 0);
    for (size_t i = 0; i < 200000; i++) {
        /* Exponents from far below the least subnormal to the largest. */
        const int exponent = (int)random_below(&random, 44) - 28;
        const float number = ldexpf(random_uniform(&random) - 0.5F, exponent);
        assert_int_equal(to_f16(number), nearest_f16((double)number));
    }
    /* Exactly between two neighbours. */
    for (uint32_t half = 0; half < 0x7bff; half++) {
        const double middle = (f16_value(half) + f16_value(half + 1)) / 2;
        assert_int_equal(to_f16((float)middle), half % 2 ? half + 1 : half);
    }
    assert_int_equal(to_f16(0x1p-149F), 0);
    assert_int_equal(to_f16(65519.99F), 0x7bff);
}

static void a_number_beyond_the_largest_is_refused_with_its_place(void **state) {
    (void)state;
    const float too_large[] = {65520.0F, -65520.0F, 1e30F, INFINITY, -INFINITY, NAN};
    for (size_t k = 0; k < sizeof too_large / sizeof *too_large; k++) {
        const float numbers[4] = {1, 65504, too_large[k], 2};
        uint8_t bytes[8];
        size_t bad = 99;
        assert_false(float16_from_floats(numbers, 4, bytes, &bad));
        assert_int_equal(bad, 2);
    }
    const float numbers[3] = {3.38e38F, 3.4028235e38F, INFINITY};
    uint8_t bytes[6];
    size_t bad = 99;
    assert_false(float16_brain_from_floats(numbers, 3, bytes, &bad));
    assert_int_equal(bad, 1);
}

static void bf16_is_the_upper_half_of_a_float_rounded_to_even(void **state) {
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        if ((half >> 7 & 255) == 255) continue;
        uint8_t bytes[2], back[2];
        put_16(bytes, half);
        float number = NAN;
        size_t bad;
        assert_true(float16_brain_to_floats(bytes, 1, &number));
        assert_int_equal(bits_of(number), half << 16);
        assert_true(float16_brain_from_floats(&number, 1, back, &bad));
        assert_int_equal(get_16(back), half);
    }
    const struct {
        float number;
        uint32_t half;
    } cases[] = {{0x1.01p0F, 0x3f80},
                 {0x1.03p0F, 0x3f82},
                 {0x1.010002p0F, 0x3f81},
                 {-0x1.03p0F, 0xbf82},
                 {0x1.ffp0F, 0x4000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[2];
        size_t bad;
        assert_true(float16_brain_from_floats(&cases[i].number, 1, bytes, &bad));
        assert_int_equal(get_16(bytes), cases[i].half);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_finite_f16_is_converted_exactly_and_back),
        cmocka_unit_test(long_and_unaligned_runs_give_what_single_numbers_give),
        cmocka_unit_test(numbers_that_are_not_finite_are_told),
        cmocka_unit_test(floats_round_to_the_nearest_f16_ties_to_even),
        cmocka_unit_test(a_number_beyond_the_largest_is_refused_with_its_place),
        cmocka_unit_test(bf16_is_the_upper_half_of_a_float_rounded_to_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
