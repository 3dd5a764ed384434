/* A checkpoint read is the checkpoint written, to the last bit; what is broken in it is refused or
 * harmless. */
#include "temporary_file.h"

#include <math.h>

#include "train/checkpoint.h"

enum { PHOTOS = 7 };
static const char settings[] = "{\"seed\":\"1\",\"lr\":0.001,\"the data\":\"00ff\"}";
static const char *const words[] = {"a", "dog", "runs"};

/* The parts of a trainer that a checkpoint knows. */
struct run {
    struct train_options options;
    struct epoch_share share;
    struct trainer trainer;
};

static void add_model(struct trainer *t) {
    const struct model_design design = {.encoder = "stem_c4 ds_r1_k3_s1_e1_c4 head_c4",
                                        .size = 32,
                                        .cell = "gru",
                                        .embedding = 2,
                                        .hidden = 3};
    struct vocabulary vocabulary;
    assert_true(vocabulary_init(&vocabulary, NULL));
    for (size_t i = 0; i < 3; i++) {
        assert_true(vocabulary_count(&vocabulary, words[i], 9 - i, NULL));
    }
    assert_true(model_new(&t->model, &design, &vocabulary, NULL));
}

static void fill(real *values, size_t count, struct random *random) {
    for (size_t i = 0; i < count; i++) values[i] = (real)random_normal(random);
}

/* A run whose numbers are drawn; seed 0: they are all zero. Its history has no photos to show. */
static struct run *run_new(char *path, uint64_t seed) {
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    struct trainer *t = &run->trainer;
    run->options = (struct train_options){.set_count = 1,
                                          .epochs = 4,
                                          .batch_size = 2,
                                          .micro_batch = 1,
                                          .text_count = 1,
                                          .text_epochs = 1,
                                          .tbptt = 2};
    t->options = &run->options;
    t->checkpoint = path;
    t->settings = (char *)settings;
    t->train_count = PHOTOS;
    run->share = (struct epoch_share){0, PHOTOS, 1};
    t->shares = &run->share;
    add_model(t);
    t->text.words = calloc(100, sizeof *t->text.words);
    t->text.begin = calloc(2, sizeof *t->text.begin);
    t->text.count = 1;
    t->text.begin[1] = 100;
    assert_true(update_init(&t->update, &t->model.parameters, 0.9F, NULL));
    const size_t states = 2 * TRAIN_TEXT_ROWS * t->model.decoder.state;
    t->text_states = calloc(states, sizeof *t->text_states);
    assert_non_null(t->text_states);
    if (seed == 0) return run;
    struct random random = random_seeded(seed, 0);
    const size_t count = t->model.parameters.count;
    for (size_t i = 0; i < t->model.parameters.tensor_count; i++) { /* not what lies between them */
        fill(parameters_at(&t->model.parameters, t->model.parameters.values, i),
             t->model.parameters.tensors[i].count, &random);
    }
    fill(t->update.first, count, &random);
    fill(t->update.second, count, &random);
    fill(t->update.average, count, &random);
    fill(t->text_states, states, &random);
    t->update.step = 11;
    t->update.encoder_step = 7;
    t->place = (struct train_place){.epoch = 2,
                                    .step = 3,
                                    .loss = 1.0 / 3,
                                    .targets = 5,
                                    .point_loss = 1e-300,
                                    .point_targets = 2,
                                    .seconds = 0.1,
                                    .best = 2.0 / 7};
    for (size_t i = 1; i <= 2; i++) {
        const struct train_epoch epoch = {.epoch = i, .epochs = 5, .loss = 1.0 / 7};
        assert_true(history_add_epoch(&t->history, &epoch, NULL, NULL, NULL));
    }
    return run;
}

static void run_free(struct run *run) {
    struct trainer *t = &run->trainer;
    model_free(&t->model);
    update_free(&t->update);
    history_free(&t->history);
    text_free(&t->text);
    free(t->text_states);
    free(run);
}

static char *written(uint64_t seed) {
    char *path = temporary_file_new();
    struct run *run = run_new(path, seed);
    caption_error error = {0};
    if (!checkpoint_write(&run->trainer, &error)) fail_msg("%s", error.message);
    run_free(run);
    return path;
}

/* As a run that goes on reads it. */
static bool read_all(struct trainer *t, caption_error *error) {
    model_free(&t->model);
    return checkpoint_read_model(&t->model, t->checkpoint, error) && checkpoint_read(t, error);
}

