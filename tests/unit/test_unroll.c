/* The unroll in single precision: against PyTorch's gradients and the plain twin, batched against
 * alone, training against inference, and its memory over a very long sequence. */
#include <stdio.h>
#include <sys/resource.h>

#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "nn/adam.h"

enum { PHOTOS = 2 };

static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
enum { CELLS = 3, MAX_STATE = 2 * 64 };

static const struct unroll_regularisation no_regularisation = {0};

static struct unroll *unroll_for(const struct decoder *decoder, size_t rows, size_t steps) {
    caption_error error = {0};
    struct unroll *unroll = unroll_new(decoder, rows, steps, &error);
    if (!unroll) fail_msg("%s", error.message);
    return unroll;
}

/* Forward and backward through the batch, `period` steps at a time; returns the summed negative
 * log likelihood. */
static double run(const struct fixture *f, const struct batch *batch, size_t period,
                  const struct unroll_regularisation *regularisation, struct random *random,
                  real *d_vectors, real *gradients) {
    struct unroll *unroll = unroll_for(&f->decoder, batch->rows, period);
    real states[BATCH_ROWS * MAX_STATE] = {0};
    double loss = 0;
    size_t targets = 0;
    struct unroll_regularisation drawn = *regularisation;
    drawn.random = random;
    for (size_t from = 0; from < batch->lengths[0]; from += period) {
        struct cut cut;
        batch_cut(batch, from, period, &cut);
        loss += unroll_forward(unroll, &f->parameters, &cut.window, states, &drawn, &targets);
        unroll_backward(unroll, &f->parameters, 1, NULL, d_vectors, gradients);
    }
    unroll_free(unroll);
    return loss;
}

static void expect_close(const char *what, const char *tensor, const real *found,
                         const double *expected, size_t count, double allowed) {
    double largest = 1e-3; /* errors are measured by the largest number of a tensor */
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; i++) {
        if (fabs((double)found[i] - expected[i]) <= allowed * largest) continue;
        fail_msg("%s: %s[%zu]: expected %.9g, found %.9g", what, tensor, i, expected[i],
                 (double)found[i]);
    }
}

/* The formula weights of make_decoder_gradients.py. */
static void fill_by_formula(struct fixture *f, real *features) {
    for (size_t k = 0; k < f->parameters.tensor_count; k++) {
        const struct parameter *tensor = &f->parameters.tensors[k];
        for (size_t i = 0; i < tensor->count; i++) {
            f->parameters.values[tensor->offset + i] =
                (real)(0.6 * sin(0.7 * (double)i + (double)k + 1));
        }
    }
    for (size_t i = 0; i < PHOTOS * FIXTURE_FEATURES; i++) {
        features[i] = (real)(1 + sin(0.9 * (double)i));
    }
}

/* Reads the tensors of one case of the golden file and compares them; the number of tensors. */
static size_t compare_tensors(FILE *golden, const char *what, const struct fixture *f,
                              const real *gradients, const real *d_features) {
    char name[64];
    size_t count, tensors = 0;
    while (fscanf(golden, " tensor %63s %zu", name, &count) == 2) {
        double expected[256];
        assert_true(count <= 256);
        for (size_t i = 0; i < count; i++) assert_int_equal(fscanf(golden, "%lf", &expected[i]), 1);
        const real *found = d_features;
        size_t index;
        if (strcmp(name, "features") != 0) {
            if (!parameters_find(&f->parameters, name, &index)) fail_msg("no tensor %s", name);
            assert_int_equal(count, f->parameters.tensors[index].count);
            found = parameters_at_const(&f->parameters, gradients, index);
        }
        expect_close(what, name, found, expected, count, 1e-5);
        tensors++;
    }
    return tensors;
}

