#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "image/photo.h"

static const struct augment_strength strong = {.crop = 0.4f, .color = 0.3f, .flip = true};

static void no_strength_is_the_identity(void **state) {
    (void)state;
    struct random random = random_seeded(1, 2);
    for (int i = 0; i < 100; i++) {
        struct augment drawn = augment_draw(&(struct augment_strength){0}, &random);
        struct augment none = augment_none();
        assert_true(drawn.left == none.left && drawn.top == none.top);
        assert_true(drawn.width == none.width && drawn.height == none.height);
        assert_true(drawn.brightness == 1 && drawn.contrast == 1 && drawn.saturation == 1);
        assert_false(drawn.mirror);
    }
}

static void a_crop_lies_in_the_photo_and_keeps_its_share(void **state) {
    (void)state;
    struct random random = random_seeded(3, 4);
    float smallest = 1, largest = 0;
    for (int i = 0; i < 10000; i++) {
        struct augment a = augment_draw(&strong, &random);
        assert_true(a.left >= 0 && a.top >= 0);
        assert_true(a.left + a.width <= 1.00001f && a.top + a.height <= 1.00001f);
        float area = a.width * a.height, aspect = a.width / a.height;
        assert_true(area > 0.5999f && area < 1.0001f);
        assert_true(aspect > 0.7499f && aspect < 1.3334f);
        smallest = fminf(smallest, area);
        largest = fmaxf(largest, area);
    }
    assert_true(smallest < 0.61f && largest > 0.99f);
}

static void colours_stay_within_their_strength_and_half_are_mirrored(void **state) {
    (void)state;
    struct random random = random_seeded(5, 6);
    int mirrored = 0;
    double brightness = 0;
    for (int i = 0; i < 10000; i++) {
        struct augment a = augment_draw(&strong, &random);
        assert_true(a.brightness >= 0.7f && a.brightness <= 1.3f);
        assert_true(a.contrast >= 0.7f && a.contrast <= 1.3f);
        assert_true(a.saturation >= 0.7f && a.saturation <= 1.3f);
        brightness += (double)a.brightness / 10000;
        mirrored += a.mirror;
    }
    assert_in_range(mirrored, 4700, 5300);
    assert_true(fabs(brightness - 1) < 0.01);
}

static void every_draw_takes_the_same_number_of_random_numbers(void **state) {
    (void)state;
    struct random a = random_seeded(7, 8), b = random_seeded(7, 8);
    augment_draw(&strong, &a);
    augment_draw(&(struct augment_strength){0}, &b);
    assert_memory_equal(&a, &b, sizeof a);
}

static void mirroring_swaps_columns_and_twice_is_nothing(void **state) {
    (void)state;
    struct augment augment = augment_none();
    augment.mirror = true;
    for (size_t width = 1; width <= 6; width++) {
        float pixels[2 * 6 * 3], before[2 * 6 * 3];
        for (size_t i = 0; i < 36; i++) pixels[i] = before[i] = (float)i;
        augment_pixels(&augment, width, 2, pixels);
        for (size_t y = 0; y < 2; y++)
            for (size_t x = 0; x < width; x++)
                assert_memory_equal(pixels + (y * width + x) * 3,
                                    before + (y * width + width - 1 - x) * 3, 3 * sizeof(float));
        augment_pixels(&augment, width, 2, pixels);
        assert_memory_equal(pixels, before, sizeof pixels);
    }
}

static void brightness_multiplies_and_stops_at_255(void **state) {
    (void)state;
    struct augment augment = augment_none();
    augment.brightness = 1.25f;
    float pixels[3] = {100, 0, 220};
    augment_pixels(&augment, 1, 1, pixels);
    assert_true(pixels[0] == 125 && pixels[1] == 0 && pixels[2] == 255);
}

static void contrast_keeps_the_mean_grey(void **state) {
    (void)state;
    struct augment augment = augment_none();
    augment.contrast = 0.5f;
    float pixels[6] = {50, 50, 50, 150, 150, 150};
    augment_pixels(&augment, 2, 1, pixels);
    for (size_t c = 0; c < 3; c++) {
        assert_true(fabsf(pixels[c] - 75) < 1e-3f);
        assert_true(fabsf(pixels[3 + c] - 125) < 1e-3f);
    }
}

static void saturation_of_nothing_is_grey(void **state) {
    (void)state;
    struct augment augment = augment_none();
    augment.saturation = 0;
    float pixels[3] = {200, 100, 50};
    augment_pixels(&augment, 1, 1, pixels);
    for (size_t c = 0; c < 3; c++)
        assert_true(fabsf(pixels[c] - (0.299f * 200 + 0.587f * 100 + 0.114f * 50)) < 1e-3f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_strength_is_the_identity),
        cmocka_unit_test(a_crop_lies_in_the_photo_and_keeps_its_share),
        cmocka_unit_test(colours_stay_within_their_strength_and_half_are_mirrored),
        cmocka_unit_test(every_draw_takes_the_same_number_of_random_numbers),
        cmocka_unit_test(mirroring_swaps_columns_and_twice_is_nothing),
        cmocka_unit_test(brightness_multiplies_and_stops_at_255),
        cmocka_unit_test(contrast_keeps_the_mean_grey),
        cmocka_unit_test(saturation_of_nothing_is_grey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
