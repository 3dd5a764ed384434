/* The float convolutions against their plain-loop twins in double. */
#include "convolution_twin.h"

#include <math.h>

#include "nn/convolution.h"

/* Float sums of up to some thousand terms of size 1. */
static void expect_close(const char *what, const real *found, const double *expected,
                         size_t count) {
    double largest = 1;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)found[i] - expected[i]) <= 2e-5 * largest)) {
            fail_msg("%s[%zu]: found %.9g, expected %.9g", what, i, (double)found[i], expected[i]);
        }
    }
}

static void expect_same_as_twin(enum twin_kind kind, size_t count, size_t size, size_t kernel,
                                size_t stride, size_t in, size_t out, bool symmetric, bool relu6) {
    struct twin t = twin_new(kind, count, size, kernel, stride, in, out, symmetric, relu6);
    twin_run(&t);
    twin_layer_forward(&t, NULL);
    expect_close("output", t.output, t.twin_output, t.output_count);
    twin_layer_backward(&t, false);
    if (kind != TWIN_STEM) expect_close("d_input", t.d_input, t.twin_d_input, t.input_count);
    expect_close("d_weight", t.d_weight, t.twin_d_weight, t.weight_count);
    expect_close("d_bias", t.d_bias, t.twin_d_bias, out);
    twin_free(&t);
}

static void depthwise_agrees_with_its_twin(void **state) {
    (void)state;
    const size_t kernels[] = {3, 5}, sizes[] = {1, 2, 3, 4, 7, 8, 9, 13, 14};
    const size_t channels[] = {1, 8, 11, 24, 29};
    for (size_t k = 0; k < 2; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (size_t c = 0; c < sizeof channels / sizeof *channels; c++) {
                for (size_t stride = 1; stride <= 2; stride++) {
                    expect_same_as_twin(TWIN_DEPTHWISE, 2, sizes[s], kernels[k], stride,
                                        channels[c], channels[c], false, c % 2 == 0);
                    expect_same_as_twin(TWIN_DEPTHWISE, 2, sizes[s], kernels[k], stride,
                                        channels[c], channels[c], true, c % 2 == 0);
                }
            }
        }
    }
}

static void pointwise_agrees_with_its_twin(void **state) {
    (void)state;
    expect_same_as_twin(TWIN_POINTWISE, 1, 1, 1, 1, 3, 5, false, true);
    expect_same_as_twin(TWIN_POINTWISE, 3, 7, 1, 1, 19, 13, false, false);
    expect_same_as_twin(TWIN_POINTWISE, 2, 9, 1, 1, 24, 40, false, true);
    /* More pixels than a block holds. */
    expect_same_as_twin(TWIN_POINTWISE, 3, 61, 1, 1, 5, 7, false, true);
}

static void stem_agrees_with_its_twin(void **state) {
    (void)state;
    const size_t sizes[] = {1, 2, 5, 8, 15, 16, 21};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        expect_same_as_twin(TWIN_STEM, 2, sizes[s], 3, 2, 3, 8, false, true);
        expect_same_as_twin(TWIN_STEM, 2, sizes[s], 3, 2, 3, 13, false, false);
        expect_same_as_twin(TWIN_STEM, 2, sizes[s], 3, 2, 3, 13, true, true);
    }
}

static void a_residual_is_added_after_the_bias(void **state) {
    (void)state;
    struct twin t = twin_new(TWIN_POINTWISE, 2, 5, 1, 1, 9, 11, false, false);
    twin_run(&t);
    twin_layer_forward(&t, t.residual);
    for (size_t i = 0; i < t.output_count; i++) t.twin_output[i] += (double)t.residual[i];
    expect_close("output", t.output, t.twin_output, t.output_count);
    twin_free(&t);
}

static void an_input_gradient_can_be_added_to_what_is_there(void **state) {
    (void)state;
    const enum twin_kind kinds[] = {TWIN_POINTWISE, TWIN_DEPTHWISE};
    for (size_t k = 0; k < 2; k++) {
        struct twin t =
            twin_new(kinds[k], 2, 6, kinds[k] == TWIN_DEPTHWISE ? 5 : 1, 1, 11, 11, false, true);
        twin_run(&t);
        twin_layer_forward(&t, NULL);
        twin_layer_backward(&t, true);
        for (size_t i = 0; i < t.input_count; i++) {
            t.twin_d_input[i] += (double)t.d_input_before[i];
        }
        expect_close("d_input", t.d_input, t.twin_d_input, t.input_count);
        twin_free(&t);
    }
}

