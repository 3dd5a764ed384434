/* The parts of the trainer: schedule, windows, update. The whole of it is tested end to end. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoder_twin.h"
#include "model/unroll.h"
#include "train/start.h"
#include "train/train_data.h"
#include "train/trainer.h"
#include "train/update.h"

static void the_rate_rises_to_one_and_falls_to_almost_zero(void **state) {
    (void)state;
    float before = 0;
    for (size_t step = 0; step < 10; step++) {
        float factor = schedule_factor(step, 100, 0.1F);
        assert_true(factor > before);
        before = factor;
    }
    assert_float_equal(before, 1, 1e-6);
    for (size_t step = 10; step < 100; step++) {
        float factor = schedule_factor(step, 100, 0.1F);
        assert_true(factor <= before && factor > 0);
        before = factor;
    }
    assert_true(before < 0.001F);
}

static void without_a_warm_up_the_first_step_has_the_full_rate(void **state) {
    (void)state;
    assert_float_equal(schedule_factor(0, 10, 0), 1, 0);
}

static struct parameters two_tensors(void) {
    struct parameters parameters = {0};
    size_t shape[] = {300, 100}, index;
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "encoder.a",
                                                       .shape = {shape[0], shape[1]},
                                                       .dimensions = 2,
                                                       .group = PARAMETERS_ENCODER},
                               &index, NULL));
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "decoder.b",
                                                       .shape = {shape[0], shape[1]},
                                                       .dimensions = 2,
                                                       .group = PARAMETERS_DECODER},
                               &index, NULL));
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "decoder.c",
                                                       .shape = {shape[0]},
                                                       .dimensions = 1,
                                                       .group = PARAMETERS_CONSTANT},
                               &index, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    struct random random = random_seeded(1, 0);
    for (size_t i = 0; i < parameters.count; i++) {
        parameters.values[i] = (real)random_normal(&random);
    }
    return parameters;
}

/* A few steps with random gradients in three micro-batches; returns the norm of the last. */
static double some_steps(struct parameters *parameters, struct update *update, size_t threads,
                         float encoder_rate, float clip) {
    struct threads *pool = threads_new(threads, NULL);
    assert_non_null(pool);
    real *micro_batches[3];
    for (size_t i = 0; i < 3; i++) micro_batches[i] = calloc(parameters->count, sizeof(real));
    double norm = 0;
    struct random random = random_seeded(2, 0);
    for (size_t step = 0; step < 4; step++) {
        for (size_t i = 0; i < 3; i++) {
            update_clear(update, micro_batches[i], encoder_rate > 0);
            for (size_t j = 0; j < parameters->count; j++) {
                micro_batches[i][j] += (real)random_normal(&random);
            }
        }
        const struct update_rates rates = {
            .decoder = 0.01F, .encoder = encoder_rate, .clip = clip, .weight_decay = 0.1F};
        update_sum(update, micro_batches, 3, encoder_rate > 0, pool);
        norm = update_step(update, micro_batches[0], 1, &rates, pool);
    }
    for (size_t i = 0; i < 3; i++) free(micro_batches[i]);
    threads_free(pool);
    return norm;
}

static void any_number_of_threads_gives_the_same_weights(void **state) {
    (void)state;
    struct parameters reference = two_tensors();
    struct update update;
    assert_true(update_init(&update, &reference, 0.9F, NULL));
    double norm = some_steps(&reference, &update, 1, 0.001F, 5);
    for (size_t threads = 2; threads <= 5; threads += 3) {
        struct parameters other = two_tensors();
        struct update again;
        assert_true(update_init(&again, &other, 0.9F, NULL));
        assert_true(some_steps(&other, &again, threads, 0.001F, 5) == norm);
        assert_memory_equal(reference.values, other.values, reference.count * sizeof(real));
        assert_memory_equal(update.average, again.average, reference.count * sizeof(real));
        update_free(&again);
        parameters_free(&other);
    }
    update_free(&update);
    parameters_free(&reference);
}

