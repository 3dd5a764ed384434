/* The gradient of whole unrolls, in double precision, against finite differences: every cell,
 * windows shorter than, equal to and longer than the sequences, sequences of unequal length, and
 * the three uses of the unroll: one to many, many to many, many to one. */
#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "finite_difference.h"

enum { STATE = 2 * FIXTURE_HIDDEN, MAX_WINDOWS = BATCH_STEPS, VECTORS = 2 };

static const double SCALE = 0.7; /* of the loss; any number but 1 */

/* A batch through an unroll, a window of `period` steps at a time. */
struct experiment {
    struct fixture fixture;
    struct batch batch;
    struct unroll *unroll;
    size_t period;
    struct unroll_regularisation regularisation;
    bool drop;    /* with dropout, the same masks at every evaluation */
    bool regress; /* the last state of each row is to tell a number */
    real vectors[VECTORS * FIXTURE_EMBEDDING];
    /* States before each window, as the unperturbed weights left them: truncated back-propagation
     * takes them for constants, so the finite differences have to hold them still too. */
    real carried[MAX_WINDOWS][BATCH_ROWS * STATE];
    real *gradients;
    real d_vectors[VECTORS * FIXTURE_EMBEDDING];
};

static size_t windows(const struct experiment *x) {
    return (x->batch.lengths[0] + x->period - 1) / x->period;
}

static bool ends_in(const struct experiment *x, size_t row, size_t window) {
    return (x->batch.lengths[row] - 1) / x->period == window;
}

/* A number read off the last state, and how far it is from the row's own target. */
static double reading(const struct experiment *x, size_t row, const real *state) {
    double sum = -0.3 * (double)row - 0.2;
    for (size_t j = 0; j < x->fixture.decoder.state; j++)
        sum += (double)state[j] * (1.0 + 0.1 * (double)j);
    return sum;
}

static void add_reading_gradient(const struct experiment *x, size_t window, const real *states,
                                 real *d_states) {
    size_t s = x->fixture.decoder.state;
    for (size_t row = 0; row < x->batch.rows; row++) {
        if (!ends_in(x, row, window)) continue;
        double error = reading(x, row, states + row * s);
        for (size_t j = 0; j < s; j++) {
            d_states[row * s + j] = (real)(SCALE * error * (1.0 + 0.1 * (double)j));
        }
    }
}

static double forward(struct experiment *x, const struct cut *cut, size_t window, real *states) {
    struct random random = random_seeded(3, window);
    size_t targets = 0;
    struct unroll_regularisation drawn = x->regularisation;
    if (x->drop) drawn.random = &random;
    return unroll_forward(x->unroll, &x->fixture.parameters, &cut->window, states, &drawn,
                          &targets);
}

/* Forward and backward through all windows; fills in carried, gradients and d_vectors. Returns the
 * summed negative log likelihood. */
static double run(struct experiment *x) {
    real states[BATCH_ROWS * STATE] = {0};
    double loss = 0;
    for (size_t w = 0; w < windows(x); w++) {
        struct cut cut;
        batch_cut(&x->batch, w * x->period, x->period, &cut);
        memcpy(x->carried[w], states, sizeof states);
        loss += forward(x, &cut, w, states);
        real d_states[BATCH_ROWS * STATE] = {0};
        if (x->regress) add_reading_gradient(x, w, states, d_states);
        unroll_backward(x->unroll, &x->fixture.parameters, (real)SCALE,
                        x->regress ? d_states : NULL, x->d_vectors, x->gradients);
    }
    return loss;
}

/* The objective whose gradient truncated back-propagation claims to be, by the library itself. */
static double objective(void *context) {
    struct experiment *x = context;
    double loss = 0;
    for (size_t w = 0; w < windows(x); w++) {
        struct cut cut;
        batch_cut(&x->batch, w * x->period, x->period, &cut);
        real states[BATCH_ROWS * STATE];
        memcpy(states, x->carried[w], sizeof states);
        loss += forward(x, &cut, w, states);
        for (size_t row = 0; x->regress && row < x->batch.rows; row++) {
            if (!ends_in(x, row, w)) continue;
            double error = reading(x, row, states + row * x->fixture.decoder.state);
            loss += error * error / 2;
        }
    }
    return SCALE * loss;
}

/* The same by the plain twin, which also knows label smoothing. */
static double twin_objective(void *context) {
    struct experiment *x = context;
    const struct batch *b = &x->batch;
    size_t s = x->fixture.decoder.state;
    double loss = 0;
    for (size_t row = 0; row < b->rows; row++) {
        for (size_t w = 0; w * x->period < b->lengths[row]; w++) {
            size_t from = w * x->period, steps = b->lengths[row] - from;
            double state[STATE];
            for (size_t j = 0; j < s; j++) state[j] = (double)x->carried[w][row * s + j];
            loss += twin_sequence(&x->fixture.decoder, &x->fixture.parameters,
                                  x->fixture.parameters.values,
                                  steps < x->period ? steps : x->period, b->inputs[row] + from,
                                  b->targets[row] + from, b->vectors, batch_added(b, row),
                                  (double)x->regularisation.label_smoothing, state);
            if (!x->regress || !ends_in(x, row, w)) continue;
            double error = reading(x, row, state);
            loss += error * error / 2;
        }
    }
    return SCALE * loss;
}

