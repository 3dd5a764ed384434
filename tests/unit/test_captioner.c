/* The library through its door: photos in, sentences out, with a small random model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "caption.h"
#include "decode/captioner.h"
#include "model/model.h"
#include "open_session.h"
#include "text/neutral.h"

enum { PHOTOS = 40, SIDE = 48 };

struct fixture {
    char directory[64];
    char *model_path;
    char *paths[PHOTOS];
    caption_model *model;
};

static char *path_in(const struct fixture *f, const char *name) {
    char *path = file_join(f->directory, name, NULL);
    assert_non_null(path);
    return path;
}

/* A photo of a coloured disc whose place and colours depend on `number`, as a PNM file. */
static void write_photo(const char *path, unsigned number) {
    struct random random = random_seeded(number, 5);
    float x = random_uniform(&random) * SIDE, y = random_uniform(&random) * SIDE;
    uint8_t colours[6];
    for (size_t i = 0; i < 6; i++) colours[i] = (uint8_t)random_below(&random, 256);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fprintf(file, "P6\n%d %d\n255\n", SIDE, SIDE);
    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            float dx = (float)column - x, dy = (float)row - y;
            bool inside = dx * dx + dy * dy < 200;
            fwrite(inside ? colours : colours + 3, 1, 3, file);
        }
    }
    assert_int_equal(fclose(file), 0);
}

static void scale(struct model *model, size_t tensor, real factor) {
    real *values = parameters_at(&model->parameters, model->parameters.values, tensor);
    for (size_t i = 0; i < model->parameters.tensors[tensor].count; i++) values[i] *= factor;
}

static void write_model(const char *path) {
    static const char *const words[] = {"dog", "runs", "grass", "a",   "on",
                                        "red", "man",  "woman", "cat", NULL};
    caption_error error = {0};
    struct vocabulary vocabulary;
    assert_true(vocabulary_init(&vocabulary, &error));
    for (size_t i = 0; words[i]; i++) {
        assert_true(vocabulary_count(&vocabulary, words[i], 100 - i, &error));
    }
    struct model_design design = {.encoder = "stem_c8 ds_r1_k3_s1_e1_c8 head_c16",
                                  .size = 32,
                                  .cell = "gru",
                                  .embedding = 12,
                                  .hidden = 16};
    struct model model;
    if (!model_new(&model, &design, &vocabulary, &error)) fail_msg("%s", error.message);
    struct random random = random_seeded(3, 3);
    encoder_randomise(&model.encoder, &model.parameters, &random);
    decoder_randomise(&model.decoder, &model.parameters, &random);
    scale(&model, model.decoder.output_weight, 8);
    scale(&model, model.decoder.image_weight, 8);
    if (!model_write(&model, NULL, SAFETENSORS_F32, path, &error)) fail_msg("%s", error.message);
    model_free(&model);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->directory, "/tmp/caption-test-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    f->model_path = path_in(f, "model.safetensors");
    write_model(f->model_path);
    for (unsigned i = 0; i < PHOTOS; i++) {
        char name[32];
        snprintf(name, sizeof name, "photo%u.ppm", i);
        f->paths[i] = path_in(f, name);
        write_photo(f->paths[i], i);
    }
    caption_error error = {0};
    f->model = caption_model_open(f->model_path, &error);
    if (!f->model) fail_msg("%s", error.message);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    caption_model_close(f->model);
    for (size_t i = 0; i < PHOTOS; i++) {
        unlink(f->paths[i]);
        free(f->paths[i]);
    }
    unlink(f->model_path);
    free(f->model_path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static void caption_all(const struct fixture *f, const char *const *paths, size_t count,
                        const caption_options *options, caption_result *results) {
    struct open_session opened = open_session(f->model, options);
    caption_error error = {0};
    if (!caption_session_photos(opened.session, paths, count, results, &error)) {
        fail_msg("%s", error.message);
    }
    close_session(&opened);
}

static void assert_same(const caption_result *a, const caption_result *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->captions[i].text, b->captions[i].text);
        assert_true(a->captions[i].logprob == b->captions[i].logprob);
    }
}

static const char *const *all_paths(const struct fixture *f) {
    return (const char *const *)f->paths;
}