static void what_is_written_is_read_to_the_last_bit(void **state) {
    (void)state;
    char *path = written(1);
    struct run *before = run_new(path, 1), *after = run_new(path, 0);
    struct trainer *a = &before->trainer, *b = &after->trainer;
    caption_error error = {0};
    if (!read_all(b, &error)) fail_msg("%s", error.message);
    const size_t bytes = a->model.parameters.count * sizeof(real);
    assert_memory_equal(a->model.parameters.values, b->model.parameters.values, bytes);
    assert_memory_equal(a->update.first, b->update.first, bytes);
    assert_memory_equal(a->update.second, b->update.second, bytes);
    assert_memory_equal(a->update.average, b->update.average, bytes);
    assert_memory_equal(a->text_states, b->text_states,
                        2 * TRAIN_TEXT_ROWS * a->model.decoder.state * sizeof(real));
    assert_true(a->update.step == b->update.step &&
                a->update.encoder_step == b->update.encoder_step);
    assert_memory_equal(&a->place, &b->place, sizeof a->place);
    assert_int_equal(b->history.epoch_count, 2);
    /* And written anew, it is the same file. */
    char *again = temporary_file_new();
    b->checkpoint = again;
    assert_true(checkpoint_write(b, NULL));
    struct file_bytes first, second;
    assert_true(file_read(path, SIZE_MAX, &first, NULL) &&
                file_read(again, SIZE_MAX, &second, NULL));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    file_bytes_free(&first);
    file_bytes_free(&second);
    temporary_file_free(again);
    run_free(before);
    run_free(after);
    temporary_file_free(path);
}

/* Reads a checkpoint with changed settings, options or place. */
static void assert_refused(char *path, struct run *run, const char *message) {
    caption_error error = {0};
    assert_false(read_all(&run->trainer, &error));
    assert_message_has(&error, path);
    assert_message_has(&error, message);
    run_free(run);
}

static void settings_that_differ_are_named(void **state) {
    (void)state;
    static const struct {
        const char *settings, *message;
    } others[] = {
        {"{\"seed\":\"2\",\"lr\":0.001,\"the data\":\"00ff\"}", "seed was \"1\" when"},
        {"{\"seed\":\"1\",\"lr\":0.5,\"the data\":\"00ff\"}",
         "lr was 0.001 when that run began and is 0.5"},
        {"{\"seed\":\"1\",\"lr\":0.00030000001424923539,\"the data\":\"00ff\"}",
         "and is 0.0003 now"}, /* a float, as all numbers that are not whole */
        {"{\"seed\":\"1\",\"lr\":123456789,\"the data\":\"00ff\"}", "and is 123456789 now"},
        {"{\"seed\":\"1\",\"lr\":[1,0.10000000149011612,\"x\"],\"the data\":\"00ff\"}",
         "and is [1,0.1,\"x\"] now"},
        {"{\"seed\":\"1\",\"lr\":0.001,\"the data\":\"00fe\"}",
         "the data was not the same when that run began: the names of photos, their captions"},
        {"{\"seed\":\"1\",\"lr\":0.001,\"the data\":\"00ff\",\"clip\":5}",
         "clip was not there when"},
        {"{\"seed\":\"1\",\"lr\":0.001}",
         "the data was \"00ff\" when that run began and is not there now"},
        {"{ \"seed\":\"1\",\"lr\":0.001,\"the data\":\"00ff\"}", "those of another program"},
    };
    char *path = written(1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct run *run = run_new(path, 0);
        run->trainer.settings = (char *)others[i].settings;
        assert_refused(path, run, others[i].message);
    }
    temporary_file_free(path);
}

static void a_place_that_cannot_be_is_refused(void **state) {
    (void)state;
    const struct train_place good = {.epoch = 2, .step = 3, .loss = 1, .targets = 5};
    struct train_place bad[6];
    for (size_t i = 0; i < 6; i++) bad[i] = good;
    bad[0].epoch = 5;       /* behind the last */
    bad[1].step = 5;        /* an epoch has 4 */
    bad[2].step = SIZE_MAX; /* times the batch size: anything */
    bad[3].targets = 0;     /* a loss of nothing */
    bad[4].loss = (double)NAN;
    bad[5].best = (double)INFINITY;
    for (size_t i = 0; i < 6; i++) {
        char *path = temporary_file_new();
        struct run *run = run_new(path, 1);
        run->trainer.place = bad[i];
        assert_true(checkpoint_write(&run->trainer, NULL));
        run_free(run);
        assert_refused(path, run_new(path, 0), "its place in the data cannot be read");
        temporary_file_free(path);
    }
}

static void more_updates_than_steps_are_refused(void **state) {
    (void)state;
    static const uint64_t bad[][2] = {{UINT64_MAX, 0}, {1000, 0}, {0, 1000}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = temporary_file_new();
        struct run *run = run_new(path, 1);
        run->trainer.update.step = bad[i][0];
        run->trainer.update.encoder_step = bad[i][1];
        assert_true(checkpoint_write(&run->trainer, NULL));
        run_free(run);
        assert_refused(path, run_new(path, 0), "its place in the data cannot be read");
        temporary_file_free(path);
    }
}

