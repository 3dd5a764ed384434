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

/* What the batch norm behind the next convolution takes away again: a linear layer's shift. */
static bool has_no_effect(const struct encoder *encoder, size_t tensor) {
    for (size_t i = 0; encoder->batch_norm && i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        if (!layer->shape.relu6 && layer->norm.shift == tensor) return true;
    }
    return false;
}

static void expect_derivatives(struct encoder_fixture *f) {
    encoder_fixture_randomise(f, 3);
    encoder_fixture_forward(f);
    encoder_fixture_backward(f);
    for (size_t i = 0; i < f->parameters.tensor_count; i++) {
        const struct parameter *tensor = &f->parameters.tensors[i];
        if (tensor->group == PARAMETERS_STATISTIC) continue;
        double largest = finite_difference_compare(
            tensor->name, loss, f, parameters_at(&f->parameters, f->parameters.values, i),
            tensor->count, parameters_at(&f->parameters, f->gradients, i));
        if (largest > 1e-6 || has_no_effect(&f->encoder, i)) continue;
        fail_msg("%s: the gradient is zero everywhere", tensor->name);
    }
    encoder_fixture_free(f);
}

static void encoder_gradients_are_the_derivatives(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new(small, 18, 2);
    expect_derivatives(&f);
}

static void those_with_batch_norm_are_too(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_learning(small, 18, 3);
    expect_derivatives(&f);
}

/* With this seed, residual blocks are left out for some photos, and not for others; and no
 * activation is within a difference of where ReLU6 bends. */
static void draw_depth(struct encoder_fixture *f) {
    struct random random = random_seeded(5, 0);
    encoder_draw_depth(&f->encoder, 0.6f, f->photos, &random, f->workspace);
}

static void those_of_residual_blocks_left_out_for_some_photos_are_too(void **state) {
    (void)state;
    struct encoder_fixture f = encoder_fixture_new(small, 18, 3);
    draw_depth(&f);
    expect_derivatives(&f);
    f = encoder_fixture_learning(small, 18, 3);
    draw_depth(&f);
    expect_derivatives(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoder_gradients_are_the_derivatives),
        cmocka_unit_test(those_with_batch_norm_are_too),
        cmocka_unit_test(those_of_residual_blocks_left_out_for_some_photos_are_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
