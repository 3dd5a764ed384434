/* A micro-batch of the mini-batch as a whole: encoder, image, decoder, and all that is dropped
 * between.
 */
#include "model_fixture.h"

#include <math.h>

#include "train/micro_batch.h"

enum { PHOTOS = 3, CAPTIONS = 5, STEPS = 8, SIDE = 32 };

/* What a micro-batch learns from; the same random numbers at every evaluation. */
struct experiment {
    struct model model;
    struct micro_batch *micro_batch;
    real *gradients;
    struct encoder_workspace *workspace;
    struct micro_batch_task task;
    struct captions captions;
    struct micro_batch_photo photos[PHOTOS];
    float images[PHOTOS * SIDE * SIDE * 3];
};

static int32_t spoken[] = {4, 5, 6, 4, 7, 5, 4, 5, 7, 6, 6, 5};
static size_t begins[CAPTIONS + 1] = {0, 3, 5, 8, 10, 12};

static struct experiment *experiment_new(const struct micro_batch_task *task,
                                         const char *image_input) {
    struct experiment *x = calloc(1, sizeof *x);
    assert_non_null(x);
    struct model_design design = small_design();
    design.image_input = image_input;
    x->model = random_model(&design);
    x->captions = (struct captions){.words = spoken, .begin = begins, .count = CAPTIONS};
    for (size_t i = 0; i < PHOTOS; i++) {
        const size_t first = 2 * i, count = i == PHOTOS - 1 ? 1 : 2;
        x->photos[i].captions = (struct captions_part){&x->captions, first, count};
    }
    struct random random = random_seeded(3, 0);
    for (size_t i = 0; i < PHOTOS * SIDE * SIDE * 3; i++) {
        x->images[i] = random_normal(&random);
    }
    caption_error error;
    const struct micro_batch_sizes sizes = {
        .photos = PHOTOS, .rows = CAPTIONS, .longest = STEPS, .steps = STEPS};
    x->micro_batch = micro_batch_new(&x->model, &sizes, &error);
    x->workspace = encoder_workspace_new(&x->model.encoder, PHOTOS, ENCODER_TRAINING, &error);
    x->gradients = calloc(x->model.parameters.count, sizeof *x->gradients);
    assert_true(x->micro_batch && x->workspace && x->gradients);
    micro_batch_accumulate(x->micro_batch, x->gradients);
    x->task = *task;
    x->task.model = &x->model;
    x->task.scale = 1;
    return x;
}

static void experiment_free(struct experiment *x) {
    encoder_workspace_free(x->workspace);
    micro_batch_free(x->micro_batch);
    free(x->gradients);
    model_free(&x->model);
    free(x);
}

static double loss(struct experiment *x) {
    struct micro_batch_result result = {0};
    const struct micro_batch_batch batch = {
        .photos = x->photos, .count = PHOTOS, .images = x->images, .workspace = x->workspace};
    micro_batch_photos(x->micro_batch, &x->task, &batch, random_seeded(8, 0), &result);
    return result.loss;
}

/* The loss's slope along a tensor's gradient. */
static double slope(struct experiment *x, size_t tensor, const real *gradient, double length) {
    struct parameters *parameters = &x->model.parameters;
    const double step = 4e-3;
    real *values = parameters_at(parameters, parameters->values, tensor);
    const size_t count = parameters->tensors[tensor].count;
    real *before = malloc(count * sizeof *before);
    assert_non_null(before);
    memcpy(before, values, count * sizeof *before);
    double losses[2];
    for (size_t side = 0; side < 2; side++) {
        const double by = (side == 0 ? step : -step) / length;
        for (size_t i = 0; i < count; i++) {
            values[i] = (real)((double)before[i] + by * (double)gradient[i]);
        }
        losses[side] = loss(x);
    }
    memcpy(values, before, count * sizeof *before);
    free(before);
    return (losses[0] - losses[1]) / (2 * step);
}

/* In float, the slope along each tensor's gradient tells more than one number's difference: it is
 * the gradient's length, and less along anything else. */