static void a_frozen_encoder_and_constants_stay_as_they_are(void **state) {
    (void)state;
    struct parameters before = two_tensors(), after = two_tensors();
    struct update update;
    assert_true(update_init(&update, &after, 0, NULL));
    some_steps(&after, &update, 1, 0, 5);
    const struct parameter *t = after.tensors;
    assert_memory_equal(before.values + t[0].offset, after.values + t[0].offset,
                        t[0].count * sizeof(real));
    assert_memory_not_equal(before.values + t[1].offset, after.values + t[1].offset,
                            t[1].count * sizeof(real));
    assert_memory_equal(before.values + t[2].offset, after.values + t[2].offset,
                        t[2].count * sizeof(real));
    update_free(&update);
    parameters_free(&before);
    parameters_free(&after);
}

static struct parameters with_a_statistic(void) {
    struct parameters parameters = {0};
    size_t count = 50, index;
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "encoder.weight",
                                                       .shape = {count},
                                                       .dimensions = 1,
                                                       .group = PARAMETERS_ENCODER},
                               &index, NULL));
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "encoder.running_mean",
                                                       .shape = {count},
                                                       .dimensions = 1,
                                                       .group = PARAMETERS_STATISTIC},
                               &index, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    return parameters;
}

/* Three micro-batches of 1, 2 and 3 photos: each adds the photos' sum. */
static void a_running_statistic_goes_towards_the_mean_of_the_photos(void **state) {
    (void)state;
    struct parameters parameters = with_a_statistic();
    const struct parameter *statistic = &parameters.tensors[1];
    struct update update;
    assert_true(update_init(&update, &parameters, 0.5F, NULL));
    struct threads *pool = threads_new(2, NULL);
    real *micro_batches[3];
    for (size_t i = 0; i < 3; i++) micro_batches[i] = calloc(parameters.count, sizeof(real));
    double expected = 0;
    for (int step = 1; step <= 20; step++) {
        for (size_t i = 0; i < 3; i++) {
            update_clear(&update, micro_batches[i], true);
            for (size_t j = 0; j < statistic->count; j++) {
                micro_batches[i][statistic->offset + j] += (real)(i + 1) * (real)(10 + i);
            }
        }
        const struct update_rates rates = {.decoder = 0.1F, .encoder = 0.1F, .clip = 1};
        update_sum(&update, micro_batches, 3, true, pool);
        double norm = update_step(&update, micro_batches[0], 6, &rates, pool);
        assert_true(norm == 0); /* it is no gradient */
        expected += 0.1 * ((10 + 22 + 36) / 6.0 - expected);
        assert_true(fabs((double)parameters.values[statistic->offset + 7] - expected) < 1e-5);
    }
    /* The moving average of the weights lags behind it. */
    double average = (double)update.average[statistic->offset + 7];
    assert_true(average > 0.5 * expected && average < expected);
    for (size_t i = 0; i < 3; i++) free(micro_batches[i]);
    threads_free(pool);
    update_free(&update);
    parameters_free(&parameters);
}

static void a_running_statistic_of_a_frozen_encoder_stays(void **state) {
    (void)state;
    struct parameters parameters = with_a_statistic();
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    some_steps(&parameters, &update, 1, 0, 5);
    for (size_t i = 0; i < parameters.count; i++) assert_true(parameters.values[i] == 0);
    update_free(&update);
    parameters_free(&parameters);
}

static void the_average_follows_the_weights(void **state) {
    (void)state;
    struct parameters parameters = two_tensors();
    size_t offset = parameters.tensors[1].offset;
    double expected = (double)parameters.values[offset];
    struct update update;
    assert_true(update_init(&update, &parameters, 0.5F, NULL));
    struct threads *pool = threads_new(1, NULL);
    real *gradients = calloc(parameters.count, sizeof(real));
    for (int step = 1; step <= 30; step++) {
        for (size_t i = 0; i < parameters.count; i++) gradients[i] = 1;
        update_step(&update, gradients, 1, &(struct update_rates){.decoder = 0.1F}, pool);
        double young = (1.0 + step) / (10.0 + step), decay = young < 0.5 ? young : 0.5;
        expected = decay * expected + (1 - decay) * (double)parameters.values[offset];
        assert_true(fabs(expected - (double)update.average[offset]) < 1e-5);
    }
    free(gradients);
    threads_free(pool);
    update_free(&update);
    parameters_free(&parameters);
}