static void every_photo_gets_a_sentence_of_its_own(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    caption_result results[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, results);
    size_t different = 0;
    for (size_t i = 0; i < PHOTOS; i++) {
        assert_int_equal(results[i].error.status, CAPTION_OK);
        assert_int_equal(results[i].count, 1);
        assert_true(strlen(results[i].captions[0].text) > 0);
        assert_true(results[i].captions[0].logprob < 0);
        if (strcmp(results[i].captions[0].text, results[0].captions[0].text) != 0) different++;
    }
    assert_true(different > 0);
    caption_results_free(results, PHOTOS);
}

static void threads_and_company_change_nothing(void **state) {
    const struct fixture *f = *state;
    for (size_t sample = 0; sample < 2; sample++) {
        caption_options options = caption_options_default();
        options.top = 2;
        options.sample = sample == 1;
        options.threads = 1;
        caption_result one[PHOTOS], three[PHOTOS], alone;
        caption_all(f, all_paths(f), PHOTOS, &options, one);
        options.threads = 3;
        caption_all(f, all_paths(f), PHOTOS, &options, three);
        for (size_t i = 0; i < PHOTOS; i++) {
            assert_same(&one[i], &three[i]);
            options.first_photo = i; /* sampling goes by the photo's number */
            caption_all(f, all_paths(f) + i, 1, &options, &alone);
            assert_same(&one[i], &alone);
            caption_results_free(&alone, 1);
        }
        caption_results_free(one, PHOTOS);
        caption_results_free(three, PHOTOS);
    }
}

static void a_bad_photo_is_an_error_in_its_own_result(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.sample = true; /* numbered: those after the bad one must not move */
    char *text = path_in(f, "text.jpg");
    FILE *file = fopen(text, "w");
    assert_non_null(file);
    fputs("not a photo\n", file);
    assert_int_equal(fclose(file), 0);
    const char *paths[PHOTOS];
    memcpy(paths, f->paths, sizeof paths);
    paths[0] = "/nowhere/at/all.jpg";
    paths[7] = text;
    paths[8] = f->directory;
    caption_result good[PHOTOS], results[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, good);
    caption_all(f, paths, PHOTOS, &options, results);
    for (size_t i = 0; i < PHOTOS; i++) {
        if (paths[i] == f->paths[i]) {
            assert_same(&good[i], &results[i]);
            continue;
        }
        assert_int_equal(results[i].count, 0);
        assert_null(results[i].captions);
        assert_int_not_equal(results[i].error.status, CAPTION_OK);
        assert_non_null(strstr(results[i].error.message, paths[i]));
    }
    caption_results_free(good, PHOTOS);
    caption_results_free(results, PHOTOS);
    unlink(text);
    free(text);
}

/* A model of the same words whose products of features are near the largest number. */
static caption_model *model_with_large_numbers(const struct fixture *f, uint64_t seed) {
    caption_error error = {0};
    struct model model;
    if (!model_read(&model, f->model_path, &error)) fail_msg("%s", error.message);
    struct random random = random_seeded(seed, 8);
    const size_t tensor = model.decoder.image_weight;
    real *weights = parameters_at(&model.parameters, model.parameters.values, tensor);
    for (size_t i = 0; i < model.parameters.tensors[tensor].count; i++)
        weights[i] = (2 * random_uniform(&random) - 1) * 3e38F;
    scale(&model, model.decoder.image_scale, ldexpf(1, (int)(seed % 40) - 20));
    char *path = path_in(f, "large.safetensors");
    if (!model_write(&model, NULL, SAFETENSORS_F32, path, &error)) fail_msg("%s", error.message);
    caption_model *opened = caption_model_open(path, &error);
    if (!opened) fail_msg("%s", error.message);
    unlink(path);
    free(path);
    model_free(&model);
    return opened;
}