static void the_end_of_an_epoch_is_a_place(void **state) {
    (void)state;
    char *path = temporary_file_new();
    struct run *run = run_new(path, 1), *after = run_new(path, 0);
    run->trainer.place.step = 4;
    assert_true(checkpoint_write(&run->trainer, NULL));
    assert_true(read_all(&after->trainer, NULL));
    assert_int_equal(after->trainer.place.step, 4);
    run_free(run);
    run_free(after);
    temporary_file_free(path);
}

static void a_history_that_is_not_of_its_place_is_refused(void **state) {
    (void)state;
    char *path = temporary_file_new();
    struct run *run = run_new(path, 1);
    run->trainer.place.epoch = 3;
    assert_true(checkpoint_write(&run->trainer, NULL));
    run_free(run);
    assert_refused(path, run_new(path, 0), "its history does not end at its place");
    temporary_file_free(path);
}

static void blocks_of_another_size_are_refused(void **state) {
    (void)state;
    char *path = written(1);
    struct run *run = run_new(path, 0);
    run->options.batch_size = 1;
    assert_refused(path, run, "training.text_states");
    temporary_file_free(path);
}

static void a_model_alone_is_no_checkpoint(void **state) {
    (void)state;
    char *path = temporary_file_new();
    struct run *run = run_new(path, 1);
    assert_true(model_write(&run->trainer.model, NULL, SAFETENSORS_F16, path, NULL));
    run_free(run);
    assert_refused(path, run_new(path, 0), "no checkpoint of a run");
    temporary_file_free(path);
}

/* Each change is refused with a message that names the file, or does no harm. */
static bool read_changed(char *path, const void *bytes, size_t size) {
    temporary_file_write(path, bytes, size);
    struct run *run = run_new(path, 0);
    caption_error error = {0};
    const bool ok = read_all(&run->trainer, &error);
    if (!ok) assert_message_has(&error, path);
    run_free(run);
    return ok;
}

static void a_checkpoint_cut_short_anywhere_is_refused(void **state) {
    (void)state;
    char *path = written(1);
    struct file_bytes file;
    assert_true(file_read(path, SIZE_MAX, &file, NULL));
    for (size_t size = 0; size < file.size; size += 1 + size / 50) {
        assert_false(read_changed(path, file.data, size));
    }
    assert_false(read_changed(path, file.data, file.size - 1));
    assert_true(read_changed(path, file.data, file.size));
    file_bytes_free(&file);
    temporary_file_free(path);
}

static void a_checkpoint_with_bytes_changed_is_refused_or_harmless(void **state) {
    (void)state;
    char *path = written(1);
    struct file_bytes file;
    assert_true(file_read(path, SIZE_MAX, &file, NULL));
    struct random random = random_seeded(5, 0);
    for (size_t turn = 0; turn < 1500; turn++) {
        const size_t at = random_below(&random, file.size);
        const uint8_t was = file.data[at];
        file.data[at] ^= (uint8_t)(1 + random_below(&random, 255));
        (void)read_changed(path, file.data, file.size);
        file.data[at] = was;
    }
    file_bytes_free(&file);
    temporary_file_free(path);
}

static void a_checkpoint_that_was_removed_may_be_removed_again(void **state) {
    (void)state;
    char *path = written(1);
    assert_true(checkpoint_exists(path));
    assert_true(checkpoint_remove(path, NULL));
    assert_false(checkpoint_exists(path));
    assert_true(checkpoint_remove(path, NULL));
    caption_error error = {0};
    assert_false(checkpoint_remove("/", &error));
    assert_message_has(&error, "/: cannot remove");
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_to_the_last_bit),
        cmocka_unit_test(settings_that_differ_are_named),
        cmocka_unit_test(a_place_that_cannot_be_is_refused),
        cmocka_unit_test(more_updates_than_steps_are_refused),
        cmocka_unit_test(the_end_of_an_epoch_is_a_place),
        cmocka_unit_test(a_history_that_is_not_of_its_place_is_refused),
        cmocka_unit_test(blocks_of_another_size_are_refused),
        cmocka_unit_test(a_model_alone_is_no_checkpoint),
        cmocka_unit_test(a_checkpoint_cut_short_anywhere_is_refused),
        cmocka_unit_test(a_checkpoint_with_bytes_changed_is_refused_or_harmless),
        cmocka_unit_test(a_checkpoint_that_was_removed_may_be_removed_again),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
