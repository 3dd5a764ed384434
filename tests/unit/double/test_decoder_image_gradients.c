/* The image's way into the decoder, in double precision: unit length, shift, scale and projection
 * against finite differences, alone and with the words of captions behind it. */
#include "decoder_fixture.h"
#include "finite_difference.h"

#include <math.h>

enum { PHOTOS = 2, LENGTH = PHOTOS * FIXTURE_FEATURES, WIDTH = PHOTOS * FIXTURE_EMBEDDING };
enum { NAMED = PHOTOS * FIXTURE_TAGS };

/* Of the tags' loss. */
#define TAG_SCALE 0.7

struct seen {
    struct fixture fixture;
    real features[LENGTH], scaled[LENGTH];
    real tags[NAMED], d_tags[NAMED], tag_scratch[NAMED];
    real vectors[WIDTH], weights[WIDTH]; /* weights: of the vectors in a sum */
    struct unroll *unroll;               /* or words behind them */
    struct batch batch;
    struct cut cut; /* stays from forward to backward */
};

static struct seen *seen_new(const struct cell *cell) {
    struct seen *image = fixture_zeroed(1, sizeof *image);
    image->fixture = fixture_tagged(cell);
    struct random random = random_seeded(4, 0);
    fixture_fill(image->features, LENGTH, 2, &random);
    fixture_fill(image->weights, WIDTH, 1, &random);
    return image;
}

static void seen_free(struct seen *image) {
    unroll_free(image->unroll);
    fixture_free(&image->fixture);
    free(image);
}

static struct decoder_images images_of(struct seen *image) {
    return (struct decoder_images){.count = PHOTOS,
                                   .features = image->features,
                                   .scaled = image->scaled,
                                   .tags = image->tags,
                                   .tag_scratch = image->tag_scratch,
                                   .vectors = image->vectors};
}

static void forward(struct seen *image) {
    const struct parameters *p = &image->fixture.parameters;
    const struct decoder_images images = images_of(image);
    memset(image->d_tags, 0, sizeof image->d_tags); /* no loss of their own */
    decoder_image_forward(&image->fixture.decoder, p, &images);
}

/* Every other tag is named, and what is not named counts less. */
static double named_loss(struct seen *image) {
    static const uint8_t labels[FIXTURE_TAGS] = {1, 0, 1, 0, 1};
    double loss = 0;
    for (size_t i = 0; i < PHOTOS; i++) {
        loss += decoder_tag_loss(FIXTURE_TAGS, image->tags + i * FIXTURE_TAGS, labels, 0.6,
                                 TAG_SCALE, image->d_tags + i * FIXTURE_TAGS);
    }
    return TAG_SCALE * loss;
}

static double weighted_sum(void *context) {
    struct seen *image = context;
    forward(image);
    double sum = 0;
    for (size_t i = 0; i < WIDTH; i++) sum += (double)(image->vectors[i] * image->weights[i]);
    return sum;
}

/* The vectors and the tags both count. */
static double tagged_sum(void *context) {
    struct seen *image = context;
    const double sum = weighted_sum(image);
    return sum + named_loss(image);
}

static double caption_loss(void *context) {
    struct seen *image = context;
    const struct parameters *p = &image->fixture.parameters;
    const struct unroll_regularisation none = {0};
    real states[BATCH_ROWS * 2 * FIXTURE_HIDDEN] = {0};
    size_t targets = 0;
    forward(image);
    batch_cut(&image->batch, 0, BATCH_STEPS, &image->cut);
    return unroll_forward(image->unroll, p, &image->cut.window, states, &none, &targets);
}

static void check_tensor(struct seen *image, finite_difference_function *f, size_t index,
                         const real *gradients) {
    const struct parameters *p = &image->fixture.parameters;
    const struct parameter *tensor = &p->tensors[index];
    finite_difference_check(tensor->name, f, image, p->values + tensor->offset, tensor->count,
                            gradients + tensor->offset);
}