static void expect_slopes(const struct micro_batch_task *task, const char *image_input) {
    struct experiment *x = experiment_new(task, image_input);
    const struct parameters *parameters = &x->model.parameters;
    real *gradients = calloc(parameters->count, sizeof *gradients);
    assert_non_null(gradients);
    loss(x);
    memcpy(gradients, x->gradients, parameters->count * sizeof *gradients);
    size_t compared[PARAMETERS_STATISTIC + 1] = {0};
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *tensor = &parameters->tensors[i];
        const real *gradient = parameters_at_const(parameters, gradients, i);
        double length = 0;
        for (size_t j = 0; j < tensor->count; j++) {
            length += (double)gradient[j] * (double)gradient[j];
        }
        length = sqrt(length);
        if (length < 0.05) continue; /* lost in the loss's rounding */
        const double found = slope(x, i, gradient, length);
        if (fabs(found - length) > 0.03 * length) {
            fail_msg("%s: a gradient of length %g, a slope of %g", tensor->name, length, found);
        }
        compared[tensor->group]++;
    }
    assert_true(compared[PARAMETERS_ENCODER] >= 8);
    assert_true(compared[PARAMETERS_DECODER] >= 6);
    free(gradients);
    experiment_free(x);
}

static void the_gradient_is_the_slope_of_the_loss(void **state) {
    (void)state;
    expect_slopes(&(struct micro_batch_task){0}, "first");
    expect_slopes(&(struct micro_batch_task){0}, "every");
}

static void it_is_whatever_is_dropped(void **state) {
    (void)state;
    const struct unroll_regularisation dropout = {.input_dropout = 0.3F, .output_dropout = 0.3F};
    expect_slopes(&(struct micro_batch_task){.image_dropout = 0.4F}, "every");
    expect_slopes(&(struct micro_batch_task){.drop_path = 0.5F}, "every");
    expect_slopes(&(struct micro_batch_task){.regularisation = dropout,
                                             .image_dropout = 0.4F,
                                             .drop_path = 0.5F},
                  "first");
}

/* What the gradients are when those of the decoder are said to be done. */
struct early_gradients {
    const struct experiment *x;
    size_t calls;
    real *copy;
};

static void copy_gradients(void *context) {
    struct early_gradients *early = context;
    early->calls++;
    memcpy(early->copy, early->x->gradients, early->x->model.parameters.count * sizeof(real));
}

static void the_gradients_of_the_decoder_are_done_before_those_of_the_encoder(void **state) {
    (void)state;
    const struct micro_batch_task task = {.tag_weight = 0.5F};
    struct experiment *x = experiment_new(&task, "first");
    const struct parameters *parameters = &x->model.parameters;
    struct early_gradients early = {.x = x, .copy = calloc(parameters->count, sizeof(real))};
    assert_non_null(early.copy);
    const struct micro_batch_batch batch = {.photos = x->photos,
                                            .count = PHOTOS,
                                            .images = x->images,
                                            .workspace = x->workspace,
                                            .decoder_done = copy_gradients,
                                            .context = &early};
    struct micro_batch_result result = {0};
    micro_batch_photos(x->micro_batch, &x->task, &batch, random_seeded(8, 0), &result);
    assert_int_equal(early.calls, 1);
    const real *gradients = x->gradients;
    size_t changed = 0;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *p = &parameters->tensors[i];
        const size_t bytes = p->count * sizeof(real);
        const bool same = memcmp(early.copy + p->offset, gradients + p->offset, bytes) == 0;
        if (p->group == PARAMETERS_DECODER) assert_true(same);
        if (p->group == PARAMETERS_ENCODER) changed += !same;
    }
    assert_true(changed > 0);
    free(early.copy);
    experiment_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_is_the_slope_of_the_loss),
        cmocka_unit_test(it_is_whatever_is_dropped),
        cmocka_unit_test(the_gradients_of_the_decoder_are_done_before_those_of_the_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