static void a_restart_goes_on_from_the_average_and_forgets_the_rest(void **state) {
    (void)state;
    struct parameters parameters = {0};
    const size_t shape[] = {3, 4};
    size_t index;
    assert_true(parameters_add(&parameters,
                               &(struct new_parameter){.name = "matrix",
                                                       .shape = {shape[0], shape[1]},
                                                       .dimensions = 2,
                                                       .group = PARAMETERS_DECODER},
                               &index, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    struct update update;
    assert_true(update_init(&update, &parameters, 0.5F, NULL));
    real gradients[16];
    for (size_t i = 0; i < 16; i++) gradients[i] = (real)i - 5;
    const struct update_rates rates = {.decoder = 0.1F};
    struct threads *threads = threads_new(1, NULL);
    assert_non_null(threads);
    for (size_t i = 0; i < 3; i++) update_step(&update, gradients, 1, &rates, threads);
    real average[16];
    memcpy(average, update.average, sizeof average);
    assert_memory_not_equal(parameters.values, average, 12 * sizeof *average);
    update_adopt_average(&update, parameters.values);
    update_restart(&update, parameters.values);
    assert_memory_equal(parameters.values, average, sizeof average);
    assert_memory_equal(update.average, average, sizeof average);
    assert_int_equal(update.step, 0);
    for (size_t i = 0; i < 12; i++) {
        assert_true(update.first[i] == 0 && update.second[i] == 0);
    }
    threads_free(threads);
    update_free(&update);
    parameters_free(&parameters);
}

static void a_long_gradient_is_clipped_to_the_norm(void **state) {
    (void)state;
    /* Adam's first step hides the gradient's scale; the moments do not. */
    struct parameters parameters = two_tensors();
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    real *gradients = calloc(parameters.count, sizeof(real));
    size_t count = parameters.tensors[1].count;
    for (size_t i = 0; i < parameters.count; i++) gradients[i] = 2;
    struct threads *pool = threads_new(1, NULL);
    const struct update_rates rates = {.decoder = 0.1F, .clip = 1};
    double norm = update_step(&update, gradients, 1, &rates, pool);
    assert_true(fabs(norm - 2 * sqrt((double)count)) < 1e-6 * norm);
    double expected = 0.1 * 2 / norm; /* (1 - beta1) times the clipped gradient */
    assert_true(fabs((double)update.first[parameters.tensors[1].offset] - expected) <
                1e-5 * expected);
    free(gradients);
    threads_free(pool);
    update_free(&update);
    parameters_free(&parameters);
}

/* A matrix and a vector of the encoder, then of the decoder, then a constant. */
static struct parameters five_tensors(void) {
    static const struct {
        const char *name;
        size_t dimensions;
        enum parameters_group group;
    } list[] = {{"encoder.weight", 2, PARAMETERS_ENCODER},
                {"encoder.bias", 1, PARAMETERS_ENCODER},
                {"decoder.weight", 2, PARAMETERS_DECODER},
                {"decoder.bias", 1, PARAMETERS_DECODER},
                {"decoder.shift", 1, PARAMETERS_CONSTANT}};
    struct parameters parameters = {0};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        size_t index;
        assert_true(parameters_add(&parameters,
                                   &(struct new_parameter){.name = list[i].name,
                                                           .shape = {21, 3},
                                                           .dimensions = list[i].dimensions,
                                                           .group = list[i].group},
                                   &index, NULL));
    }
    assert_true(parameters_allocate(&parameters, NULL));
    for (size_t i = 0; i < parameters.count; i++) parameters.values[i] = 1;
    return parameters;
}

static void matrices_decay_and_vectors_do_not(void **state) {
    (void)state;
    struct parameters parameters = five_tensors();
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    struct threads *pool = threads_new(2, NULL);
    real *gradients = calloc(parameters.count, sizeof(real));
    const struct update_rates rates = {.decoder = 0.1F, .encoder = 0.01F, .weight_decay = 0.5F};
    update_step(&update, gradients, 1, &rates, pool);
    static const double expected[] = {1 - 0.01 * 0.5, 1, 1 - 0.1 * 0.5, 1, 1};
    for (size_t i = 0; i < parameters.tensor_count; i++) {
        const real *values = parameters_at(&parameters, parameters.values, i);
        for (size_t j = 0; j < parameters.tensors[i].count; j++) {
            assert_true(fabs((double)values[j] - expected[i]) < 1e-6);
        }
    }
    free(gradients);
    threads_free(pool);
    update_free(&update);
    parameters_free(&parameters);
}

static bool in_range(const struct parameter *tensor, size_t first, size_t count) {
    return tensor->offset >= first && tensor->offset + tensor->count <= first + count;
}

static void the_range_holds_what_learns_and_nothing_else_of_the_encoder(void **state) {
    (void)state;
    struct parameters parameters = five_tensors();
    const struct parameter *tensors = parameters.tensors;
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    size_t first, count;
    update_range(&update, true, &first, &count);
    for (size_t i = 0; i < 4; i++) assert_true(in_range(&tensors[i], first, count));
    assert_true(first + count <= parameters.count);
    update_range(&update, false, &first, &count);
    for (size_t i = 2; i < 4; i++) assert_true(in_range(&tensors[i], first, count));
    assert_int_equal(first, tensors[2].offset);
    assert_int_equal(first + count, tensors[3].offset + tensors[3].count);
    update_free(&update);
    parameters_free(&parameters);
}

static void blocks_are_summed_in_their_order_where_they_learn(void **state) {
    (void)state;
    enum { BLOCKS = 3 };
    struct parameters parameters = five_tensors();
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    struct threads *pool = threads_new(3, NULL);
    real *blocks[BLOCKS];
    /* In this order the sum is 1; in another one the small number is lost. */
    static const real parts[BLOCKS] = {1e8F, -1e8F, 1};
    for (size_t encoder = 0; encoder < 2; encoder++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            blocks[i] = calloc(parameters.count, sizeof(real));
            for (size_t j = 0; j < parameters.count; j++) blocks[i][j] = parts[i];
        }
        update_sum(&update, blocks, BLOCKS, encoder, pool);
        for (size_t i = 0; i < parameters.tensor_count; i++) {
            const bool learns = i == 2 || i == 3 || (encoder && i < 2);
            assert_true(blocks[0][parameters.tensors[i].offset] == (learns ? 1 : parts[0]));
        }
        update_clear(&update, blocks[0], encoder);
        assert_true(blocks[0][parameters.tensors[2].offset] == 0);
        assert_true(blocks[0][parameters.tensors[0].offset] == (encoder ? 0 : parts[0]));
        for (size_t i = 0; i < BLOCKS; i++) free(blocks[i]);
    }
    threads_free(pool);
    update_free(&update);
    parameters_free(&parameters);
}

