/* Batch normalisation in float against its plain-loop twin in double. */
#include "batch_norm_twin.h"

#include <string.h>

static void expect_close(const char *what, const real *found, const double *expected, size_t count,
                         double tolerance) {
    double largest = 1;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)found[i] - expected[i]) <= tolerance * largest)) {
            fail_msg("%s[%zu]: found %.9g, expected %.9g", what, i, (double)found[i], expected[i]);
        }
    }
}

static void expect_same_as_twin(size_t pixels, size_t channels, bool relu6, bool residual,
                                double mean, double tolerance) {
    struct norm_twin t = norm_twin_new(pixels, channels, relu6, residual, mean);
    norm_twin_run(&t);
    norm_twin_layer_forward(&t);
    expect_close("mean", t.mean, t.twin_mean, channels, tolerance);
    expect_close("variance", t.variance, t.twin_variance, channels, tolerance);
    expect_close("output", t.output, t.twin_output, t.count, tolerance);
    norm_twin_layer_backward(&t);
    expect_close("d_input", t.d_input, t.twin_d_input, t.count, tolerance);
    expect_close("d_scale", t.d_scale, t.twin_d_scale, channels, tolerance);
    expect_close("d_shift", t.d_shift, t.twin_d_shift, channels, tolerance);
    norm_twin_free(&t);
}

static void it_agrees_with_its_twin(void **state) {
    (void)state;
    const size_t channels[] = {1, 7, 8, 19, 24}, pixels[] = {2, 9, 64, 65, 500};
    for (size_t c = 0; c < 5; c++) {
        for (size_t p = 0; p < 5; p++) {
            expect_same_as_twin(pixels[p], channels[c], true, false, 0, 2e-5);
            expect_same_as_twin(pixels[p], channels[c], false, true, 0, 2e-5);
        }
    }
}

/* The mean of the squares less the square of the mean has no digit left here. */
static void a_large_mean_does_not_eat_the_variance(void **state) {
    (void)state;
    expect_same_as_twin(1000, 8, false, false, 4096, 1e-3);
}

static void a_million_pixels_are_added_up_without_loss(void **state) {
    (void)state;
    expect_same_as_twin(1000000, 1, false, false, 30, 2e-5);
}

/* One photo whose map is one pixel: its variance is 0. */
static void a_single_pixel_gives_the_shift_and_no_gradient(void **state) {
    (void)state;
    struct norm_twin t = norm_twin_new(1, 11, false, false, 5);
    norm_twin_layer_forward(&t);
    norm_twin_layer_backward(&t);
    for (size_t c = 0; c < 11; c++) {
        assert_true(t.variance[c] == 0);
        assert_true(t.output[c] == t.shift[c]);
        assert_true(t.d_input[c] == 0);
        assert_true(t.d_shift[c] == t.d_output[c]);
    }
    norm_twin_free(&t);
}

static void in_place_and_out_of_place_are_the_same(void **state) {
    (void)state;
    struct norm_twin t = norm_twin_new(37, 13, true, true, 0);
    norm_twin_layer_forward(&t);
    norm_twin_layer_backward(&t);
    const struct batch_norm layer = norm_twin_layer(&t);
    real *output = norm_twin_zeroed(t.count, sizeof(real));
    memcpy(output, t.input, t.count * sizeof(real));
    batch_norm_forward(&layer, t.pixels, output, t.residual, output);
    assert_memory_equal(output, t.output, t.count * sizeof(real));
    batch_norm_backward(&layer, t.pixels, t.input, t.output, t.masked, t.input, t.d_scale,
                        t.d_shift);
    assert_memory_equal(t.input, t.d_input, t.count * sizeof(real));
    free(output);
    norm_twin_free(&t);
}

/* A second backward adds to the gradients of scale and shift. */
static void gradients_of_scale_and_shift_are_added_to(void **state) {
    (void)state;
    struct norm_twin t = norm_twin_new(20, 9, true, false, 0);
    norm_twin_run(&t);
    norm_twin_layer_forward(&t);
    norm_twin_layer_backward(&t);
    norm_twin_layer_backward(&t);
    for (size_t c = 0; c < 9; c++) {
        t.twin_d_scale[c] *= 2;
        t.twin_d_shift[c] *= 2;
    }
    expect_close("d_scale", t.d_scale, t.twin_d_scale, 9, 2e-5);
    expect_close("d_shift", t.d_shift, t.twin_d_shift, 9, 2e-5);
    norm_twin_free(&t);
}

static void folding_gives_what_the_normalisation_gives(void **state) {
    (void)state;
    struct norm_twin t = norm_twin_new(50, 9, false, false, 3);
    norm_twin_layer_forward(&t);
    const struct batch_norm layer = norm_twin_layer(&t);
    for (size_t c = 0; c < t.channels; c++) {
        real factor, bias;
        batch_norm_fold(&layer, c, &factor, &bias);
        for (size_t i = c; i < t.count; i += t.channels) {
            assert_float_equal(t.input[i] * factor + bias, t.output[i], 1e-4);
        }
    }
    norm_twin_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_its_twin),
        cmocka_unit_test(a_large_mean_does_not_eat_the_variance),
        cmocka_unit_test(a_million_pixels_are_added_up_without_loss),
        cmocka_unit_test(a_single_pixel_gives_the_shift_and_no_gradient),
        cmocka_unit_test(in_place_and_out_of_place_are_the_same),
        cmocka_unit_test(gradients_of_scale_and_shift_are_added_to),
        cmocka_unit_test(folding_gives_what_the_normalisation_gives),
    };
    return cmocka_run_group_tests_name("batch norm", tests, NULL, NULL);
}