static void loss_and_gradients_equal_those_of_pytorch(void **state) {
    (void)state;
    const char *folder = getenv("CAPTION_GOLDEN");
    char path[1000];
    snprintf(path, sizeof path, "%s/decoder_gradients.txt", folder ? folder : "tests/golden");
    FILE *golden = fopen(path, "r");
    if (!golden) fail_msg("%s cannot be opened", path);
    char cell[8], what[32];
    size_t period, cases = 0;
    double expected_loss;
    while (fscanf(golden, " case %7s %zu %lf", cell, &period, &expected_loss) == 3) {
        snprintf(what, sizeof what, "%s, period %zu", cell, period);
        struct fixture f = fixture_new(cell_find(cell));
        const struct parameters *p = &f.parameters;
        real features[PHOTOS * FIXTURE_FEATURES], scaled[PHOTOS * FIXTURE_FEATURES];
        real vectors[PHOTOS * FIXTURE_EMBEDDING], d_vectors[PHOTOS * FIXTURE_EMBEDDING] = {0};
        real d_features[PHOTOS * FIXTURE_FEATURES];
        real *gradients = fixture_zeroed(p->count, sizeof(real));
        fill_by_formula(&f, features);
        const struct decoder_images images = {.count = PHOTOS,
                                              .features = features,
                                              .scaled = scaled,
                                              .vectors = vectors,
                                              .d_vectors = d_vectors,
                                              .d_features = d_features};
        decoder_image_forward(&f.decoder, p, &images);
        struct batch batch = batch_captions(vectors);
        const struct unroll_regularisation smoothing = {.label_smoothing = 0.125f};
        double loss =
            run(&f, &batch, period ? period : BATCH_STEPS, &smoothing, NULL, d_vectors, gradients);
        decoder_image_backward(&f.decoder, p, &images, gradients);
        if (fabs(loss - expected_loss) > 1e-6 * expected_loss) {
            fail_msg("%s: the loss is %.9g, expected %.9g", what, loss, expected_loss);
        }
        /* All but shift and scale, and the features. */
        assert_int_equal(compare_tensors(golden, what, &f, gradients, d_features),
                         p->tensor_count - 2 + 1);
        free(gradients);
        fixture_free(&f);
        cases++;
    }
    assert_true(feof(golden));
    assert_int_equal(cases, 2 * CELLS);
    fclose(golden);
}

static void expect_twin(const struct cell *cell, bool every) {
    struct fixture f = fixture_sized(cell, 45, 13, 37, 6, 1);
    struct random random = random_seeded(1, 0);
    real vectors[2 * 13];
    fixture_fill(vectors, 2 * 13, 1, &random);
    struct batch batch = batch_captions(vectors);
    batch.every = every;
    struct unroll *unroll = unroll_for(&f.decoder, batch.rows, BATCH_STEPS);
    real states[BATCH_ROWS * MAX_STATE] = {0};
    struct cut cut;
    batch_cut(&batch, 0, BATCH_STEPS, &cut);
    size_t targets = 0;
    double loss =
        unroll_forward(unroll, &f.parameters, &cut.window, states, &no_regularisation, &targets);
    assert_int_equal(targets, 6 + 4 + 4 + 2);
    double expected = 0;
    for (size_t row = 0; row < batch.rows; row++) {
        double twin[MAX_STATE] = {0};
        expected += twin_sequence(&f.decoder, &f.parameters, f.parameters.values,
                                  batch.lengths[row], batch.inputs[row], batch.targets[row],
                                  vectors, batch_added(&batch, row), 0, twin);
        expect_close(cell->name, "last state", states + row * f.decoder.state, twin,
                     f.decoder.state, 1e-5);
    }
    assert_true(fabs(loss - expected) < 1e-6 * expected);
    unroll_free(unroll);
    fixture_free(&f);
}

static void a_whole_unroll_equals_the_plain_twin(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        expect_twin(cells[c], false);
        expect_twin(cells[c], true);
    }
}

