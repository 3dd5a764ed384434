/* One captioner, many sessions: what is prepared once is not prepared again. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "caption.h"
#include "open_session.h"

enum { SIDE = 64, RESIZED = 288, SESSIONS = 4, CALLS = 3 };

/* Allocations and opened files of the whole program (linked with --wrap). */
static struct { size_t bytes, files; } counted;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
int __real_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
int __wrap_open(const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);

static void count_bytes(size_t size) {
    __atomic_fetch_add(&counted.bytes, size, __ATOMIC_RELAXED);
}

void *__wrap_malloc(size_t size) {
    count_bytes(size);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    count_bytes(count * size);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    count_bytes(size);
    return __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    count_bytes(size);
    return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
    count_bytes(size);
    return __real_posix_memalign(block, alignment, size);
}

int __wrap_open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const int mode = va_arg(more, int);
    va_end(more);
    __atomic_fetch_add(&counted.files, 1, __ATOMIC_RELAXED);
    return __real_open(path, flags, mode);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
    __atomic_fetch_add(&counted.files, 1, __ATOMIC_RELAXED);
    return __real_fopen(path, mode);
}

/* A PPM of stripes. */
struct photo {
    uint8_t bytes[32 + SIDE * SIDE * 3];
    size_t size;
};

static struct photo photo_new(unsigned stripes) {
    struct photo photo;
    int head = snprintf((char *)photo.bytes, 32, "P6 %d %d 255\n", SIDE, SIDE);
    assert_true(head > 0);
    photo.size = (size_t)head + SIDE * SIDE * 3;
    for (size_t i = 0; i < SIDE * SIDE * 3; i++)
        photo.bytes[(size_t)head + i] = (uint8_t)(i / 3 * stripes % 256);
    return photo;
}

static int set_up(void **state) {
    caption_error error = {0};
    *state = caption_model_open("weights/caption.safetensors", &error);
    if (!*state) fail_msg("%s", error.message);
    return 0;
}

static int tear_down(void **state) {
    caption_model_close(*state);
    return 0;
}