static struct tokens words_of(const char *sentence) {
    struct tokens tokens;
    assert_true(tokenize(sentence, &tokens, NULL));
    return tokens;
}

static void a_caption_becomes_image_start_words_and_end(void **state) {
    (void)state;
    struct vocabulary vocabulary;
    assert_true(vocabulary_init(&vocabulary, NULL));
    assert_true(vocabulary_count(&vocabulary, "a", 2, NULL));
    assert_true(vocabulary_count(&vocabulary, "dog", 1, NULL));
    struct tokens sentences[] = {words_of("a dog"), words_of("a zebra")};
    struct dataset_photo photo = {.first = 0, .count = 2};
    struct dataset dataset = {
        .photos = &photo, .photo_count = 1, .captions = sentences, .caption_count = 2};
    struct captions captions;
    assert_true(captions_init(&captions, &dataset, &vocabulary, NULL));
    assert_int_equal(captions.longest, 2);
    assert_int_equal(captions.most, 2);

    int32_t inputs[4], targets[4];
    struct tbptt_sequence sequence = captions_sequence(&captions, 1, 3, inputs, targets);
    int32_t a = (int32_t)vocabulary_find(&vocabulary, "a");
    assert_int_equal(sequence.steps, 4);
    assert_int_equal(inputs[0], DECODER_VECTOR - 3);
    assert_int_equal(inputs[1], VOCABULARY_START);
    assert_int_equal(inputs[2], a);
    assert_int_equal(inputs[3], VOCABULARY_UNK);
    assert_int_equal(targets[0], DECODER_NOTHING);
    assert_int_equal(targets[1], a);
    assert_int_equal(targets[2], VOCABULARY_UNK);
    assert_int_equal(targets[3], VOCABULARY_END);
    captions_free(&captions);
    tokens_free(&sentences[0]);
    tokens_free(&sentences[1]);
    vocabulary_free(&vocabulary);
}

