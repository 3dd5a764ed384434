/* The gradients of a whole small encoder against finite differences, in double. */
#include "encoder_fixture.h"
#include "finite_difference.h"

/* Odd maps, channels that fill no vector, both kinds of block with and without residual, both
 * strides, all kernels. */
static const char *const small =
    "stem_c5 ds_r1_k3_s1_e1_c5 ir_r2_k5_s2_e2_c6 ir_r1_k3_s1_e1_c6 ds_r1_k3_s2_e1_c4 head_c9";

static double loss(void *context) {
    struct encoder_fixture *f = context;
    encoder_fixture_forward(f);
    double sum = 0;
    for (size_t i = 0; i < f->photos * f->encoder.features; i++) {
        sum += f->features[i] * f->d_features[i];
    }
    return sum;
}

static void encoder_gradients_are_the_derivatives(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new(small, 18, 2, true);
    encoder_fixture_randomise(&f, 3);
    encoder_fixture_forward(&f);
    encoder_fixture_backward(&f);
    for (size_t i = 0; i < f.parameters.tensor_count; i++) {
        const struct parameter *tensor = &f.parameters.tensors[i];
        finite_difference_check(tensor->name, loss, &f,
                                parameters_at(&f.parameters, f.parameters.values, i), tensor->count,
                                parameters_at(&f.parameters, f.gradients, i));
    }
    encoder_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoder_gradients_are_the_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
