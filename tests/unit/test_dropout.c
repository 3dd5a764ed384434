/* Dropout: how much it drops, that it keeps the mean, and that a seed says all. */
#include "decoder_fixture.h"
#include "nn/vector.h"

#include <math.h>

enum { COUNT = 100003 }; /* no multiple of four */

static void drops_the_share_that_was_asked_for(void **state) {
    (void)state;
    static uint8_t mask[COUNT];
    const float rates[] = {0, 0.1f, 0.5f, 0.9f};
    for (size_t r = 0; r < 4; r++) {
        struct random random = random_seeded(1, r);
        dropout_draw(&random, rates[r], COUNT, mask);
        double kept = 0;
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(mask[i] <= 1);
            kept += mask[i];
        }
        double rate = (double)rates[r], deviation = sqrt(rate * (1 - rate) / COUNT);
        assert_true(fabs(kept / COUNT - (1 - rate)) <= 4 * deviation + 1.0 / 65536);
    }
}

static void what_stays_is_scaled_up(void **state) {
    (void)state;
    const uint8_t mask[] = {1, 0, 1, 1, 0};
    real values[] = {1, 2, -3, 0, 5};
    dropout_apply(0.75f, 5, mask, values);
    const real expected[] = {4, 0, -12, 0, 0};
    for (size_t i = 0; i < 5; i++) assert_true(values[i] == expected[i]);
}

static void the_same_seed_gives_the_same_mask(void **state) {
    (void)state;
    static uint8_t one[COUNT], two[COUNT], other[COUNT];
    struct random a = random_seeded(5, 1), b = random_seeded(5, 1), c = random_seeded(5, 2);
    dropout_draw(&a, 0.5f, COUNT, one);
    dropout_draw(&b, 0.5f, COUNT, two);
    dropout_draw(&c, 0.5f, COUNT, other);
    assert_memory_equal(one, two, COUNT);
    assert_memory_not_equal(one, other, COUNT);
}

static void neighbours_are_dropped_independently(void **state) {
    (void)state;
    static uint8_t mask[COUNT];
    struct random random = random_seeded(1, 0);
    dropout_draw(&random, 0.5f, COUNT, mask);
    for (size_t apart = 1; apart <= 8; apart++) {
        double both = 0;
        for (size_t i = apart; i < COUNT; i++) both += mask[i] & mask[i - apart];
        assert_true(fabs(both / COUNT - 0.25) < 0.01);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_the_share_that_was_asked_for),
        cmocka_unit_test(what_stays_is_scaled_up),
        cmocka_unit_test(the_same_seed_gives_the_same_mask),
        cmocka_unit_test(neighbours_are_dropped_independently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
