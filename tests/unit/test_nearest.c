/* The nearest vectors: as a plain loop in double finds them, from memory and from a file, with any
 * number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "format/float16.h"
#include "search/nearest.h"

enum { WIDTH = 77, PHOTOS = 3000 };

struct fixture {
    char path[64];
    float query[WIDTH];
    uint8_t *bytes;  /* (PHOTOS, WIDTH) */
    double *cosines; /* [PHOTOS] */
};

static void normalise(float *vector) {
    double square = 0;
    for (size_t i = 0; i < WIDTH; i++) square += (double)vector[i] * (double)vector[i];
    for (size_t i = 0; i < WIDTH; i++) vector[i] /= (float)sqrt(square);
}

static void draw(struct random *random, float *vector) {
    for (size_t i = 0; i < WIDTH; i++) vector[i] = (float)random_normal(random);
    normalise(vector);
}

static double cosine(const float *a, const float *b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < WIDTH; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->bytes = malloc((size_t)PHOTOS * 2 * WIDTH);
    f->cosines = malloc(PHOTOS * sizeof *f->cosines);
    assert_true(f->bytes && f->cosines);
    struct random random = random_seeded(5, 6);
    draw(&random, f->query);
    for (size_t i = 0; i < PHOTOS; i++) {
        float vector[WIDTH];
        size_t bad;
        draw(&random, vector);
        if (i % 1000 == 7) memcpy(vector, f->query, sizeof vector); /* copies: 7, 1007, 2007 */
        assert_true(float16_from_floats(vector, WIDTH, f->bytes + i * 2 * WIDTH, &bad));
        assert_true(float16_to_floats(f->bytes + i * 2 * WIDTH, WIDTH, vector));
        f->cosines[i] = cosine(f->query, vector);
    }
    strcpy(f->path, "/tmp/caption-nearest-XXXXXX");
    const int descriptor = mkstemp(f->path);
    assert_true(descriptor >= 0);
    close(descriptor);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    unlink(f->path);
    free(f->bytes);
    free(f->cosines);
    free(f);
    return 0;
}

static struct nearest_vectors in_memory(const struct fixture *f) {
    return (struct nearest_vectors){.count = PHOTOS, .width = WIDTH, .bytes = f->bytes};
}

static void write_index(const struct fixture *f) {
    struct index_row *rows = calloc(PHOTOS, sizeof *rows);
    char(*names)[16] = calloc(PHOTOS, sizeof *names);
    assert_true(rows && names);
    for (size_t i = 0; i < PHOTOS; i++) {
        snprintf(names[i], sizeof names[i], "%06zu.jpg", i);
        rows[i] =
            (struct index_row){.photo = {.name = names[i]}, .vector = f->bytes + i * 2 * WIDTH};
    }
    const struct index_content content = {.width = WIDTH, .count = PHOTOS, .rows = rows};
    assert_true(index_file_write(f->path, &content, NULL));
    free(rows);
    free(names);
}

/* Nobody who was left out is better than the last, and scores are those of the plain loop. */
static void check(const struct fixture *f, const struct nearest_match *matches, size_t count) {
    size_t better = 0;
    for (size_t i = 0; i < count; i++) {
        assert_in_range(matches[i].photo, 0, PHOTOS - 1);
        assert_true(fabs((double)matches[i].score - f->cosines[matches[i].photo]) < 1e-5);
        if (i > 0) assert_true(matches[i].score <= matches[i - 1].score);
    }
    const double last = (double)matches[count - 1].score;
    for (size_t i = 0; i < PHOTOS; i++) better += f->cosines[i] > last + 1e-5;
    assert_true(better < count);
}

static void test_the_nearest_are_those_of_a_plain_loop(void **state) {
    static const size_t counts[] = {1, 2, 10, 700, PHOTOS};
    const struct fixture *f = *state;
    const struct nearest_vectors vectors = in_memory(f);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct nearest_found found;
        assert_true(nearest_find(&vectors, f->query, counts[i], NULL, &found, NULL));
        assert_int_equal(found.count, counts[i]);
        check(f, found.matches, found.count);
        free(found.matches);
    }
}

static void test_copies_come_first_in_the_order_of_the_photos(void **state) {
    const struct fixture *f = *state;
    const struct nearest_vectors vectors = in_memory(f);
    struct nearest_found found;
    assert_true(nearest_find(&vectors, f->query, 4, NULL, &found, NULL));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(found.matches[i].photo, 1000 * i + 7);
        assert_true(found.matches[i].score > 0.9999F && found.matches[i].score <= 1);
    }
    assert_true(found.matches[3].score < 0.9F);
    free(found.matches);
}

static void test_a_file_and_any_number_of_threads_give_the_same(void **state) {
    const struct fixture *f = *state;
    struct nearest_found expected, found;
    struct index_file index;
    const struct nearest_vectors memory = in_memory(f);
    assert_true(nearest_find(&memory, f->query, 50, NULL, &expected, NULL));
    write_index(f);
    assert_true(index_file_open(&index, f->path, NULL));
    const struct nearest_vectors file = {.count = PHOTOS, .width = WIDTH, .index = &index};
    for (size_t count = 1; count < 5; count++) {
        struct threads *threads = threads_new(count, NULL);
        assert_true(nearest_find(&file, f->query, 50, threads, &found, NULL));
        assert_int_equal(found.count, 50);
        assert_memory_equal(found.matches, expected.matches, 50 * sizeof *found.matches);
        free(found.matches);
        threads_free(threads);
    }
    index_file_close(&index);
    free(expected.matches);
}

static void test_of_no_photos_none_is_found(void **state) {
    const struct fixture *f = *state;
    struct nearest_vectors vectors = in_memory(f);
    struct nearest_found found;
    vectors.count = 0;
    assert_true(nearest_find(&vectors, f->query, 10, NULL, &found, NULL));
    assert_int_equal(found.count, 0);
    free(found.matches);
}

static void test_a_vector_that_is_none_is_refused(void **state) {
    struct fixture *f = *state;
    static const float bad[] = {0, 2};
    for (size_t i = 0; i < 3; i++) {
        struct nearest_found found;
        size_t index;
        caption_error error = {0};
        uint8_t *vector = f->bytes + (size_t)2500 * 2 * WIDTH;
        float numbers[WIDTH] = {0};
        if (i < 2) numbers[3] = bad[i];
        assert_true(float16_from_floats(numbers, WIDTH, vector, &index));
        if (i == 2) vector[1] = 0x7e; /* a NaN */
        write_index(f);
        struct index_file file;
        assert_true(index_file_open(&file, f->path, NULL));
        const struct nearest_vectors vectors = {.count = PHOTOS, .width = WIDTH, .index = &file};
        assert_false(nearest_find(&vectors, f->query, 3, NULL, &found, &error));
        assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
        assert_non_null(strstr(error.message, f->path));
        assert_non_null(strstr(error.message, "vector 2500"));
        index_file_close(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_nearest_are_those_of_a_plain_loop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_copies_come_first_in_the_order_of_the_photos, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_and_any_number_of_threads_give_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_of_no_photos_none_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_vector_that_is_none_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