static void caption_bytes(caption_session *session, const struct photo *photo,
                          caption_result *result) {
    caption_error error = {0};
    if (!caption_session_bytes(session, photo->bytes, photo->size, result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result->count, 1);
}

/* The photo's pixels, decoded and resized as bytes, and its words. The encoder's input alone takes
 * four times as much as the resized photo. */
static void a_second_call_reads_no_file_and_allocates_its_photo_and_result(void **state) {
    const struct photo photo = photo_new(3), other = photo_new(5);
    for (size_t threads = 1; threads <= 2; threads++) {
        caption_options options = caption_options_default();
        options.threads = threads;
        options.tags = 5;
        struct open_session opened = open_session(*state, &options);
        caption_result first, second;
        caption_bytes(opened.session, &photo, &first);
        counted.bytes = counted.files = 0;
        caption_bytes(opened.session, &other, &second);
        const size_t bytes = counted.bytes, files = counted.files;
        assert_int_equal(files, 0);
        assert_in_range(bytes, 1, 2 * RESIZED * RESIZED * 3);
        caption_results_free(&first, 1);
        caption_results_free(&second, 1);
        close_session(&opened);
    }
}

static void suggest_score_complete(caption_session *session, const char *text) {
    caption_error error = {0};
    caption_words words, scores;
    caption_result result;
    if (!caption_session_suggest(session, text, 5, &words, &error) ||
        !caption_session_score(session, text, &scores, &error) ||
        !caption_session_complete(session, text, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(words.count, 5);
    assert_int_equal(result.count, 1);
    assert_int_equal(strncmp(result.captions[0].text, text, strlen(text) - 1), 0);
    caption_words_free(&words);
    caption_words_free(&scores);
    caption_results_free(&result, 1);
}

static void a_second_suggestion_allocates_its_text_and_result(void **state) {
    const struct photo photo = photo_new(3);
    caption_options options = caption_options_default();
    options.threads = 1;
    struct open_session opened = open_session(*state, &options);
    suggest_score_complete(opened.session, "a dog in the ");
    assert_true(caption_session_look_bytes(opened.session, photo.bytes, photo.size, NULL));
    counted.bytes = counted.files = 0;
    suggest_score_complete(opened.session, "a cat on the ");
    const size_t bytes = counted.bytes, files = counted.files;
    assert_int_equal(files, 0);
    assert_in_range(bytes, 1, 4096);
    close_session(&opened);
}

static void a_photo_that_cannot_be_read_is_looked_away_from(void **state) {
    const struct photo photo = photo_new(3);
    caption_error error = {0};
    caption_options options = caption_options_default();
    struct open_session opened = open_session(*state, &options);
    caption_words none, seen, after;
    assert_true(caption_session_suggest(opened.session, "", 1, &none, NULL));
    assert_true(caption_session_look_bytes(opened.session, photo.bytes, photo.size, NULL));
    assert_true(caption_session_suggest(opened.session, "", 1, &seen, NULL));
    assert_true(fabs(none.words[0].logprob - seen.words[0].logprob) > 1e-6);
    assert_false(caption_session_look(opened.session, "/nowhere/dog.jpg", &error));
    assert_non_null(strstr(error.message, "/nowhere/dog.jpg"));
    assert_true(caption_session_suggest(opened.session, "", 1, &after, NULL));
    assert_true(fabs(none.words[0].logprob - after.words[0].logprob) < 1e-9);
    caption_words_free(&none);
    caption_words_free(&seen);
    caption_words_free(&after);
    close_session(&opened);
}

struct caller {
    const caption_captioner *captioner;
    const struct photo *photos;     /* [CALLS] */
    const caption_result *expected; /* [CALLS] */
    bool same;
};

static bool is_same(const caption_result *a, const caption_result *b) {
    return a->count == b->count && strcmp(a->captions[0].text, b->captions[0].text) == 0 &&
           !(a->captions[0].logprob < b->captions[0].logprob) &&
           !(a->captions[0].logprob > b->captions[0].logprob);
}

static void *call(void *context) {
    struct caller *caller = context;
    caption_session *session = caption_session_new(caller->captioner, NULL);
    caller->same = session != NULL;
    for (size_t i = 0; caller->same && i < CALLS; i++) {
        caption_result result;
        const struct photo *photo = &caller->photos[i];
        caller->same = caption_session_bytes(session, photo->bytes, photo->size, &result, NULL) &&
                       is_same(&result, &caller->expected[i]);
        caption_results_free(&result, 1);
    }
    caption_session_free(session);
    return NULL;
}

static void sessions_on_threads_of_their_own_say_the_same(void **state) {
    const struct photo photos[CALLS] = {photo_new(2), photo_new(7), photo_new(11)};
    caption_options options = caption_options_default();
    options.threads = 1;
    struct open_session opened = open_session(*state, &options);
    caption_result expected[CALLS];
    for (size_t i = 0; i < CALLS; i++) caption_bytes(opened.session, &photos[i], &expected[i]);
    struct caller callers[SESSIONS];
    pthread_t threads[SESSIONS];
    for (size_t i = 0; i < SESSIONS; i++) {
        callers[i] = (struct caller){opened.captioner, photos, expected, false};
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < SESSIONS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SESSIONS; i++) assert_true(callers[i].same);
    caption_results_free(expected, CALLS);
    close_session(&opened);
}

static void photos_come_in_any_number_from_call_to_call(void **state) {
    static const size_t counts[] = {1, 3, 1, 0, 2};
    char path[] = "/tmp/caption-sessions-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    const struct photo photo = photo_new(4);
    assert_true(file_write(path, photo.bytes, photo.size, NULL));
    const char *const paths[] = {path, path, path};
    caption_options options = caption_options_default();
    options.threads = 2;
    struct open_session opened = open_session(*state, &options);
    caption_result expected;
    caption_bytes(opened.session, &photo, &expected);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        caption_result results[3];
        assert_true(caption_session_photos(opened.session, paths, counts[i], results, NULL));
        for (size_t p = 0; p < counts[i]; p++) assert_true(is_same(&results[p], &expected));
        caption_results_free(results, counts[i]);
    }
    caption_results_free(&expected, 1);
    close_session(&opened);
    unlink(path);
}

/* A stream whose functions caption with its own session. */
struct nested {
    caption_session *session;
    const struct photo *photo;
    size_t given, refused;
};

static void caption_nested(struct nested *nested) {
    caption_error error = {0};
    caption_result result;
    assert_false(caption_session_bytes(nested->session, nested->photo->bytes, nested->photo->size,
                                       &result, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "session"));
    nested->refused++;
}

static bool next_nested(void *context, caption_photo *photo) {
    struct nested *nested = context;
    caption_nested(nested);
    photo->bytes = nested->photo->bytes;
    photo->size = nested->photo->size;
    return nested->given++ < 3;
}

static bool take_nested(void *context, const caption_photo *photo, const caption_result *result,
                        caption_error *error) {
    (void)photo;
    (void)error;
    assert_int_equal(result->count, 1);
    caption_nested(context);
    return true;
}

static void functions_of_a_stream_do_not_caption_with_its_session(void **state) {
    const struct photo photo = photo_new(3);
    caption_options options = caption_options_default();
    for (options.threads = 1; options.threads <= 2; options.threads++) {
        struct open_session opened = open_session(*state, &options);
        struct nested nested = {.session = opened.session, .photo = &photo};
        const caption_stream stream = {
            .next = next_nested, .result = take_nested, .context = &nested};
        assert_true(caption_session_stream(opened.session, &stream, NULL, NULL));
        assert_int_equal(nested.refused, 4 + 3);
        caption_result after;
        caption_bytes(opened.session, &photo, &after);
        caption_results_free(&after, 1);
        close_session(&opened);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_call_reads_no_file_and_allocates_its_photo_and_result),
        cmocka_unit_test(a_second_suggestion_allocates_its_text_and_result),
        cmocka_unit_test(a_photo_that_cannot_be_read_is_looked_away_from),
        cmocka_unit_test(sessions_on_threads_of_their_own_say_the_same),
        cmocka_unit_test(photos_come_in_any_number_from_call_to_call),
        cmocka_unit_test(functions_of_a_stream_do_not_caption_with_its_session),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