static void a_batch_equals_each_sequence_alone(void **state) {
    (void)state;
    static const struct {
        size_t period;
        bool every;
    } ways[] = {{3, false}, {BATCH_STEPS, false}, {3, true}, {BATCH_STEPS, true}};
    for (size_t c = 0; c < CELLS; c++) {
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            struct fixture f = fixture_new(cells[c]);
            real vectors[PHOTOS * FIXTURE_EMBEDDING] = {0.3f, -0.5f, 0.9f, 0.7f, 0.1f, -0.2f};
            real together[PHOTOS * FIXTURE_EMBEDDING] = {0},
                                   alone[PHOTOS * FIXTURE_EMBEDDING] = {0};
            size_t count = f.parameters.count;
            real *gradients = fixture_zeroed(count, sizeof(real));
            real *sum = fixture_zeroed(count, sizeof(real));
            double *expected = fixture_zeroed(count, sizeof(double));
            struct batch batch = batch_captions(vectors);
            batch.every = ways[i].every;
            double loss =
                run(&f, &batch, ways[i].period, &no_regularisation, NULL, together, gradients);
            double losses = 0;
            for (size_t row = 0; row < batch.rows; row++) {
                struct batch single = {
                    .rows = 1, .vectors = vectors, .vector_count = PHOTOS, .every = batch.every};
                single.lengths[0] = batch.lengths[row];
                memcpy(single.inputs[0], batch.inputs[row], sizeof single.inputs[0]);
                memcpy(single.targets[0], batch.targets[row], sizeof single.targets[0]);
                losses += run(&f, &single, ways[i].period, &no_regularisation, NULL, alone, sum);
            }
            assert_true(fabs(loss - losses) < 1e-6 * losses);
            for (size_t j = 0; j < count; j++) expected[j] = (double)sum[j];
            expect_close(cells[c]->name, "gradients", gradients, expected, count, 1e-6);
            for (size_t j = 0; j < PHOTOS * FIXTURE_EMBEDDING; j++) expected[j] = (double)alone[j];
            expect_close(cells[c]->name, "vectors", together, expected, PHOTOS * FIXTURE_EMBEDDING,
                         1e-6);
            free(gradients), free(sum), free(expected);
            fixture_free(&f);
        }
    }
}

static double log_likelihood(const real *logits, size_t words, int32_t word) {
    double row[FIXTURE_WORDS];
    for (size_t v = 0; v < words; v++) row[v] = (double)logits[v];
    return -twin_cross_entropy(words, row, (size_t)word, 0);
}

static void expect_steps_as_trained(const struct cell *cell, bool every) {
    struct fixture f = fixture_new(cell);
    const struct parameters *p = &f.parameters;
    real vectors[PHOTOS * FIXTURE_EMBEDDING] = {0.3f, -0.5f, 0.9f, 0.7f, 0.1f, -0.2f};
    struct batch batch = batch_captions(vectors);
    batch.every = every;
    struct decoder_scratch *scratch = decoder_scratch_new(&f.decoder, batch.rows, NULL);
    assert_non_null(scratch);
    real states[BATCH_ROWS * MAX_STATE] = {0}, logits[BATCH_ROWS * FIXTURE_WORDS];
    real untouched[BATCH_ROWS * MAX_STATE] = {0};
    double stepped = 0;
    for (size_t t = 0; t < batch.lengths[0]; t++) {
        struct cut cut;
        batch_cut(&batch, t, 1, &cut);
        size_t n = cut.active[0];
        /* Asking for no logits is another way to the same state. */
        decoder_step(
            &f.decoder, p,
            &(struct decoder_inputs){
                .rows = n, .words = cut.inputs, .added = cut.window.added, .vectors = vectors},
            untouched, NULL, scratch);
        decoder_step(
            &f.decoder, p,
            &(struct decoder_inputs){
                .rows = n, .words = cut.inputs, .added = cut.window.added, .vectors = vectors},
            states, logits, scratch);
        for (size_t row = 0; row < n; row++) {
            if (cut.targets[row] < 0) continue;
            stepped +=
                log_likelihood(logits + row * FIXTURE_WORDS, FIXTURE_WORDS, cut.targets[row]);
        }
    }
    assert_memory_equal(states, untouched, sizeof states);
    decoder_scratch_free(scratch);
    real *gradients = fixture_zeroed(p->count, sizeof(real));
    double trained = run(&f, &batch, BATCH_STEPS, &no_regularisation, NULL, NULL, gradients);
    assert_true(fabs(stepped + trained) < 1e-6 * trained);
    free(gradients);
    fixture_free(&f);
}

static void a_step_of_inference_says_what_training_said(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        expect_steps_as_trained(cells[c], false);
        expect_steps_as_trained(cells[c], true);
    }
}