static struct experiment *experiment_new(const struct cell *cell, size_t period) {
    struct experiment *x = fixture_zeroed(1, sizeof *x);
    caption_error error = {0};
    x->fixture = fixture_new(cell);
    x->period = period;
    x->unroll = unroll_new(&x->fixture.decoder, BATCH_ROWS, period, &error);
    if (!x->unroll) fail_msg("%s", error.message);
    x->gradients = fixture_zeroed(x->fixture.parameters.count, sizeof(real));
    struct random random = random_seeded(2, 0);
    fixture_fill(x->vectors, VECTORS * FIXTURE_EMBEDDING, 1, &random);
    return x;
}

static void experiment_free(struct experiment *x) {
    unroll_free(x->unroll);
    fixture_free(&x->fixture);
    free(x->gradients);
    free(x);
}

static void expect_zero(const struct experiment *x, const struct parameter *tensor) {
    for (size_t i = 0; i < tensor->count; i++) {
        if (x->gradients[tensor->offset + i] == 0) continue;
        fail_msg("%s[%zu]: expected no gradient", tensor->name, i);
    }
}

/* Every tensor and the vectors. */
static void check(struct experiment *x, finite_difference_function *f) {
    run(x);
    const struct parameters *p = &x->fixture.parameters;
    const struct decoder *d = &x->fixture.decoder;
    for (size_t t = 0; t < p->tensor_count; t++) {
        const struct parameter *tensor = &p->tensors[t];
        bool image = t == d->image_shift || t == d->image_scale || t == d->image_weight ||
                     t == d->image_bias;
        bool output = t == d->output_weight || t == d->output_bias;
        if (image || (x->regress && output)) {
            expect_zero(x, tensor);
            continue;
        }
        finite_difference_check(tensor->name, f, x, p->values + tensor->offset, tensor->count,
                                x->gradients + tensor->offset);
    }
    if (x->batch.vector_count == 0) return;
    finite_difference_check("the vectors", f, x, x->vectors, VECTORS * FIXTURE_EMBEDDING,
                            x->d_vectors);
}

static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
/* Shorter than, equal to and longer than the longest sequence: see each test. */
static const size_t caption_periods[] = {2, 3, 7, 12}, text_periods[] = {3, 8, 11},
                    sentence_periods[] = {2, 6, 9};

#define EACH(index, array)                                                                         \
    for (size_t index = 0; index < sizeof(array) / sizeof((array)[0]); index++)

/* What an experiment is about. */
typedef void set_up_function(struct experiment *x);

/* Every cell in windows of every period. */
static void check_all(const size_t *periods, size_t count, set_up_function *set_up,
                      finite_difference_function *f) {
    EACH(c, cells) {
        for (size_t p = 0; p < count; p++) {
            struct experiment *x = experiment_new(cells[c], periods[p]);
            set_up(x);
            check(x, f);
            experiment_free(x);
        }
    }
}

#define CHECK_ALL(periods, set_up, f)                                                              \
    check_all(periods, sizeof(periods) / sizeof *(periods), set_up, f)

static void caption(struct experiment *x) {
    x->batch = batch_captions(x->vectors);
}

static void captions_have_the_gradient_of_their_words(void **state) {
    (void)state;
    CHECK_ALL(caption_periods, caption, twin_objective);
}

static void caption_with_image_at_every_step(struct experiment *x) {
    caption(x);
    x->batch.every = true;
    x->regularisation.label_smoothing = 0.125f;
}

static void an_image_seen_at_every_step_gathers_the_gradient_of_all(void **state) {
    (void)state;
    CHECK_ALL(caption_periods, caption_with_image_at_every_step, twin_objective);
}

static void caption_with_dropout(struct experiment *x) {
    caption(x);
    x->drop = true;
    x->regularisation.input_dropout = 0.25f;
    x->regularisation.output_dropout = 0.5f;
}

static void dropout_has_the_gradient_of_what_it_left(void **state) {
    (void)state;
    CHECK_ALL(caption_periods, caption_with_dropout, objective);
}

static void caption_with_both(struct experiment *x) {
    caption_with_dropout(x);
    x->batch.every = true;
}

static void dropout_of_words_leaves_the_image_beside_them(void **state) {
    (void)state;
    CHECK_ALL(caption_periods, caption_with_both, objective);
}

static void text(struct experiment *x) {
    x->batch = batch_text();
}

static void an_endless_text_has_the_gradient_of_its_next_words(void **state) {
    (void)state;
    CHECK_ALL(text_periods, text, twin_objective);
}

static void sentence_with_a_number(struct experiment *x) {
    x->batch = batch_sentences();
    x->regress = true;
}