static void weight_gradients_add_up_over_calls(void **state) {
    (void)state;
    const enum twin_kind kinds[] = {TWIN_POINTWISE, TWIN_DEPTHWISE, TWIN_STEM};
    for (size_t k = 0; k < 3; k++) {
        const size_t kernel = kinds[k] == TWIN_POINTWISE ? 1 : 3;
        const size_t stride = kinds[k] == TWIN_STEM ? 2 : 1, in = kinds[k] == TWIN_STEM ? 3 : 10;
        struct twin t = twin_new(kinds[k], 1, 6, kernel, stride, in, 10, false, true);
        twin_run(&t);
        twin_layer_forward(&t, NULL);
        twin_layer_backward(&t, false);
        twin_layer_backward(&t, false);
        for (size_t i = 0; i < t.weight_count; i++) t.twin_d_weight[i] *= 2;
        for (size_t i = 0; i < 10; i++) t.twin_d_bias[i] *= 2;
        expect_close("d_weight", t.d_weight, t.twin_d_weight, t.weight_count);
        expect_close("d_bias", t.d_bias, t.twin_d_bias, 10);
        twin_free(&t);
    }
}

static void pooling_is_the_mean_over_pixels(void **state) {
    (void)state;
    const real maps[2][3][2] = {{{1, 10}, {2, 20}, {6, 60}}, {{0, -3}, {0, -3}, {3, 0}}};
    real means[2][2], d_maps[2][3][2];
    pooling_forward(2, 3, 2, &maps[0][0][0], &means[0][0]);
    assert_true(means[0][0] == 3 && means[0][1] == 30 && means[1][0] == 1 && means[1][1] == -2);
    pooling_backward(2, 3, 2, &means[0][0], &d_maps[0][0][0]);
    for (size_t p = 0; p < 3; p++) {
        assert_true(d_maps[0][p][0] == 1 && d_maps[0][p][1] == 10);
        assert_true(fabsf((float)d_maps[1][p][1] + 2.0F / 3) < 1e-6F);
    }
}

static void padding_is_that_of_tensorflow_or_of_pytorch(void **state) {
    (void)state;
    /* TensorFlow pads nothing before an even side at stride 2 and kernel 3, one at kernel 5. */
    struct convolution layer = {.kernel = 3, .stride = 2, .in_size = 8, .out_size = 4};
    assert_int_equal(convolution_padding(&layer), 0);
    assert_int_equal(convolution_padded_size(&layer), 9);
    layer.kernel = 5;
    assert_int_equal(convolution_padding(&layer), 1);
    layer.in_size = 7;
    assert_int_equal(convolution_padding(&layer), 2);
    assert_int_equal(convolution_out_size(7, 2), 4);
    assert_int_equal(convolution_out_size(8, 2), 4);
    /* PyTorch pads all sides alike; nobody looks at the row below an even side. */
    layer = (struct convolution){
        .kernel = 3, .stride = 2, .in_size = 8, .out_size = 4, .symmetric = true};
    assert_int_equal(convolution_padding(&layer), 1);
    assert_int_equal(convolution_padded_size(&layer), 9);
    layer.kernel = 5;
    assert_int_equal(convolution_padding(&layer), 2);
    assert_int_equal(convolution_padded_size(&layer), 11);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depthwise_agrees_with_its_twin),
        cmocka_unit_test(pointwise_agrees_with_its_twin),
        cmocka_unit_test(stem_agrees_with_its_twin),
        cmocka_unit_test(a_residual_is_added_after_the_bias),
        cmocka_unit_test(an_input_gradient_can_be_added_to_what_is_there),
        cmocka_unit_test(weight_gradients_add_up_over_calls),
        cmocka_unit_test(pooling_is_the_mean_over_pixels),
        cmocka_unit_test(padding_is_that_of_tensorflow_or_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