static void swapped_photos_change_the_likelihood(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        struct fixture f = fixture_new(cells[c]);
        const real vectors[] = {0.3f, -0.5f, 0.9f, 0.7f, 0.1f, -0.2f};
        const real swapped[] = {0.7f, 0.1f, -0.2f, 0.3f, -0.5f, 0.9f};
        struct batch batch = batch_captions(vectors), other = batch_captions(swapped);
        real *gradients = fixture_zeroed(f.parameters.count, sizeof(real));
        double before = run(&f, &batch, 12, &no_regularisation, NULL, NULL, gradients);
        double after = run(&f, &other, 12, &no_regularisation, NULL, NULL, gradients);
        assert_true(fabs(before - after) > 1e-3);
        free(gradients);
        fixture_free(&f);
    }
}

static void dropout_needs_a_rate_and_random_numbers(void **state) {
    (void)state;
    const struct unroll_regularisation dropout = {.input_dropout = 0.5f, .output_dropout = 0.5f};
    for (size_t c = 0; c < CELLS; c++) {
        struct fixture f = fixture_new(cells[c]);
        struct batch batch = batch_text();
        size_t count = f.parameters.count;
        real *one = fixture_zeroed(count, sizeof(real)), *two = fixture_zeroed(count, sizeof(real));
        struct random random = random_seeded(1, 0), same = random_seeded(1, 0),
                      other = random_seeded(1, 1);
        double plain = run(&f, &batch, 4, &no_regularisation, NULL, NULL, one);
        assert_true(run(&f, &batch, 4, &dropout, NULL, NULL, one) == plain);
        assert_true(run(&f, &batch, 4, &no_regularisation, &random, NULL, one) == plain);
        memset(one, 0, count * sizeof(real));
        random = random_seeded(1, 0);
        double dropped = run(&f, &batch, 4, &dropout, &random, NULL, one);
        assert_true(dropped != plain);
        assert_true(run(&f, &batch, 4, &dropout, &same, NULL, two) == dropped);
        assert_memory_equal(one, two, count * sizeof(real)); /* bit for bit */
        assert_true(run(&f, &batch, 4, &dropout, &other, NULL, two) != dropped);
        free(one), free(two);
        fixture_free(&f);
    }
}

static void a_window_without_targets_has_no_loss(void **state) {
    (void)state;
    struct fixture f = fixture_new(&cell_lstm);
    struct batch batch = batch_sentences();
    real *gradients = fixture_zeroed(f.parameters.count, sizeof(real));
    assert_true(run(&f, &batch, 4, &no_regularisation, NULL, NULL, gradients) == 0);
    for (size_t i = 0; i < f.parameters.count; i++) assert_true(gradients[i] == 0);
    free(gradients);
    fixture_free(&f);
}

static void a_window_that_cannot_be_planned_is_refused(void **state) {
    (void)state;
    struct fixture f = fixture_new(&cell_lstm);
    const size_t sizes[][2] = {{SIZE_MAX / 2, 4}, {SIZE_MAX / 8, 1}, {4, SIZE_MAX / 8}};
    for (size_t i = 0; i < 3; i++) {
        caption_error error = {0};
        assert_null(unroll_new(&f.decoder, sizes[i][0], sizes[i][1], &error));
        assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    }
    assert_null(decoder_scratch_new(&f.decoder, SIZE_MAX / 2, NULL));
    fixture_free(&f);
}

static void memory_grows_with_the_window_and_the_rows(void **state) {
    (void)state;
    struct fixture f = fixture_new(&cell_gru);
    struct unroll *one = unroll_for(&f.decoder, 10, 16), *two = unroll_for(&f.decoder, 10, 32),
                  *three = unroll_for(&f.decoder, 20, 16);
    assert_true(unroll_bytes(two) > unroll_bytes(one));
    assert_true(unroll_bytes(two) <= 2 * unroll_bytes(one));
    assert_true(unroll_bytes(three) > unroll_bytes(one));
    unroll_free(one), unroll_free(two), unroll_free(three);
    unroll_free(NULL);
    fixture_free(&f);
}

/* A text without end: words 3 to 11 in turn, and every tenth word says how the next ten go on
 * (upwards or downwards). */
static int32_t word_of_text(size_t place) {
    size_t turn = place / 10, within = place % 10;
    bool down = (turn * 7 + turn / 3) % 2;
    if (within == 0) return down ? 1 : 2;
    return (int32_t)(down ? 12 - within : 2 + within);
}

enum { PERIOD = 16, ROWS = 2, TEXT_WORDS = 12, TEXT_HIDDEN = 8 };

