/* The decoder for inference: the numbers of its equations and of the decoder that learns, from
 * weights in a block and in a file, and the same for a row whatever stands beside it. */
#include "decoder_fixture.h"
#include "decoder_twin.h"
#include "temporary_file.h"

#include <math.h>

#include "infer/inference_decoder.h"

enum { WORDS = 37, EMBEDDING = 19, HIDDEN = 21, FEATURES = 23, TAGS = 11 };
enum { ROWS = 50, STEPS = 4 };

/* More than a row of any scratch needs. */
enum { SCRATCH = 64 };

static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
enum { CELLS = 3 };

static struct fixture tagged(const struct cell *cell, uint64_t seed) {
    const struct decoder_sizes sizes = {.words = WORDS,
                                        .embedding = EMBEDDING,
                                        .hidden = HIDDEN,
                                        .features = FEATURES,
                                        .tags = TAGS};
    return fixture_of(cell, &sizes, seed);
}

static struct inference_decoder *ready(const struct fixture *f, const struct weights *weights,
                                       enum precision precision) {
    caption_error error = {0};
    struct inference_decoder *decoder =
        inference_decoder_new(&f->decoder, weights, precision, &error);
    if (!decoder) fail_msg("%s", error.message);
    return decoder;
}

static struct inference_decoder *ready_from_block(const struct fixture *f,
                                                  enum precision precision) {
    const struct weights weights = {.parameters = &f->parameters, .values = f->parameters.values};
    return ready(f, &weights, precision);
}

/* Words, vectors and nothing, as they come in searches and in sentences. */
static void draw_inputs(struct random *random, size_t count, int32_t *inputs) {
    for (size_t i = 0; i < count; i++) {
        const size_t kind = random_below(random, 6);
        inputs[i] = kind == 0   ? DECODER_NOTHING
                    : kind == 1 ? DECODER_VECTOR - (int32_t)random_below(random, ROWS)
                                : (int32_t)random_below(random, WORDS);
    }
}

struct walk {
    float features[ROWS * FEATURES], scratch[ROWS * SCRATCH], vectors[ROWS * EMBEDDING];
    float images[ROWS * 4 * HIDDEN], tags[ROWS * TAGS];
    float states[ROWS * 2 * HIDDEN], logits[ROWS * WORDS];
    int32_t inputs[STEPS][ROWS], added[STEPS][ROWS];
};

static int32_t image_of(size_t row) {
    return DECODER_VECTOR - (int32_t)(row * 7 % ROWS);
}

static void walk_init(struct walk *walk) {
    struct random random = random_seeded(2, 0);
    fixture_fill(walk->features, ROWS * FEATURES, 3, &random);
    for (size_t t = 0; t < STEPS; t++) draw_inputs(&random, ROWS, walk->inputs[t]);
    /* A third of the rows see an image again with every word. */
    for (size_t i = 0; i < STEPS * ROWS; i++) {
        const size_t t = i / ROWS, row = i % ROWS;
        const bool adds = row % 3 == 0 && walk->inputs[t][row] >= 0;
        walk->added[t][row] = adds ? image_of(row) : DECODER_NOTHING;
    }
    memset(walk->states, 0, sizeof walk->states);
}

static void look(const struct inference_decoder *decoder, struct walk *walk) {
    assert_true(inference_decoder_project_image_scratch(decoder) <= SCRATCH);
    inference_decoder_project_image(decoder, &(struct inference_images){.count = ROWS,
                                                                        .features = walk->features,
                                                                        .vectors = walk->vectors,
                                                                        .products = walk->images,
                                                                        .tags = walk->tags,
                                                                        .scratch = walk->scratch});
}

/* `rows` rows from row `first` of the walk on, all steps. */
static void run(const struct inference_decoder *decoder, struct walk *walk, size_t first,
                size_t rows) {
    caption_error error;
    struct arena arena = {0};
    struct inference_step *step = inference_step_new(decoder, rows, &arena, &error);
    assert_non_null(step);
    look(decoder, walk);
    for (size_t t = 0; t < STEPS; t++) {
        inference_decoder_step(decoder,
                               &(struct decoder_inputs){.rows = rows,
                                                        .words = walk->inputs[t] + first,
                                                        .added = walk->added[t] + first,
                                                        .vectors = walk->images},
                               walk->states, walk->logits, step);
    }
    arena_free(&arena);
}