static void backward(struct seen *image, const real *d_vectors, real *d_features, real *gradients) {
    const struct parameters *p = &image->fixture.parameters;
    struct decoder_images images = images_of(image);
    images.d_vectors = d_vectors;
    images.d_tags = image->d_tags;
    images.d_features = d_features;
    decoder_image_backward(&image->fixture.decoder, p, &images, gradients);
}

static void the_word_head_has_its_gradient_by_weights_and_features(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    const struct decoder *d = &image->fixture.decoder;
    real *gradients = fixture_zeroed(image->fixture.parameters.count, sizeof(real));
    real d_features[LENGTH];
    tagged_sum(image);
    backward(image, image->weights, d_features, gradients);
    check_tensor(image, tagged_sum, d->tag_weight, gradients);
    check_tensor(image, tagged_sum, d->tag_bias, gradients);
    check_tensor(image, tagged_sum, d->tag_input, gradients);
    finite_difference_check("features", tagged_sum, image, image->features, LENGTH, d_features);
    free(gradients);
    seen_free(image);
}

/* Its probabilities and what they bring to x_1, by the equations. */
static void the_word_head_is_its_equations(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    const struct decoder *d = &image->fixture.decoder;
    const struct parameters *p = &image->fixture.parameters;
    const real *weight = parameters_at_const(p, p->values, d->tag_weight);
    const real *bias = parameters_at_const(p, p->values, d->tag_bias);
    const real *input = parameters_at_const(p, p->values, d->tag_input);
    const real *image_weight = parameters_at_const(p, p->values, d->image_weight);
    const real *image_bias = parameters_at_const(p, p->values, d->image_bias);
    forward(image);
    for (size_t i = 0; i < PHOTOS; i++) {
        const real *u = image->scaled + i * FIXTURE_FEATURES;
        double named[FIXTURE_TAGS];
        for (size_t k = 0; k < FIXTURE_TAGS; k++) {
            double logit = bias[k];
            for (size_t j = 0; j < FIXTURE_FEATURES; j++) {
                logit += weight[k * FIXTURE_FEATURES + j] * u[j];
            }
            named[k] = 1 / (1 + exp(-logit));
            assert_true(fabs(image->tags[i * FIXTURE_TAGS + k] - named[k]) < 1e-12);
        }
        for (size_t j = 0; j < FIXTURE_EMBEDDING; j++) {
            double x = image_bias[j];
            for (size_t f = 0; f < FIXTURE_FEATURES; f++) {
                x += image_weight[j * FIXTURE_FEATURES + f] * u[f];
            }
            for (size_t k = 0; k < FIXTURE_TAGS; k++) x += input[j * FIXTURE_TAGS + k] * named[k];
            assert_true(fabs(image->vectors[i * FIXTURE_EMBEDDING + j] - x) < 1e-12);
        }
    }
    seen_free(image);
}

static void the_projection_has_its_gradient_by_weights_and_features(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_rnn);
    const struct decoder *d = &image->fixture.decoder;
    real *gradients = fixture_zeroed(image->fixture.parameters.count, sizeof(real));
    real d_features[LENGTH];
    weighted_sum(image);
    backward(image, image->weights, d_features, gradients);
    check_tensor(image, weighted_sum, d->image_weight, gradients);
    check_tensor(image, weighted_sum, d->image_bias, gradients);
    finite_difference_check("features", weighted_sum, image, image->features, LENGTH, d_features);
    free(gradients);
    seen_free(image);
}

static void words_reach_the_features_through_the_first_input(void **state) {
    (void)state;
    const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
        struct seen *image = seen_new(cells[c]);
        const struct parameters *p = &image->fixture.parameters;
        real *gradients = fixture_zeroed(p->count, sizeof(real));
        real d_features[LENGTH], d_vectors[WIDTH] = {0};
        image->batch = batch_captions(image->vectors);
        image->unroll = unroll_new(&image->fixture.decoder, BATCH_ROWS, BATCH_STEPS, NULL);
        assert_non_null(image->unroll);
        caption_loss(image);
        unroll_backward(image->unroll, p, 1, NULL, d_vectors, gradients);
        backward(image, d_vectors, d_features, gradients);
        for (size_t t = image->fixture.decoder.image_weight; t < p->tensor_count; t++) {
            check_tensor(image, caption_loss, t, gradients);
        }
        finite_difference_check("features", caption_loss, image, image->features, LENGTH,
                                d_features);
        free(gradients);
        seen_free(image);
    }
}