struct learner {
    struct fixture f;
    struct unroll *unroll;
    real states[ROWS * 2 * TEXT_HIDDEN];
    real *gradients, *first, *second;
    struct adam adam;
};

static void learner_init(struct learner *l, const struct cell *cell) {
    *l = (struct learner){.f = fixture_sized(cell, TEXT_WORDS, 4, TEXT_HIDDEN, 1, 1)};
    l->unroll = unroll_for(&l->f.decoder, ROWS, PERIOD);
    l->gradients = fixture_zeroed(l->f.parameters.count, sizeof(real));
    l->first = fixture_zeroed(l->f.parameters.count, sizeof(real));
    l->second = fixture_zeroed(l->f.parameters.count, sizeof(real));
    l->adam = (struct adam){.rate = 0.003f,
                            .beta1 = 0.9f,
                            .beta2 = 0.999f,
                            .epsilon = 1e-8f,
                            .gradient_scale = 1.0f / (ROWS * PERIOD)};
}

static void learner_free(struct learner *l) {
    free(l->gradients), free(l->first), free(l->second);
    unroll_free(l->unroll);
    fixture_free(&l->f);
}

/* Reads `steps` words of the text, one window and one step of Adam after the other, the state
 * carried on. Returns the mean loss of the last window. */
static double learn_text(struct learner *l, size_t steps) {
    struct parameters *p = &l->f.parameters;
    size_t active[PERIOD];
    int32_t inputs[ROWS * PERIOD], targets[ROWS * PERIOD];
    double loss = 0;
    for (size_t from = 0; from < steps; from += PERIOD) {
        for (size_t t = 0; t < PERIOD; t++) {
            active[t] = ROWS;
            for (size_t row = 0; row < ROWS; row++) {
                inputs[t * ROWS + row] = word_of_text(from + t + 1000 * row);
                targets[t * ROWS + row] = word_of_text(from + t + 1000 * row + 1);
            }
        }
        const struct unroll_window window = {
            .steps = PERIOD, .active = active, .inputs = inputs, .targets = targets};
        size_t count = 0;
        loss = unroll_forward(l->unroll, p, &window, l->states, &no_regularisation, &count) /
               (double)(ROWS * PERIOD);
        if (!isfinite(loss)) fail_msg("the loss is %f at step %zu", loss, from);
        memset(l->gradients, 0, p->count * sizeof(real));
        unroll_backward(l->unroll, p, 1, NULL, NULL, l->gradients);
        l->adam.step++;
        adam_update(&l->adam, p->count, l->gradients, p->values, l->first, l->second);
    }
    return loss;
}

/* Peak resident memory in bytes. */
static size_t peak_memory(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (size_t)usage.ru_maxrss * 1024;
}

static void a_hundred_thousand_steps_need_no_more_memory_than_a_hundred(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        struct learner l;
        learner_init(&l, cells[c]);
        size_t bytes = unroll_bytes(l.unroll);
        double before = learn_text(&l, 100);
        size_t peak = peak_memory();
        double after = learn_text(&l, 100000);
        assert_int_equal(unroll_bytes(l.unroll), bytes);
        assert_true(bytes < 100000);
#ifndef __SANITIZE_ADDRESS__ /* whose own bookkeeping grows with what is done */
        assert_true(peak_memory() - peak < (size_t)2 << 20);
#else
        (void)peak;
#endif
        /* Knowing the last word alone leaves log 2 at nearly every step; the direction has to be
         * carried through the state, across the cuts. */
        if (!(before > 2 && after < 0.3)) {
            fail_msg("%s: the loss was %g and is %g", cells[c]->name, before, after);
        }
        learner_free(&l);
    }
}

