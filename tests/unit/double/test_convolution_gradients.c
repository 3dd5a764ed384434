/* The gradients of every convolution against finite differences, in double. */
#include "convolution_twin.h"
#include "finite_difference.h"

/* A loss whose derivative by the output is d_output. */
static double loss(void *context) {
    struct twin *t = context;
    twin_layer_forward(t, NULL);
    double sum = 0;
    for (size_t i = 0; i < t->output_count; i++) sum += t->output[i] * t->d_output[i];
    return sum;
}

static void expect_gradients(enum twin_kind kind, size_t size, size_t kernel, size_t stride,
                             size_t in, size_t out, bool symmetric, bool relu6) {
    struct twin t = twin_new(kind, 2, size, kernel, stride, in, out, symmetric, relu6);
    loss(&t);
    twin_layer_backward(&t, false);
    if (kind != TWIN_STEM) {
        finite_difference_check("d_input", loss, &t, t.input, t.input_count, t.d_input);
    }
    finite_difference_check("d_weight", loss, &t, t.weight, t.weight_count, t.d_weight);
    finite_difference_check("d_bias", loss, &t, t.bias, out, t.d_bias);
    twin_free(&t);
}

static void pointwise_gradients_are_the_derivatives(void **state) {
    (void)state;
    expect_gradients(TWIN_POINTWISE, 3, 1, 1, 5, 9, false, true);
    expect_gradients(TWIN_POINTWISE, 4, 1, 1, 8, 3, false, false);
}

static void depthwise_gradients_are_the_derivatives(void **state) {
    (void)state;
    for (size_t kernel = 3; kernel <= 5; kernel += 2) {
        for (size_t stride = 1; stride <= 2; stride++) {
            expect_gradients(TWIN_DEPTHWISE, 6, kernel, stride, 9, 9, false, true);
            expect_gradients(TWIN_DEPTHWISE, 7, kernel, stride, 3, 3, false, false);
            expect_gradients(TWIN_DEPTHWISE, 6, kernel, stride, 9, 9, true, true);
        }
    }
}

static void stem_gradients_are_the_derivatives(void **state) {
    (void)state;
    expect_gradients(TWIN_STEM, 6, 3, 2, 3, 9, false, true);
    expect_gradients(TWIN_STEM, 6, 3, 2, 3, 9, true, true);
    expect_gradients(TWIN_STEM, 7, 3, 2, 3, 4, false, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointwise_gradients_are_the_derivatives),
        cmocka_unit_test(depthwise_gradients_are_the_derivatives),
        cmocka_unit_test(stem_gradients_are_the_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