/* The same by the decoder that learns. */
static void run_learning(const struct fixture *f, struct walk *walk) {
    const struct parameters *p = &f->parameters;
    caption_error error;
    struct decoder_scratch *scratch = decoder_scratch_new(&f->decoder, ROWS, &error);
    assert_non_null(scratch);
    decoder_image_forward(&f->decoder, p,
                          &(struct decoder_images){.count = ROWS,
                                                   .features = walk->features,
                                                   .scaled = walk->scratch,
                                                   .tags = walk->tags,
                                                   .vectors = walk->vectors});
    for (size_t t = 0; t < STEPS; t++) {
        decoder_step(&f->decoder, p,
                     &(struct decoder_inputs){.rows = ROWS,
                                              .words = walk->inputs[t],
                                              .added = walk->added[t],
                                              .vectors = walk->vectors},
                     walk->states, walk->logits, scratch);
    }
    decoder_scratch_free(scratch);
}

static void assert_near(const float *found, const float *expected, size_t count) {
    for (size_t i = 0; i < count; i++) assert_float_equal(found[i], expected[i], 2e-5);
}

static void it_says_what_the_decoder_that_learns_says(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        struct fixture f = tagged(cells[c], 7);
        struct inference_decoder *decoder = ready_from_block(&f, PRECISION_F32);
        static struct walk walk, expected;
        walk_init(&walk);
        walk_init(&expected);
        run(decoder, &walk, 0, ROWS);
        run_learning(&f, &expected);
        for (size_t i = 0; i < ROWS * TAGS; i++) {
            const double probability = 1 / (1 + exp(-(double)walk.tags[i]));
            assert_true(fabs(probability - (double)expected.tags[i]) < 2e-5);
        }
        assert_near(walk.vectors, expected.vectors, ROWS * EMBEDDING);
        assert_near(walk.states, expected.states, ROWS * f.decoder.state);
        assert_near(walk.logits, expected.logits, ROWS * WORDS);
        inference_decoder_free(decoder);
        fixture_free(&f);
    }
}

/* One row of the walk by the equations, in double. */
static void expect_twin(const struct fixture *f, const struct walk *walk, size_t row,
                        double tolerance) {
    const struct decoder *d = &f->decoder;
    const struct parameters *p = &f->parameters;
    const int32_t no_targets[STEPS] = {DECODER_NOTHING, DECODER_NOTHING, DECODER_NOTHING,
                                       DECODER_NOTHING};
    int32_t inputs[STEPS];
    double state[2 * HIDDEN] = {0}, logits[WORDS];
    for (size_t t = 0; t < STEPS; t++) inputs[t] = walk->inputs[t][row];
    twin_sequence(d, p, p->values, STEPS, inputs, no_targets, walk->vectors,
                  row % 3 == 0 ? image_of(row) : DECODER_NOTHING, 0, state);
    twin_affine(WORDS, HIDDEN, parameters_at_const(p, p->values, d->output_weight),
                parameters_at_const(p, p->values, d->output_bias), state, logits);
    for (size_t i = 0; i < d->state; i++) {
        assert_true(fabs((double)walk->states[row * d->state + i] - state[i]) < tolerance);
    }
    for (size_t i = 0; i < WORDS; i++) {
        assert_true(fabs((double)walk->logits[row * WORDS + i] - logits[i]) < tolerance);
    }
}

static void it_says_what_its_equations_say(void **state) {
    (void)state;
    /* bfloat16 keeps 8 bits of weights and states up to 1, in sums of some twenty. */
    static const double tolerances[] = {[PRECISION_F32] = 2e-5, [PRECISION_BF16] = 0.1};
    for (size_t c = 0; c < CELLS; c++) {
        for (enum precision precision = PRECISION_F32; precision <= PRECISION_BF16; precision++) {
            struct fixture f = tagged(cells[c], 6);
            struct inference_decoder *decoder = ready_from_block(&f, precision);
            static struct walk walk;
            walk_init(&walk);
            run(decoder, &walk, 0, ROWS);
            for (size_t row = 0; row < ROWS; row++) {
                expect_twin(&f, &walk, row, tolerances[precision]);
            }
            inference_decoder_free(decoder);
            fixture_free(&f);
        }
    }
}