/* Captions all photos together and each alone; returns how many have none. */
static size_t caption_both_ways(const struct fixture *f, caption_model *model,
                                const caption_options *options) {
    caption_result together[PHOTOS], alone;
    caption_error error = {0};
    struct open_session opened = open_session(model, options);
    assert_true(caption_session_photos(opened.session, all_paths(f), PHOTOS, together, &error));
    size_t failed = 0;
    for (size_t i = 0; i < PHOTOS; i++) {
        assert_true(caption_session_photos(opened.session, all_paths(f) + i, 1, &alone, &error));
        assert_same(&alone, &together[i]);
        if (alone.count == 0) {
            failed++;
            assert_int_equal(together[i].error.status, CAPTION_ERROR_MODEL);
            assert_non_null(strstr(together[i].error.message, f->paths[i]));
            assert_non_null(strstr(together[i].error.message, "not finite"));
        }
        caption_results_free(&alone, 1);
    }
    caption_results_free(together, PHOTOS);
    close_session(&opened);
    return failed;
}

static void a_photo_of_which_numbers_are_not_finite_stops_no_other(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.precision = CAPTION_PRECISION_F32;
    options.threads = 2;
    bool some = false;
    for (uint64_t seed = 0; seed < 100 && !some; seed++) {
        caption_model *model = model_with_large_numbers(f, seed);
        const size_t failed = caption_both_ways(f, model, &options);
        some = failed > 0 && failed < PHOTOS;
        caption_model_close(model);
    }
    assert_true(some);
}

static void more_photos_than_a_block_keep_their_order(void **state) {
    const struct fixture *f = *state;
    enum { MANY = 600 };
    caption_options options = caption_options_default();
    options.threads = 2;
    const char *paths[MANY];
    for (size_t i = 0; i < MANY; i++) paths[i] = f->paths[i * 7 % PHOTOS];
    static caption_result results[MANY], once[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, once);
    caption_all(f, paths, MANY, &options, results);
    for (size_t i = 0; i < MANY; i++) assert_same(&results[i], &once[i * 7 % PHOTOS]);
    caption_results_free(results, MANY);
    caption_results_free(once, PHOTOS);
}

/* A stream over the fixture's photos, again and again. */
struct endless {
    const struct fixture *fixture;
    const caption_result *expected; /* [PHOTOS] */
    pthread_t caller;
    size_t count, given, taken, stop_after; /* results after which to fail */
    size_t thumbnail;                       /* the side that is expected of thumbnails */
};

static bool next_endless(void *context, caption_photo *photo) {
    struct endless *stream = context;
    assert_true(pthread_equal(pthread_self(), stream->caller));
    if (stream->given == stream->count) return false;
    photo->path = stream->fixture->paths[stream->given * 7 % PHOTOS];
    photo->number = stream->given++;
    return true;
}

static bool take_endless(void *context, const caption_photo *photo, const caption_result *result,
                         caption_error *error) {
    struct endless *stream = context;
    assert_true(pthread_equal(pthread_self(), stream->caller));
    assert_int_equal(photo->number, stream->taken);
    assert_string_equal(photo->path, stream->fixture->paths[stream->taken * 7 % PHOTOS]);
    assert_same(&stream->expected[stream->taken * 7 % PHOTOS], result);
    assert_int_equal(photo->thumbnail.width, stream->thumbnail);
    assert_int_equal(photo->thumbnail.height, stream->thumbnail);
    assert_true((photo->thumbnail.jpeg != NULL) == (stream->thumbnail > 0));
    stream->taken++;
    if (stream->taken < stream->stop_after) return true;
    error->status = CAPTION_ERROR_IO;
    strcpy(error->message, "enough");
    return false;
}

static void a_stream_gives_results_in_order_on_the_callers_thread(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    caption_result once[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, once);
    for (size_t threads = 1; threads <= 5; threads += 2) {
        struct endless endless = {f, once, pthread_self(), 1000, 0, 0, SIZE_MAX, 0};
        const caption_stream stream = {
            .next = next_endless, .result = take_endless, .context = &endless};
        caption_times times = {0};
        options.threads = threads;
        struct open_session opened = open_session(f->model, &options);
        assert_true(caption_session_stream(opened.session, &stream, &times, NULL));
        close_session(&opened);
        assert_int_equal(endless.taken, 1000);
        assert_true(times.decode > 0 && times.encode > 0 && times.words > 0);
    }
    caption_results_free(once, PHOTOS);
}