static void a_number_read_off_the_last_state_has_its_gradient(void **state) {
    (void)state;
    CHECK_ALL(sentence_periods, sentence_with_a_number, twin_objective);
}

static void caption_with_smoothed_labels(struct experiment *x) {
    caption(x);
    x->regularisation.label_smoothing = 0.125f;
}

static void smoothed_labels_have_the_gradient_of_the_smoothed_loss(void **state) {
    (void)state;
    static const size_t period[] = {3};
    CHECK_ALL(period, caption_with_smoothed_labels, twin_objective);
}

static void words_and_a_last_state_together_have_their_gradient(void **state) {
    (void)state;
    EACH(c, cells) {
        EACH(p, caption_periods) {
            struct experiment *x = experiment_new(cells[c], caption_periods[p]);
            x->batch = batch_captions(x->vectors);
            x->regress = true;
            run(x);
            for (size_t t = 0; t < x->fixture.parameters.tensor_count; t++) {
                const struct parameter *tensor = &x->fixture.parameters.tensors[t];
                if (t < x->fixture.decoder.embed) continue; /* the image's */
                finite_difference_check(tensor->name, twin_objective, x,
                                        x->fixture.parameters.values + tensor->offset,
                                        tensor->count, x->gradients + tensor->offset);
            }
            experiment_free(x);
        }
    }
}

static void windows_of_any_length_give_the_loss_of_the_plain_twin(void **state) {
    (void)state;
    EACH(c, cells) {
        double whole = 0;
        EACH(p, caption_periods) {
            struct experiment *x = experiment_new(cells[c], caption_periods[p]);
            x->batch = batch_captions(x->vectors);
            double loss = run(x), twin = 0;
            for (size_t row = 0; row < x->batch.rows; row++) {
                double zero[STATE] = {0};
                twin += twin_sequence(&x->fixture.decoder, &x->fixture.parameters,
                                      x->fixture.parameters.values, x->batch.lengths[row],
                                      x->batch.inputs[row], x->batch.targets[row], x->vectors,
                                      DECODER_NOTHING, 0, zero);
            }
            assert_true(fabs(loss - twin) < 1e-12 * twin);
            if (p == 0) whole = loss;
            assert_true(fabs(loss - whole) < 1e-12 * whole); /* the state crosses the cut */
            experiment_free(x);
        }
    }
}

static void a_shorter_window_gives_another_gradient_and_a_longer_one_does_not(void **state) {
    (void)state;
    EACH(c, cells) {
        struct experiment *cut = experiment_new(cells[c], 3), *equal = experiment_new(cells[c], 7),
                          *longer = experiment_new(cells[c], 12);
        struct experiment *const all[] = {cut, equal, longer};
        EACH(i, all) {
            all[i]->batch = batch_captions(all[i]->vectors);
            run(all[i]);
        }
        size_t count = cut->fixture.parameters.count;
        double difference = 0;
        for (size_t i = 0; i < count; i++) {
            assert_true(fabs((double)(equal->gradients[i] - longer->gradients[i])) < 1e-13);
            difference = fmax(difference, fabs((double)(equal->gradients[i] - cut->gradients[i])));
        }
        assert_true(difference > 1e-3);
        EACH(i, all) experiment_free(all[i]);
    }
}

static void gradients_are_added_to_those_before(void **state) {
    (void)state;
    EACH(c, cells) {
        struct experiment *once = experiment_new(cells[c], 3), *twice = experiment_new(cells[c], 3);
        once->batch = batch_captions(once->vectors);
        twice->batch = batch_captions(twice->vectors);
        run(once);
        run(twice);
        run(twice);
        for (size_t i = 0; i < once->fixture.parameters.count; i++) {
            assert_true(fabs((double)(2 * once->gradients[i] - twice->gradients[i])) < 1e-12);
        }
        for (size_t i = 0; i < VECTORS * FIXTURE_EMBEDDING; i++) {
            assert_true(fabs((double)(2 * once->d_vectors[i] - twice->d_vectors[i])) < 1e-12);
        }
        experiment_free(once);
        experiment_free(twice);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captions_have_the_gradient_of_their_words),
        cmocka_unit_test(an_image_seen_at_every_step_gathers_the_gradient_of_all),
        cmocka_unit_test(dropout_of_words_leaves_the_image_beside_them),
        cmocka_unit_test(an_endless_text_has_the_gradient_of_its_next_words),
        cmocka_unit_test(a_number_read_off_the_last_state_has_its_gradient),
        cmocka_unit_test(words_and_a_last_state_together_have_their_gradient),
        cmocka_unit_test(smoothed_labels_have_the_gradient_of_the_smoothed_loss),
        cmocka_unit_test(dropout_has_the_gradient_of_what_it_left),
        cmocka_unit_test(windows_of_any_length_give_the_loss_of_the_plain_twin),
        cmocka_unit_test(a_shorter_window_gives_another_gradient_and_a_longer_one_does_not),
        cmocka_unit_test(gradients_are_added_to_those_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