static void expect_same_alone(const struct cell *cell, enum precision precision) {
    struct fixture f = tagged(cell, 8);
    struct inference_decoder *decoder = ready_from_block(&f, precision);
    static struct walk together, some;
    walk_init(&together);
    run(decoder, &together, 0, ROWS);
    for (size_t rows = 1; rows <= ROWS; rows++) {
        const size_t first = (ROWS - rows) / 2, state_size = f.decoder.state;
        walk_init(&some);
        run(decoder, &some, first, rows);
        assert_memory_equal(some.states, together.states + first * state_size,
                            rows * state_size * sizeof(float));
        assert_memory_equal(some.logits, together.logits + first * WORDS,
                            rows * WORDS * sizeof(float));
    }
    inference_decoder_free(decoder);
    fixture_free(&f);
}

static void a_row_is_the_same_alone_and_beside_any_others(void **state) {
    (void)state;
    for (size_t c = 0; c < CELLS; c++) {
        expect_same_alone(cells[c], PRECISION_F32);
        expect_same_alone(cells[c], PRECISION_BF16);
    }
}

/* Logits of a vocabulary so large that threads share the product. */
static void expect_same_shared(enum precision precision, struct threads *threads) {
    enum { MANY_WORDS = 2501, MANY = 20 };
    struct fixture f = fixture_of(
        &cell_gru,
        &(struct decoder_sizes){
            .words = MANY_WORDS, .embedding = EMBEDDING, .hidden = HIDDEN, .features = FEATURES},
        11);
    struct inference_decoder *decoder = ready_from_block(&f, precision);
    static float states[2][MANY * HIDDEN], logits[2][MANY * MANY_WORDS];
    int32_t words[MANY];
    for (size_t i = 0; i < MANY; i++) words[i] = (int32_t)(i * 100);
    memset(states, 0, sizeof states);
    for (size_t i = 0; i < 2; i++) {
        struct arena arena = {0};
        struct inference_step *step = inference_step_new(decoder, MANY, &arena, NULL);
        assert_non_null(step);
        if (i == 1) inference_step_share(step, threads);
        inference_decoder_step(decoder, &(struct decoder_inputs){.rows = MANY, .words = words},
                               states[i], logits[i], step);
        arena_free(&arena);
    }
    assert_memory_equal(states[0], states[1], sizeof states[0]);
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    inference_decoder_free(decoder);
    fixture_free(&f);
}

/* Projections of features so many that threads share each of the products. */
static void expect_same_projections(struct threads *threads) {
    enum { MANY = 20, WIDE = 700, LONG = 60, SHOWN = 90, PRODUCTS = 3 * HIDDEN };
    struct fixture f = fixture_of(&cell_gru,
                                  &(struct decoder_sizes){.words = WORDS,
                                                          .embedding = LONG,
                                                          .hidden = HIDDEN * 4,
                                                          .features = WIDE,
                                                          .tags = SHOWN},
                                  13);
    struct inference_decoder *decoder = ready_from_block(&f, PRECISION_F32);
    static float features[MANY * WIDE], scratch[MANY * WIDE], vectors[2][MANY * LONG];
    static float products[2][MANY * PRODUCTS * 4], tags[2][MANY * SHOWN];
    struct random random = random_seeded(14, 0);
    fixture_fill(features, MANY * WIDE, 3, &random);
    assert_true(inference_decoder_project_image_scratch(decoder) <= WIDE);
    for (size_t i = 0; i < 2; i++) {
        const struct inference_images images = {.count = MANY,
                                                .features = features,
                                                .vectors = vectors[i],
                                                .products = products[i],
                                                .tags = tags[i],
                                                .scratch = scratch,
                                                .threads = i == 1 ? threads : NULL};
        inference_decoder_project_image(decoder, &images);
    }
    assert_memory_equal(vectors[0], vectors[1], sizeof vectors[0]);
    assert_memory_equal(products[0], products[1], sizeof products[0]);
    assert_memory_equal(tags[0], tags[1], sizeof tags[0]);
    inference_decoder_free(decoder);
    fixture_free(&f);
}

static void a_step_is_the_same_for_any_number_of_threads(void **state) {
    (void)state;
    for (size_t count = 2; count <= 5; count++) {
        struct threads *threads = threads_new(count, NULL);
        assert_non_null(threads);
        expect_same_shared(PRECISION_F32, threads);
        expect_same_shared(PRECISION_BF16, threads);
        expect_same_projections(threads);
        threads_free(threads);
    }
}

