/* Random numbers: the published sequences, streams that have nothing to do with each other, and
 * distributions that are what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/random.h"

enum { DRAWS = 200000 };

static void xoshiro_gives_its_published_numbers(void **state) {
    (void)state;
    /* The reference code of Blackman and Vigna, started from 1, 2, 3, 4. */
    static const uint64_t expected[] = {11520u,
                                        0u,
                                        1509978240u,
                                        1215971899390074240u,
                                        1216172134540287360u,
                                        607988272756665600u,
                                        16172922978634559625u,
                                        8476171486693032832u,
                                        10595114339597558777u,
                                        2904607092377533576u};
    struct random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(random_u64(&random) == expected[i]);
    }
}

static void seeds_are_spread_by_splitmix(void **state) {
    (void)state;
    /* splitmix64's first number after 0 scrambles stream 0; undone here, 1234567 is left, whose
     * numbers are published. */
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u};
    struct random random = random_seeded(1234567u ^ 0xe220a8397b1dcdafu, 0);
    for (size_t i = 0; i < 4; i++) assert_true(random.state[i] == expected[i]);
}

static void a_seed_and_a_stream_say_all(void **state) {
    (void)state;
    struct random one = random_seeded(7, 9), two = random_seeded(7, 9);
    for (size_t i = 0; i < 1000; i++) assert_true(random_u64(&one) == random_u64(&two));
}

/* Correlation of two streams' uniform numbers. */
static double correlation(struct random a, struct random b) {
    double sum = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        sum += ((double)random_uniform(&a) - 0.5) * ((double)random_uniform(&b) - 0.5);
    }
    return sum / DRAWS * 12;
}

static void streams_are_independent(void **state) {
    (void)state;
    const double allowed = 4.5 / sqrt(DRAWS);
    assert_true(fabs(correlation(random_seeded(1, 0), random_seeded(1, 1))) < allowed);
    assert_true(fabs(correlation(random_seeded(1, 2), random_seeded(2, 1))) < allowed);
    assert_true(fabs(correlation(random_seeded(0, 0), random_seeded(1, 0))) < allowed);
    assert_true(correlation(random_seeded(1, 0), random_seeded(1, 0)) > 0.9);

    enum { SIDE = 32 };
    uint64_t first[SIDE * SIDE];
    for (uint64_t i = 0; i < SIDE * SIDE; i++) {
        struct random random = random_seeded(i / SIDE, i % SIDE);
        first[i] = random_u64(&random);
        for (uint64_t j = 0; j < i; j++) assert_true(first[i] != first[j]);
    }
}

static void uniform_numbers_fill_zero_to_one(void **state) {
    (void)state;
    struct random random = random_seeded(1, 0);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        float x = random_uniform(&random);
        assert_true(x >= 0 && x < 1);
        sum += (double)x;
        squares += (double)x * (double)x;
    }
    assert_true(fabs(sum / DRAWS - 1.0 / 2) < 0.003);
    assert_true(fabs(squares / DRAWS - 1.0 / 3) < 0.003);
}

static void normal_numbers_have_mean_zero_and_variance_one(void **state) {
    (void)state;
    struct random random = random_seeded(1, 0);
    double sum = 0, squares = 0, fourths = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        double x = (double)random_normal(&random);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    assert_true(fabs(sum / DRAWS) < 0.01);
    assert_true(fabs(squares / DRAWS - 1) < 0.02);
    assert_true(fabs(fourths / DRAWS - 3) < 0.15);
}

static void numbers_below_a_bound_are_equally_likely(void **state) {
    (void)state;
    enum { BOUND = 7 };
    struct random random = random_seeded(1, 0);
    double counts[BOUND] = {0}, chi_squared = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        size_t x = random_below(&random, BOUND);
        assert_true(x < BOUND);
        counts[x]++;
    }
    const double each = (double)DRAWS / BOUND;
    for (size_t i = 0; i < BOUND; i++)
        chi_squared += (counts[i] - each) * (counts[i] - each) / each;
    assert_true(chi_squared < 22.5); /* 1 in 1,000 for 6 degrees of freedom */
    for (size_t i = 0; i < 100; i++) assert_int_equal(random_below(&random, 1), 0);
    /* A bound just over half of all numbers is where a modulus would be most biased. */
    size_t bound = SIZE_MAX / 2 + 2, lower = 0;
    for (size_t i = 0; i < 20000; i++) lower += random_below(&random, bound) < bound / 2;
    assert_true(fabs((double)lower / 20000 - 0.5) < 0.02);
}

static void a_shuffle_makes_every_order_equally_likely(void **state) {
    (void)state;
    struct random random = random_seeded(1, 0);
    size_t orders[27] = {0};
    for (size_t i = 0; i < 60000; i++) {
        size_t items[] = {0, 1, 2};
        random_shuffle(&random, items, 3);
        assert_int_equal((1u << items[0]) | (1u << items[1]) | (1u << items[2]), 7);
        orders[items[0] * 9 + items[1] * 3 + items[2]]++;
    }
    size_t different = 0;
    for (size_t i = 0; i < 27; i++) {
        if (orders[i] == 0) continue;
        different++;
        assert_in_range(orders[i], 9600, 10400);
    }
    assert_int_equal(different, 6);
    random_shuffle(&random, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xoshiro_gives_its_published_numbers),
        cmocka_unit_test(seeds_are_spread_by_splitmix),
        cmocka_unit_test(a_seed_and_a_stream_say_all),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(uniform_numbers_fill_zero_to_one),
        cmocka_unit_test(normal_numbers_have_mean_zero_and_variance_one),
        cmocka_unit_test(numbers_below_a_bound_are_equally_likely),
        cmocka_unit_test(a_shuffle_makes_every_order_equally_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
