/* The gradients of batch normalisation against finite differences, in double. */
#include "batch_norm_twin.h"
#include "finite_difference.h"

/* A loss whose derivative by the output is d_output. */
static double loss(void *context) {
    struct norm_twin *t = context;
    norm_twin_layer_forward(t);
    double sum = 0;
    for (size_t i = 0; i < t->count; i++) sum += t->output[i] * t->d_output[i];
    return sum;
}

static void expect_gradients(size_t pixels, size_t channels, bool relu6, bool residual) {
    struct norm_twin t = norm_twin_new(pixels, channels, relu6, residual, 0.5);
    loss(&t);
    norm_twin_layer_backward(&t);
    finite_difference_check("d_input", loss, &t, t.input, t.count, t.d_input);
    finite_difference_check("d_scale", loss, &t, t.scale, channels, t.d_scale);
    finite_difference_check("d_shift", loss, &t, t.shift, channels, t.d_shift);
    if (residual) finite_difference_check("d_residual", loss, &t, t.residual, t.count, t.masked);
    norm_twin_free(&t);
}

static void batch_norm_gradients_are_the_derivatives(void **state) {
    (void)state;
    expect_gradients(2, 3, false, false);
    expect_gradients(7, 8, true, false);
    expect_gradients(70, 11, true, true);
    expect_gradients(130, 2, false, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_gradients_are_the_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