static void a_stream_makes_the_thumbnails_that_are_asked_for(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    caption_result once[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, once);
    for (size_t threads = 1; threads <= 3; threads += 2) {
        struct endless endless = {f, once, pthread_self(), 200, 0, 0, 150, SIDE / 2};
        caption_stream stream = {.next = next_endless,
                                 .result = take_endless,
                                 .context = &endless,
                                 .thumbnail = SIDE / 2};
        caption_error error = {0};
        options.threads = threads;
        struct open_session opened = open_session(f->model, &options);
        assert_false(caption_session_stream(opened.session, &stream, NULL, &error));
        assert_string_equal(error.message, "enough");
        stream.thumbnail = 5000;
        assert_false(caption_session_stream(opened.session, &stream, NULL, &error));
        assert_non_null(strstr(error.message, "5000"));
        close_session(&opened);
    }
    caption_results_free(once, PHOTOS);
}

static void a_stream_ends_with_the_error_of_who_takes_its_results(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    caption_result once[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, once);
    for (size_t threads = 1; threads <= 4; threads++) {
        struct endless endless = {f, once, pthread_self(), 1000, 0, 0, 100, 0};
        const caption_stream stream = {
            .next = next_endless, .result = take_endless, .context = &endless};
        caption_error error = {0};
        options.threads = threads;
        struct open_session opened = open_session(f->model, &options);
        assert_false(caption_session_stream(opened.session, &stream, NULL, &error));
        assert_string_equal(error.message, "enough");
        assert_int_equal(endless.taken, 100);
        assert_true(endless.given < 100 + 64 * threads); /* few are asked for in vain */
        /* What the run left behind does not come up in the next. */
        caption_result again[PHOTOS];
        assert_true(caption_session_photos(opened.session, all_paths(f), PHOTOS, again, NULL));
        for (size_t i = 0; i < PHOTOS; i++) assert_same(&once[i], &again[i]);
        caption_results_free(again, PHOTOS);
        close_session(&opened);
    }
    caption_results_free(once, PHOTOS);
}

/* Captions `count` photos in a child of fork, whose exit status says whether they are as expected.
 */
static pid_t caption_in_child(const struct fixture *f, struct open_session *opened, size_t count,
                              const caption_result *expected) {
    const pid_t child = fork();
    if (child != 0) return child;
    alarm(20);
    caption_result results[PHOTOS];
    bool same =
        count == 0 || caption_session_photos(opened->session, all_paths(f), count, results, NULL);
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(results[i].captions[0].text, expected[i].captions[0].text) == 0;
    close_session(opened);
    _exit(same ? 0 : 1);
}

static void the_child_of_a_fork_captions_and_frees(void **state) {
    const struct fixture *f = *state;
    if (SANITIZER_THREAD) skip(); /* its children may start no threads */
    caption_options options = caption_options_default();
    options.threads = 4;
    caption_result once[PHOTOS], again[PHOTOS];
    struct open_session opened = open_session(f->model, &options);
    assert_true(caption_session_photos(opened.session, all_paths(f), PHOTOS, once, NULL));
    static const size_t counts[] = {0, 1, 2, PHOTOS};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        usleep(10000); /* the threads wait for more */
        const pid_t child = caption_in_child(f, &opened, counts[i], once);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    assert_true(caption_session_photos(opened.session, all_paths(f), PHOTOS, again, NULL));
    for (size_t i = 0; i < PHOTOS; i++) assert_same(&once[i], &again[i]);
    caption_results_free(once, PHOTOS);
    caption_results_free(again, PHOTOS);
    close_session(&opened);
}

static bool take_none(void *context, const caption_photo *photo, const caption_result *result,
                      caption_error *error) {
    (void)photo;
    (void)result;
    const bool *clears = context;
    if (*clears) *error = (caption_error){.status = CAPTION_OK};
    return false;
}

static void a_photo_of_nothing_is_an_error_that_says_so(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    struct open_session opened = open_session(f->model, &options);
    caption_result result;
    assert_true(caption_session_bytes(opened.session, NULL, 0, &result, NULL));
    assert_int_equal(result.error.status, CAPTION_ERROR_FORMAT);
    assert_string_equal(result.error.message, "the photo in memory: is empty");
    const char *none = NULL;
    assert_true(caption_session_photos(opened.session, &none, 1, &result, NULL));
    assert_int_equal(result.error.status, CAPTION_ERROR_ARGUMENT);
    assert_non_null(strstr(result.error.message, "neither"));
    close_session(&opened);
}

