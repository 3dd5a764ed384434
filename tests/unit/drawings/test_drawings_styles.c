/* The two halves of the styles of samples/drawings share no variant, no hue and no font. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"

enum { DRAWS = 2000, VARIANTS = 40, BANDS = 25 };

static void halves_share_no_variant(void **state) {
    (void)state;
    for (size_t count = 5; count < VARIANTS; count++) {
        bool seen[2][VARIANTS] = {{false}};
        for (int test = 0; test < 2; test++) {
            struct random random = random_seeded(1, count);
            struct canvas canvas = {.random = &random, .test = test};
            for (size_t i = 0; i < DRAWS; i++)
                seen[test][canvas_style(&canvas, "any", count)] = true;
        }
        for (size_t v = 0; v < count; v++) assert_true(seen[0][v] != seen[1][v]);
    }
}

static void few_variants_belong_to_both(void **state) {
    (void)state;
    for (int test = 0; test < 2; test++) {
        struct random random = random_seeded(1, 1);
        struct canvas canvas = {.random = &random, .test = test};
        bool seen[4] = {false};
        for (size_t i = 0; i < DRAWS; i++) seen[canvas_style(&canvas, "any", 4)] = true;
        for (size_t v = 0; v < 4; v++) assert_true(seen[v]);
    }
}

static void halves_share_no_hue(void **state) {
    (void)state;
    bool seen[2][BANDS] = {{false}};
    for (int test = 0; test < 2; test++) {
        struct random random = random_seeded(2, 1);
        struct canvas canvas = {.random = &random, .test = test};
        for (size_t i = 0; i < DRAWS; i++) {
            seen[test][(size_t)(canvas_hue(&canvas) * BANDS)] = true;
        }
    }
    for (size_t b = 0; b < BANDS; b++) assert_false(seen[0][b] && seen[1][b]);
}

static void halves_share_no_font(void **state) {
    (void)state;
    struct font list[] = {{"A", FONT_PRINT, {[LATIN] = true}, false},
                          {"B", FONT_PRINT, {[LATIN] = true}, true},
                          {"C", FONT_FIXED, {[LATIN] = true}, false},
                          {"D", FONT_PRINT, {[LATIN] = true}, false}};
    const struct fonts fonts = {list, sizeof list / sizeof *list};
    struct random random = random_seeded(3, 1);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_string_equal(fonts_pick(&fonts, &random, LATIN, FONT_PRINT, true), "B");
        assert_string_not_equal(fonts_pick(&fonts, &random, LATIN, FONT_PRINT, false), "B");
    }
    /* Of a class that the half does not have, another of the half. */
    assert_string_equal(fonts_pick(&fonts, &random, LATIN, FONT_FIXED, true), "B");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_share_no_variant),
        cmocka_unit_test(few_variants_belong_to_both),
        cmocka_unit_test(halves_share_no_hue),
        cmocka_unit_test(halves_share_no_font),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