/* More inputs than products are kept of: words are forgotten and met again. */
static void what_a_step_remembers_changes_nothing(void **state) {
    (void)state;
    enum { LONG = 40 };
    struct fixture f = tagged(&cell_gru, 5);
    struct inference_decoder *decoder = ready_from_block(&f, PRECISION_F32);
    static struct walk remembered, forgotten;
    walk_init(&remembered);
    walk_init(&forgotten);
    struct arena arena = {0};
    struct inference_step *kept = inference_step_new(decoder, ROWS, &arena, NULL);
    struct random random = random_seeded(4, 0);
    int32_t images[ROWS];
    for (size_t i = 0; i < ROWS; i++) images[i] = image_of(i);
    look(decoder, &remembered);
    for (size_t t = 0; t < LONG; t++) {
        int32_t inputs[ROWS];
        draw_inputs(&random, ROWS, inputs);
        const int32_t *added = t % 4 == 3 ? images : NULL;
        struct arena own = {0};
        struct inference_step *fresh = inference_step_new(decoder, ROWS, &own, NULL);
        assert_true(kept && fresh);
        inference_decoder_step(
            decoder,
            &(struct decoder_inputs){
                .rows = ROWS, .words = inputs, .added = added, .vectors = remembered.images},
            remembered.states, remembered.logits, kept);
        inference_decoder_step(
            decoder,
            &(struct decoder_inputs){
                .rows = ROWS, .words = inputs, .added = added, .vectors = remembered.images},
            forgotten.states, forgotten.logits, fresh);
        assert_memory_equal(remembered.logits, forgotten.logits, sizeof forgotten.logits);
        arena_free(&own);
    }
    arena_free(&arena);
    inference_decoder_free(decoder);
    fixture_free(&f);
}

static void a_step_that_cannot_be_planned_is_refused(void **state) {
    (void)state;
    struct fixture f = fixture_new(&cell_lstm);
    struct inference_decoder *decoder = ready_from_block(&f, PRECISION_F32);
    const size_t rows[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / sizeof(float) - 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        caption_error error = {0};
        struct arena arena = {0};
        assert_null(inference_step_new(decoder, rows[i], &arena, &error));
        arena_free(&arena);
        assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    }
    inference_decoder_free(decoder);
    fixture_free(&f);
}

/* Writes the fixture's tensors as `type`. */
static char *write_file(const struct fixture *f, enum safetensors_type type) {
    char *path = temporary_file_new();
    caption_error error = {0};
    struct safetensors_writer *writer = safetensors_writer_new(path, &error);
    assert_non_null(writer);
    for (size_t i = 0; i < f->parameters.tensor_count; i++) {
        const struct parameter *tensor = &f->parameters.tensors[i];
        assert_true(safetensors_writer_tensor(
            writer,
            &(struct new_tensor){tensor->name, type, tensor->shape, tensor->dimensions,
                                 f->parameters.values + tensor->offset},
            &error));
    }
    if (!safetensors_writer_finish(writer, &error)) fail_msg("%s", error.message);
    return path;
}

static void weights_of_a_file_are_used_as_they_lie(void **state) {
    (void)state;
    static const enum safetensors_type types[] = {SAFETENSORS_F32, SAFETENSORS_F16,
                                                  SAFETENSORS_BF16};
    for (size_t t = 0; t < 3; t++) {
        struct fixture f = tagged(&cell_gru, 9);
        char *path = write_file(&f, types[t]);
        struct safetensors file;
        caption_error error = {0};
        if (!safetensors_open(&file, path, &error)) fail_msg("%s", error.message);
        const struct weights lying = {.parameters = &f.parameters, .file = &file};
        struct inference_decoder *mapped = ready(&f, &lying, PRECISION_F32);
        for (size_t i = 0; i < f.parameters.tensor_count; i++) {
            assert_true(weights_read(&lying, i,
                                     f.parameters.values + f.parameters.tensors[i].offset, &error));
        }
        struct inference_decoder *converted = ready_from_block(&f, PRECISION_F32);
        static struct walk a, b;
        walk_init(&a);
        walk_init(&b);
        run(mapped, &a, 0, ROWS);
        run(converted, &b, 0, ROWS);
        assert_memory_equal(a.logits, b.logits, sizeof a.logits);
        inference_decoder_free(mapped);
        inference_decoder_free(converted);
        safetensors_close(&file);
        temporary_file_free(path);
        fixture_free(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_its_equations_say),
        cmocka_unit_test(it_says_what_the_decoder_that_learns_says),
        cmocka_unit_test(a_row_is_the_same_alone_and_beside_any_others),
        cmocka_unit_test(a_step_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(what_a_step_remembers_changes_nothing),
        cmocka_unit_test(a_step_that_cannot_be_planned_is_refused),
        cmocka_unit_test(weights_of_a_file_are_used_as_they_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