static void shift_and_scale_are_constants(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    const struct parameters *p = &image->fixture.parameters;
    const struct decoder *d = &image->fixture.decoder;
    real *gradients = fixture_zeroed(p->count, sizeof(real));
    real d_features[LENGTH];
    forward(image);
    backward(image, image->weights, d_features, gradients);
    const size_t constants[] = {d->image_shift, d->image_scale};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(p->tensors[constants[i]].group, PARAMETERS_CONSTANT);
        const real *gradient = parameters_at_const(p, gradients, constants[i]);
        for (size_t j = 0; j < FIXTURE_FEATURES; j++) assert_true(gradient[j] == 0);
    }
    free(gradients);
    seen_free(image);
}

static void a_shift_that_follows_is_given_the_unit_vectors(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    struct parameters *p = &image->fixture.parameters;
    const struct decoder *d = &image->fixture.decoder;
    decoder_follow_shift(d, p);
    real *gradients = fixture_zeroed(p->count, sizeof(real));
    real d_features[LENGTH];
    forward(image);
    backward(image, image->weights, d_features, gradients);
    const real *sum = parameters_at_const(p, gradients, d->image_shift);
    for (size_t j = 0; j < FIXTURE_FEATURES; j++) {
        double expected = 0;
        for (size_t i = 0; i < PHOTOS; i++) {
            const real *v = image->features + i * FIXTURE_FEATURES;
            double length = 0;
            for (size_t k = 0; k < FIXTURE_FEATURES; k++) length += (double)v[k] * (double)v[k];
            expected += (double)v[j] / sqrt(length);
        }
        assert_true(fabs((double)sum[j] - expected) < 1e-9);
    }
    free(gradients);
    seen_free(image);
}

static void a_frozen_encoder_changes_nothing_for_the_weights(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    size_t count = image->fixture.parameters.count;
    real *with = fixture_zeroed(count, sizeof(real)),
         *without = fixture_zeroed(count, sizeof(real));
    real d_features[LENGTH];
    forward(image);
    backward(image, image->weights, d_features, with);
    forward(image);
    backward(image, image->weights, NULL, without);
    assert_memory_equal(with, without, count * sizeof(real));
    free(with);
    free(without);
    seen_free(image);
}

static void the_length_of_the_features_does_not_matter(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    double once = weighted_sum(image);
    for (size_t i = 0; i < LENGTH; i++) image->features[i] *= 5;
    assert_true(fabs(weighted_sum(image) - once) < 1e-10);
    seen_free(image);
}

static void features_that_are_all_zero_give_finite_vectors(void **state) {
    (void)state;
    struct seen *image = seen_new(&cell_gru);
    real *gradients = fixture_zeroed(image->fixture.parameters.count, sizeof(real));
    real d_features[LENGTH];
    memset(image->features, 0, sizeof image->features);
    assert_true(isfinite(weighted_sum(image)));
    backward(image, image->weights, d_features, gradients);
    for (size_t i = 0; i < LENGTH; i++) assert_true(isfinite(d_features[i]));
    free(gradients);
    seen_free(image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_projection_has_its_gradient_by_weights_and_features),
        cmocka_unit_test(the_word_head_has_its_gradient_by_weights_and_features),
        cmocka_unit_test(the_word_head_is_its_equations),
        cmocka_unit_test(words_reach_the_features_through_the_first_input),
        cmocka_unit_test(shift_and_scale_are_constants),
        cmocka_unit_test(a_shift_that_follows_is_given_the_unit_vectors),
        cmocka_unit_test(a_frozen_encoder_changes_nothing_for_the_weights),
        cmocka_unit_test(the_length_of_the_features_does_not_matter),
        cmocka_unit_test(features_that_are_all_zero_give_finite_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