static bool next_of_no_end(void *context, caption_photo *photo) {
    (void)context;
    photo->path = "/nowhere/at/all.jpg";
    return true;
}

static void a_stream_that_is_ended_without_a_reason_is_interrupted(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    for (size_t i = 0; i < 4; i++) {
        bool clears = i % 2;
        const caption_stream stream = {
            .next = next_of_no_end, .result = take_none, .context = &clears};
        caption_error error = {0};
        options.threads = 1 + i / 2;
        struct open_session opened = open_session(f->model, &options);
        assert_false(caption_session_stream(opened.session, &stream, NULL, &error));
        assert_int_equal(error.status, CAPTION_ERROR_INTERRUPTED);
        assert_non_null(strstr(error.message, "ended the run"));
        close_session(&opened);
    }
}

static void a_photo_of_too_many_pixels_is_refused(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.max_pixels = SIDE * SIDE - 1;
    caption_result result;
    caption_all(f, all_paths(f), 1, &options, &result);
    assert_int_equal(result.count, 0);
    assert_int_equal(result.error.status, CAPTION_ERROR_LIMIT);
    assert_non_null(strstr(result.error.message, "48 x 48"));
    options.max_pixels = SIDE * SIDE;
    caption_all(f, all_paths(f), 1, &options, &result);
    assert_int_equal(result.count, 1);
    caption_results_free(&result, 1);
}

static void a_photo_in_memory_is_the_photo_in_its_file(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    struct file_bytes bytes;
    assert_true(file_read(f->paths[3], 1 << 20, &bytes, NULL));
    caption_result from_file, from_memory;
    caption_all(f, all_paths(f) + 3, 1, &options, &from_file);
    struct open_session opened = open_session(f->model, &options);
    assert_true(caption_session_bytes(opened.session, bytes.data, bytes.size, &from_memory, NULL));
    assert_same(&from_file, &from_memory);
    caption_results_free(&from_file, 1);
    caption_results_free(&from_memory, 1);
    assert_true(caption_session_bytes(opened.session, bytes.data, 20, &from_memory, NULL));
    assert_int_equal(from_memory.count, 0);
    assert_int_not_equal(from_memory.error.status, CAPTION_OK);
    close_session(&opened);
    file_bytes_free(&bytes);
}

/* Every neutral sentence is that of the first candidate that comes to it, with its log-probability.
 */
static size_t check_neutral(const caption_result *drawn, const caption_result *neutral) {
    size_t next = 0;
    for (size_t i = 0; i < drawn->count; i++) {
        char *text = neutral_sentence(drawn->captions[i].text, NULL);
        bool seen = false;
        for (size_t j = 0; j < next; j++)
            seen = seen || strcmp(neutral->captions[j].text, text) == 0;
        if (!seen) {
            assert_true(next < neutral->count);
            assert_string_equal(neutral->captions[next].text, text);
            assert_true(neutral->captions[next].logprob == drawn->captions[i].logprob);
            next++;
        }
        free(text);
    }
    assert_int_equal(next, neutral->count);
    return drawn->count - next;
}

static void neutral_candidates_that_say_the_same_are_told_once(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.beam_size = options.top = 40;
    options.max_length = 4;
    caption_result drawn[PHOTOS], neutral[PHOTOS];
    caption_all(f, all_paths(f), PHOTOS, &options, drawn);
    options.neutral = true;
    caption_all(f, all_paths(f), PHOTOS, &options, neutral);
    size_t merged = 0;
    for (size_t i = 0; i < PHOTOS; i++) merged += check_neutral(&drawn[i], &neutral[i]);
    assert_true(merged > 0);
    caption_results_free(drawn, PHOTOS);
    caption_results_free(neutral, PHOTOS);
}

static void neutral_samples_are_all_kept(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.top = 40;
    options.sample = options.neutral = true;
    options.max_length = 1;
    caption_result result;
    caption_all(f, all_paths(f), 1, &options, &result);
    assert_int_equal(result.count, 40);
    for (size_t i = 0; i < 40; i++) assert_null(strstr(result.captions[i].text, "man"));
    caption_results_free(&result, 1);
}

static void assert_refused(const struct fixture *f, const caption_options *options,
                           const char *named) {
    caption_error error = {0};
    assert_null(caption_captioner_new(f->model, options, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, named));
}