/* Sequences of unequal length, each word predicting the next. */
enum { WORDS = 7, LONGEST = 9, SEQUENCES = 4 };
static const size_t lengths[SEQUENCES] = {3, LONGEST, 1, 6};

static double loss_in_windows_of(size_t steps, const struct decoder *decoder,
                                 const struct parameters *parameters, real *gradients) {
    int32_t inputs[SEQUENCES][LONGEST], targets[SEQUENCES][LONGEST];
    struct tbptt_sequence sequences[SEQUENCES];
    for (size_t i = 0; i < SEQUENCES; i++) {
        for (size_t t = 0; t < LONGEST; t++) {
            inputs[i][t] = (int32_t)((i * 3 + t) % WORDS);
            targets[i][t] = (int32_t)((i * 3 + t + 1) % WORDS);
        }
        sequences[i] = (struct tbptt_sequence){inputs[i], targets[i], lengths[i], 1};
    }
    struct tbptt *tbptt = tbptt_new(decoder, SEQUENCES, steps, NULL);
    assert_non_null(tbptt);
    struct tbptt_pass pass = {.parameters = parameters, .scale = 1, .gradients = gradients};
    size_t count = 0;
    double loss = tbptt_run(tbptt, &pass, sequences, SEQUENCES, &count);
    assert_int_equal(count, 3 + LONGEST + 1 + 6);
    tbptt_free(tbptt);
    return loss;
}