/* Row by row: what a row adds to the gradients is as much as its weight says. */
static void a_weight_scales_what_a_target_teaches(void **state) {
    (void)state;
    static const real row_weights[BATCH_ROWS] = {0.5F, -2, 0, 1.25F};
    for (size_t c = 0; c < CELLS; c++) {
        struct fixture f = fixture_new(cells[c]);
        const struct parameters *p = &f.parameters;
        const real vectors[PHOTOS * FIXTURE_EMBEDDING] = {0.5F, -1, 0.25F, -0.75F, 1, 0.5F};
        struct batch batch = batch_captions(vectors);
        struct cut cut;
        batch_cut(&batch, 0, BATCH_STEPS, &cut);
        real weights[BATCH_ROWS * BATCH_STEPS], *end = weights;
        for (size_t t = 0; t < cut.window.steps; t++) {
            for (size_t row = 0; row < cut.active[t]; row++) *end++ = row_weights[row];
        }
        cut.window.weights = weights;
        real *together = fixture_zeroed(p->count, sizeof(real)),
             states[BATCH_ROWS * MAX_STATE] = {0};
        struct unroll *unroll = unroll_for(&f.decoder, BATCH_ROWS, BATCH_STEPS);
        size_t targets = 0;
        unroll_forward(unroll, p, &cut.window, states, &no_regularisation, &targets);
        unroll_backward(unroll, p, 1, NULL, NULL, together);
        unroll_free(unroll);

        double *expected = fixture_zeroed(p->count, sizeof(double));
        for (size_t row = 0; row < batch.rows; row++) {
            struct batch alone = batch;
            alone.rows = 1;
            alone.lengths[0] = batch.lengths[row];
            memcpy(alone.inputs[0], batch.inputs[row], sizeof *alone.inputs);
            memcpy(alone.targets[0], batch.targets[row], sizeof *alone.targets);
            real *gradients = fixture_zeroed(p->count, sizeof(real));
            run(&f, &alone, BATCH_STEPS, &no_regularisation, NULL, NULL, gradients);
            for (size_t i = 0; i < p->count; i++) {
                expected[i] += (double)row_weights[row] * (double)gradients[i];
            }
            free(gradients);
        }
        for (size_t i = 0; i < p->tensor_count; i++) {
            const struct parameter *tensor = &p->tensors[i];
            expect_close(cells[c]->name, tensor->name, together + tensor->offset,
                         expected + tensor->offset, tensor->count, 1e-5);
        }
        free(together);
        free(expected);
        fixture_free(&f);
    }
}

static void a_tempered_decoder_says_at_1_what_it_said_at_the_temperature(void **state) {
    (void)state;
    struct fixture f = fixture_new(&cell_gru);
    const struct parameters *p = &f.parameters;
    caption_error error;
    struct decoder_scratch *scratch = decoder_scratch_new(&f.decoder, 1, &error);
    assert_non_null(scratch);
    const int32_t word = 3;
    real before[FIXTURE_WORDS], after[FIXTURE_WORDS];
    real states[FIXTURE_HIDDEN] = {0.5F, -0.25F, 1, 0}, again[FIXTURE_HIDDEN];
    memcpy(again, states, sizeof states);
    decoder_step(&f.decoder, p,
                 &(struct decoder_inputs){.rows = 1, .words = &word, .vectors = NULL}, states,
                 before, scratch);
    decoder_scale_logits(&f.decoder, &f.parameters, 0.25F);
    decoder_step(&f.decoder, p,
                 &(struct decoder_inputs){.rows = 1, .words = &word, .vectors = NULL}, again, after,
                 scratch);
    assert_memory_equal(again, states, sizeof states);
    for (size_t i = 0; i < FIXTURE_WORDS; i++) {
        assert_float_equal(after[i], before[i] / 0.25F, 1e-5);
    }
    decoder_scratch_free(scratch);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradients_equal_those_of_pytorch),
        cmocka_unit_test(a_whole_unroll_equals_the_plain_twin),
        cmocka_unit_test(a_batch_equals_each_sequence_alone),
        cmocka_unit_test(a_step_of_inference_says_what_training_said),
        cmocka_unit_test(swapped_photos_change_the_likelihood),
        cmocka_unit_test(a_weight_scales_what_a_target_teaches),
        cmocka_unit_test(a_tempered_decoder_says_at_1_what_it_said_at_the_temperature),
        cmocka_unit_test(dropout_needs_a_rate_and_random_numbers),
        cmocka_unit_test(a_window_without_targets_has_no_loss),
        cmocka_unit_test(a_window_that_cannot_be_planned_is_refused),
        cmocka_unit_test(memory_grows_with_the_window_and_the_rows),
        cmocka_unit_test(a_hundred_thousand_steps_need_no_more_memory_than_a_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