static void bad_options_are_refused_before_any_work(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    options.beam_size = 0;
    assert_refused(f, &options, "beam size");
    options = caption_options_default();
    options.sample = true;
    options.top = 1025;
    assert_refused(f, &options, "1 to 1024");
}

static void choices_that_do_not_exist_are_refused(void **state) {
    const struct fixture *f = *state;
    static const int numbers[] = {-1, 5, 99};
    for (size_t i = 0; i < 3; i++) {
        caption_options options = caption_options_default();
        options.precision = (caption_precision)numbers[i];
        assert_refused(f, &options, "precision");
        options = caption_options_default();
        options.unsure = (caption_unsure)numbers[i];
        assert_refused(f, &options, "unsure");
    }
}

static void no_photos_are_no_error(void **state) {
    const struct fixture *f = *state;
    caption_options options = caption_options_default();
    struct open_session opened = open_session(f->model, &options);
    assert_true(caption_session_photos(opened.session, NULL, 0, NULL, NULL));
    close_session(&opened);
}

static void a_model_that_is_not_there_is_named(void **state) {
    (void)state;
    caption_error error = {0};
    assert_null(caption_model_open("/nowhere/model.safetensors", &error));
    assert_non_null(strstr(error.message, "/nowhere/model.safetensors"));
    caption_model_close(NULL);
}

static void features_follow_the_photo_and_the_given_weights(void **state) {
    const struct fixture *f = *state;
    caption_error error = {0};
    struct model model;
    if (!model_read(&model, f->model_path, &error)) fail_msg("%s", error.message);
    enum { WIDTH = 16 };
    assert_int_equal(model.encoder.features, WIDTH);
    const struct photo_file files[] = {{.path = f->paths[0]}, {.path = f->paths[1]}};
    real features[2 * WIDTH], zero[2 * WIDTH];
    const struct captioner_encoding encoding = {.model = &model, .precision = PRECISION_F32};
    assert_true(captioner_features(&encoding, files, 2, features, &error));
    assert_memory_not_equal(features, features + WIDTH, WIDTH * sizeof *features);
    real *none = calloc(model.parameters.count, sizeof *none);
    assert_non_null(none);
    struct model empty = model; /* the same model around other weights */
    empty.parameters.values = none;
    const struct captioner_encoding nothing = {.model = &empty, .precision = PRECISION_F32};
    assert_true(captioner_features(&nothing, files, 2, zero, &error));
    for (size_t i = 0; i < 2 * WIDTH; i++) assert_true(zero[i] >= 0 && zero[i] <= 0);
    free(none);
    model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_photo_gets_a_sentence_of_its_own),
        cmocka_unit_test(threads_and_company_change_nothing),
        cmocka_unit_test(a_bad_photo_is_an_error_in_its_own_result),
        cmocka_unit_test(a_photo_of_which_numbers_are_not_finite_stops_no_other),
        cmocka_unit_test(more_photos_than_a_block_keep_their_order),
        cmocka_unit_test(a_stream_gives_results_in_order_on_the_callers_thread),
        cmocka_unit_test(a_stream_makes_the_thumbnails_that_are_asked_for),
        cmocka_unit_test(a_stream_ends_with_the_error_of_who_takes_its_results),
        cmocka_unit_test(the_child_of_a_fork_captions_and_frees),
        cmocka_unit_test(a_stream_that_is_ended_without_a_reason_is_interrupted),
        cmocka_unit_test(a_photo_of_nothing_is_an_error_that_says_so),
        cmocka_unit_test(a_photo_of_too_many_pixels_is_refused),
        cmocka_unit_test(a_photo_in_memory_is_the_photo_in_its_file),
        cmocka_unit_test(neutral_candidates_that_say_the_same_are_told_once),
        cmocka_unit_test(neutral_samples_are_all_kept),
        cmocka_unit_test(bad_options_are_refused_before_any_work),
        cmocka_unit_test(choices_that_do_not_exist_are_refused),
        cmocka_unit_test(no_photos_are_no_error),
        cmocka_unit_test(a_model_that_is_not_there_is_named),
        cmocka_unit_test(features_follow_the_photo_and_the_given_weights),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
