#include "format/packed_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "temporary_file.h"

/* Parts of several blocks of an arena, whose sizes are no multiples of anything. */
enum { NUMBERS = 3, MOST = 9000001 };
static const size_t counts[PACKED_PARTS][NUMBERS] = {
    [PACKED_DECODER] = {3, 5000003, 7}, [PACKED_ENCODER] = {MOST, 8000009, 1}};

static const char key[] = "weights of this test";

static uint8_t number(size_t part, size_t array, size_t i) {
    return (uint8_t)((part + 1) * 31 + array * 7 + i * 13 + i / 251);
}

static bool take_all(struct arena *arena, size_t part, uint8_t *taken[NUMBERS]) {
    for (size_t n = 0; n < NUMBERS; n++) {
        taken[n] = arena_take(arena, counts[part][n], 1, "numbers", NULL);
        if (!taken[n]) return false;
    }
    return true;
}

static void write_file(const char *path) {
    struct arena arenas[PACKED_PARTS] = {0};
    const struct arena *parts[PACKED_PARTS];
    for (size_t part = 0; part < PACKED_PARTS; part++) {
        uint8_t *taken[NUMBERS];
        assert_true(take_all(&arenas[part], part, taken));
        for (size_t n = 0; n < NUMBERS; n++)
            for (size_t i = 0; i < counts[part][n]; i++) taken[n][i] = number(part, n, i);
        parts[part] = &arenas[part];
    }
    caption_error error;
    if (!packed_file_write(path, key, parts, &error)) fail_msg("%s", error.message);
    for (size_t part = 0; part < PACKED_PARTS; part++) arena_free(&arenas[part]);
}

/* Whether it is taken; the reason is in `error` if not. */
static bool is_taken(const char *path, const char *with, caption_error *error) {
    struct file_parts file;
    struct packed_file packed;
    assert_true(file_parts_open(&file, path, error));
    const bool taken = packed_file_take(&packed, &file, path, with, error);
    file_parts_close(&file);
    return taken;
}

static void the_same_calls_find_what_was_written(void **state) {
    (void)state;
    char *path = temporary_file_new();
    write_file(path);
    struct file_parts file;
    struct packed_file packed;
    assert_true(file_parts_open(&file, path, NULL));
    assert_true(packed_file_take(&packed, &file, path, key, NULL));
    for (size_t part = 0; part < PACKED_PARTS; part++) {
        struct arena arena = {0};
        uint8_t *taken[NUMBERS];
        assert_true(packed_file_map(&packed, (enum packed_part)part, &arena, NULL));
        assert_true(take_all(&arena, part, taken));
        assert_int_equal(arena.left, 0);
        for (size_t n = 0; n < NUMBERS; n++)
            for (size_t i = 0; i < counts[part][n]; i++)
                if (taken[n][i] != number(part, n, i))
                    fail_msg("part %zu, array %zu, number %zu", part, n, i);
        taken[0][0] ^= 1; /* is not written to the file: the next reader would find it */
        assert_null(arena_take(&arena, 1, 1, "one more", NULL));
        arena_free(&arena);
        assert_true(packed_file_map(&packed, (enum packed_part)part, &arena, NULL));
        assert_true(take_all(&arena, part, taken));
        assert_int_equal(taken[0][0], number(part, 0, 0));
        arena_free(&arena);
    }
    file_parts_close(&file);
    temporary_file_free(path);
}

static void a_file_of_another_key_is_refused(void **state) {
    (void)state;
    char *path = temporary_file_new();
    write_file(path);
    caption_error error;
    assert_true(is_taken(path, key, &error));
    assert_false(is_taken(path, "weights of this", &error));
    assert_false(is_taken(path, "weights of this test, later", &error));
    assert_non_null(strstr(error.message, "another model"));
    assert_non_null(strstr(error.message, path));
    temporary_file_free(path);
}

static void change(const char *path, const char *from, const char *to) {
    struct file_bytes bytes;
    assert_true(file_read(path, SIZE_MAX / 2, &bytes, NULL));
    char *found = strstr((char *)bytes.data, from);
    assert_non_null(found);
    memcpy(found, to, strlen(to));
    assert_true(file_write(path, bytes.data, bytes.size, NULL));
    file_bytes_free(&bytes);
}

static void damaged_files_are_refused(void **state) {
    (void)state;
    char *path = temporary_file_new();
    static const char *const changes[][2] = {
        {"decoder 5", "decoder 9"},      /* more than the file has */
        {"decoder 5", "decoder 4"},      /* less */
        {"decoder ", "decoder\n"},       /* not what is written */
        {"decoder 5", "decoder -"},      /* a negative size */
        {"encoder 17", "encoder 99999"}, /* no end of the line */
    };
    caption_error error;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        write_file(path);
        change(path, changes[i][0], changes[i][1]);
        if (is_taken(path, key, &error)) fail_msg("change %zu is not seen", i);
        assert_non_null(strstr(error.message, "--pack"));
    }
    write_file(path);
    assert_int_equal(truncate(path, 20 * 1000 * 1000), 0);
    assert_false(is_taken(path, key, &error));
    assert_int_equal(truncate(path, 10), 0);
    assert_false(is_taken(path, key, &error));
    temporary_file_free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_calls_find_what_was_written),
        cmocka_unit_test(a_file_of_another_key_is_refused),
        cmocka_unit_test(damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