static void the_loss_does_not_depend_on_where_the_windows_cut(void **state) {
    (void)state;
    struct parameters parameters = {0};
    struct decoder decoder;
    const struct decoder_sizes sizes = {.words = WORDS, .embedding = 5, .hidden = 6, .features = 4};
    assert_true(decoder_init(&decoder, &cell_lstm, &sizes, &parameters, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    struct random random = random_seeded(3, 0);
    decoder_randomise(&decoder, &parameters, &random);
    double whole = loss_in_windows_of(LONGEST + 4, &decoder, &parameters, NULL);
    real *gradients[3];
    for (size_t i = 0; i < 3; i++) gradients[i] = calloc(parameters.count, sizeof(real));
    assert_true(fabs(loss_in_windows_of(LONGEST, &decoder, &parameters, gradients[0]) - whole) <
                1e-4);
    assert_true(fabs(loss_in_windows_of(20, &decoder, &parameters, gradients[1]) - whole) < 1e-4);
    assert_true(fabs(loss_in_windows_of(2, &decoder, &parameters, gradients[2]) - whole) < 1e-4);
    /* Windows as long as the sequences cut nothing; shorter ones do cut the gradient. */
    assert_memory_equal(gradients[0], gradients[1], parameters.count * sizeof(real));
    assert_memory_not_equal(gradients[0], gradients[2], parameters.count * sizeof(real));
    for (size_t i = 0; i < 3; i++) free(gradients[i]);
    parameters_free(&parameters);
}

/* Two photos, each with a caption that goes on beyond the first window. */
static void an_image_seen_at_every_step_is_seen_beyond_the_cuts(void **state) {
    (void)state;
    enum { EMBEDDING = 5 };
    struct parameters parameters = {0};
    struct decoder decoder;
    const struct decoder_sizes sizes = {
        .words = WORDS, .embedding = EMBEDDING, .hidden = 6, .features = 4};
    assert_true(decoder_init(&decoder, &cell_gru, &sizes, &parameters, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    struct random random = random_seeded(5, 0);
    decoder_randomise(&decoder, &parameters, &random);
    real vectors[2 * EMBEDDING];
    for (size_t i = 0; i < 2 * EMBEDDING; i++) vectors[i] = (real)random_normal(&random);
    const int32_t inputs[2][5] = {{DECODER_VECTOR, 1, 4}, {DECODER_VECTOR - 1, 1, 5, 6, 4}};
    const int32_t targets[2][5] = {{DECODER_NOTHING, 4, 2}, {DECODER_NOTHING, 5, 6, 4, 2}};
    double expected = 0;
    for (size_t i = 0; i < 2; i++) {
        double twin[6] = {0};
        expected += twin_sequence(&decoder, &parameters, parameters.values, i == 0 ? 3 : 5,
                                  inputs[i], targets[i], vectors, inputs[i][0], 0, twin);
    }
    for (size_t steps = 1; steps <= 6; steps++) {
        struct tbptt_sequence sequences[] = {{inputs[0], targets[0], 3, 1},
                                             {inputs[1], targets[1], 5, 1}};
        const struct tbptt_pass pass = {.parameters = &parameters,
                                        .vectors = vectors,
                                        .vector_count = 2,
                                        .repeat_first = true,
                                        .scale = 1};
        struct tbptt *tbptt = tbptt_new(&decoder, 2, steps, NULL);
        assert_non_null(tbptt);
        size_t count = 0;
        assert_true(fabs(tbptt_run(tbptt, &pass, sequences, 2, &count) - expected) < 1e-4);
        assert_int_equal(count, 2 + 4);
        tbptt_free(tbptt);
    }
    parameters_free(&parameters);
}

/* A stream of LONGEST steps in each row, in windows of `steps` whose states are carried. */
static double loss_of_streams(size_t steps, const struct decoder *decoder,
                              const struct parameters *parameters, real *states) {
    int32_t inputs[SEQUENCES][LONGEST], targets[SEQUENCES][LONGEST];
    for (size_t i = 0; i < SEQUENCES; i++) {
        for (size_t t = 0; t < LONGEST; t++) {
            inputs[i][t] = (int32_t)((i * 5 + t * t) % WORDS);
            targets[i][t] = t % 4 == 3 ? DECODER_NOTHING : (int32_t)((i + t) % WORDS);
        }
    }
    struct tbptt *tbptt = tbptt_new(decoder, SEQUENCES, steps, NULL);
    assert_non_null(tbptt);
    memset(states, 0, SEQUENCES * decoder->state * sizeof *states);
    double loss = 0;
    size_t count = 0;
    for (size_t first = 0; first < LONGEST; first += steps) {
        struct tbptt_sequence sequences[SEQUENCES];
        const size_t left = LONGEST - first;
        for (size_t i = 0; i < SEQUENCES; i++) {
            sequences[i] = (struct tbptt_sequence){inputs[i] + first, targets[i] + first,
                                                   left < steps ? left : steps, 1};
        }
        const struct tbptt_pass pass = {.parameters = parameters, .scale = 1};
        loss += tbptt_carry(tbptt, &pass, sequences, SEQUENCES, states, &count);
    }
    assert_int_equal(count, SEQUENCES * (LONGEST - LONGEST / 4));
    tbptt_free(tbptt);
    return loss;
}

static void a_stream_cut_into_windows_has_the_loss_of_the_whole(void **state) {
    (void)state;
    static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
    for (size_t c = 0; c < 3; c++) {
        struct parameters parameters = {0};
        struct decoder decoder;
        const struct decoder_sizes sizes = {
            .words = WORDS, .embedding = 5, .hidden = 6, .features = 4};
        assert_true(decoder_init(&decoder, cells[c], &sizes, &parameters, NULL));
        assert_true(parameters_allocate(&parameters, NULL));
        struct random random = random_seeded(4, c);
        decoder_randomise(&decoder, &parameters, &random);
        real whole_states[SEQUENCES * 12], states[SEQUENCES * 12];
        const double whole = loss_of_streams(LONGEST, &decoder, &parameters, whole_states);
        for (size_t steps = 1; steps < LONGEST; steps++) {
            assert_true(fabs(loss_of_streams(steps, &decoder, &parameters, states) - whole) < 1e-4);
            for (size_t i = 0; i < SEQUENCES * decoder.state; i++) {
                assert_float_equal(states[i], whole_states[i], 1e-5);
            }
        }
        parameters_free(&parameters);
    }
}

/* Two epochs of text, with synthetic features of it or none, one frozen, three joint, self-critical
 * two over synthetic features as well, if there are any, and two; 4 steps each over text and photos
 * alike. */
static void check_schedules(size_t text_captions) {
    const struct train_options options = {.set_count = 1,
                                          .text_count = 1,
                                          .text_captions = text_captions,
                                          .text_epochs = 2,
                                          .epochs = 4,
                                          .freeze_encoder = 1,
                                          .self_critical_synthetic = text_captions > 0 ? 2 : 0,
                                          .self_critical = 2,
                                          .batch_size = 2,
                                          .tbptt = 3,
                                          .lr = 1,
                                          .joint_lr = 0.5F,
                                          .encoder_lr = 0.25F,
                                          .self_critical_lr = 0.125F,
                                          .warmup = 0.25F};
    size_t begin[] = {0, 119};
    struct epoch_share share = {0, 7, 1};
    const struct trainer trainer = {.options = &options,
                                    .shares = &share,
                                    .train_count = 7,
                                    .text = {.begin = begin, .count = 1},
                                    .pseudo = {.count = text_captions}};
    const struct {
        enum train_phase phase;
        size_t epochs;
        float decoder_rate, encoder_rate;
    } parts[] = {{text_captions > 0 ? TRAIN_SYNTHETIC : TRAIN_TEXT, 2, 1, 0},
                 {TRAIN_FROZEN, 1, 1, 0},
                 {TRAIN_JOINT, 3, 0.5F, 0.25F},
                 {TRAIN_SELF_CRITICAL_SYNTHETIC, options.self_critical_synthetic, 0.125F, 0},
                 {TRAIN_SELF_CRITICAL, 2, 0.125F, 0.0625F}};
    size_t first = 0;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        if (parts[p].epochs == 0) continue;
        assert_int_equal(epoch_phase(&options, first), parts[p].phase);
        assert_int_equal(step_count(&trainer, parts[p].phase), 4);
        const size_t steps = 4 * parts[p].epochs;
        for (size_t i = 0; i < steps; i++) {
            const struct update_rates rates = epoch_rates(&trainer, first + i / 4, i % 4);
            const float factor = schedule_factor(i, steps, 0.25F);
            assert_float_equal(rates.decoder, parts[p].decoder_rate * factor, 0);
            assert_float_equal(rates.encoder, parts[p].encoder_rate * factor, 0);
        }
        first += parts[p].epochs;
    }
}

static void each_phase_has_a_schedule_of_its_own(void **state) {
    (void)state;
    check_schedules(0);
    check_schedules(1); /* the photo of pseudo-captions is the eighth */
}

static void rewards_teach_the_encoder_unless_it_was_frozen_all_along(void **state) {
    (void)state;
    static const struct {
        size_t epochs, frozen;
        bool learns;
    } runs[] = {{4, 0, true}, {4, 3, true}, {4, 4, false}, {0, 3, false}, {0, 0, true}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        const struct train_options options = {.epochs = runs[i].epochs,
                                              .freeze_encoder = runs[i].frozen};
        assert_int_equal(epoch_trains_encoder(&options, TRAIN_SELF_CRITICAL), runs[i].learns);
        assert_false(epoch_trains_encoder(&options, TRAIN_SELF_CRITICAL_SYNTHETIC));
    }
}

static void a_step_that_is_not_finite_is_an_error_that_names_it(void **state) {
    (void)state;
    caption_error error = {0};
    const struct update update = {.is_finite = true}, overflown = {.is_finite = false};
    assert_true(update_check(&update, 1, 2, 3, 4, &error));
    assert_false(update_check(&update, 1, 2, (double)NAN, 4, &error));
    assert_non_null(strstr(error.message, "diverged at step 3 of epoch 2"));
    assert_false(update_check(&update, 1, 2, 3, (double)INFINITY, &error));
    assert_false(update_check(&overflown, 1, 2, 3, 4, &error));
    assert_non_null(strstr(error.message, "norm 4, batch norm's statistics not finite): try"));
}

/* The gradient's norm leaves them out. */
static void statistics_that_overflow_are_noticed_in_their_step(void **state) {
    (void)state;
    struct parameters parameters = {0};
    size_t index;
    assert_true(parameters_add(
        &parameters,
        &(struct new_parameter){
            .name = "variance", .shape = {3}, .dimensions = 1, .group = PARAMETERS_STATISTIC},
        &index, NULL));
    assert_true(parameters_allocate(&parameters, NULL));
    struct update update;
    assert_true(update_init(&update, &parameters, 0, NULL));
    struct threads *threads = threads_new(1, NULL);
    real gradients[16] = {1, 2, 3};
    const struct update_rates encoder = {.decoder = 1, .encoder = 1}, frozen = {.decoder = 1};
    assert_true(update_step(&update, gradients, 1, &encoder, threads) == 0);
    assert_true(update.is_finite);
    gradients[1] = (real)INFINITY;
    update_step(&update, gradients, 1, &frozen, threads);
    assert_true(update.is_finite);
    assert_true(update_step(&update, gradients, 1, &encoder, threads) == 0);
    assert_false(update.is_finite);
    threads_free(threads);
    update_free(&update);
    parameters_free(&parameters);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_is_not_finite_is_an_error_that_names_it),
        cmocka_unit_test(statistics_that_overflow_are_noticed_in_their_step),
        cmocka_unit_test(the_rate_rises_to_one_and_falls_to_almost_zero),
        cmocka_unit_test(without_a_warm_up_the_first_step_has_the_full_rate),
        cmocka_unit_test(any_number_of_threads_gives_the_same_weights),
        cmocka_unit_test(a_frozen_encoder_and_constants_stay_as_they_are),
        cmocka_unit_test(a_running_statistic_goes_towards_the_mean_of_the_photos),
        cmocka_unit_test(a_running_statistic_of_a_frozen_encoder_stays),
        cmocka_unit_test(the_average_follows_the_weights),
        cmocka_unit_test(a_restart_goes_on_from_the_average_and_forgets_the_rest),
        cmocka_unit_test(a_long_gradient_is_clipped_to_the_norm),
        cmocka_unit_test(matrices_decay_and_vectors_do_not),
        cmocka_unit_test(the_range_holds_what_learns_and_nothing_else_of_the_encoder),
        cmocka_unit_test(blocks_are_summed_in_their_order_where_they_learn),
        cmocka_unit_test(a_caption_becomes_image_start_words_and_end),
        cmocka_unit_test(the_loss_does_not_depend_on_where_the_windows_cut),
        cmocka_unit_test(an_image_seen_at_every_step_is_seen_beyond_the_cuts),
        cmocka_unit_test(a_stream_cut_into_windows_has_the_loss_of_the_whole),
        cmocka_unit_test(each_phase_has_a_schedule_of_its_own),
        cmocka_unit_test(rewards_teach_the_encoder_unless_it_was_frozen_all_along),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
