/* Checked sizes and allocation: what overflows is refused, what is returned is aligned and zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    size_t out = 0;
    assert_true(size_multiply(SIZE_MAX / 2, 2, &out));
    assert_int_equal(out, SIZE_MAX - 1);
    assert_false(size_multiply(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(size_multiply((size_t)1 << 32, (size_t)1 << 32, &out));
    assert_true(size_multiply(0, SIZE_MAX, &out) && out == 0);
    assert_true(size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_false(size_add(SIZE_MAX, 1, &out));
}

static void an_allocation_that_overflows_is_refused_by_name(void **state) {
    (void)state;
    const size_t counts[] = {SIZE_MAX / 4 + 1, SIZE_MAX / 4, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        caption_error error = {0};
        assert_null(memory_zeroed(counts[i], 4, "the activations", &error));
        assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
        assert_non_null(strstr(error.message, "the activations"));
        assert_null(memory_uninitialised(counts[i], 4, "x", NULL));
    }
}

static void memory_is_aligned_and_zero(void **state) {
    (void)state;
    for (size_t count = 0; count < 200; count += 7) {
        unsigned char *bytes = memory_zeroed(count, 1, "x", NULL);
        assert_non_null(bytes); /* also for count 0 */
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (size_t i = 0; i < count; i++) assert_int_equal(bytes[i], 0);
        free(bytes);
    }
}

static void an_array_grows_and_keeps_its_elements(void **state) {
    (void)state;
    int *array = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_true(memory_grow(&array, &capacity, i + 1, sizeof *array, "x", NULL));
        assert_true(capacity > i);
        array[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++) assert_int_equal(array[i], i);
    free(array);
}

static void an_array_that_cannot_grow_stays_valid(void **state) {
    (void)state;
    int *array = NULL;
    size_t capacity = 0;
    caption_error error = {0};
    assert_true(memory_grow(&array, &capacity, 1, sizeof *array, "x", NULL));
    array[0] = 42;
    size_t before = capacity;
    assert_false(memory_grow(&array, &capacity, SIZE_MAX, sizeof *array, "the table", &error));
    assert_false(memory_grow(&array, &capacity, SIZE_MAX / 4, sizeof *array, "the table", &error));
    assert_non_null(strstr(error.message, "the table"));
    assert_int_equal(capacity, before);
    assert_int_equal(array[0], 42);
    free(array);
}

static void strings_are_copied(void **state) {
    (void)state;
    char *whole = memory_string("dog", NULL), *part = memory_substring("dogs run", 4, NULL);
    assert_string_equal(whole, "dog");
    assert_string_equal(part, "dogs");
    free(whole);
    free(part);
    assert_null(memory_substring("", SIZE_MAX, NULL));
}

static void strings_are_joined(void **state) {
    (void)state;
    char *joined = memory_join("a", ": ", "dog", NULL), *empty = memory_join("", "", "", NULL);
    assert_string_equal(joined, "a: dog");
    assert_string_equal(empty, "");
    free(joined);
    free(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(an_allocation_that_overflows_is_refused_by_name),
        cmocka_unit_test(memory_is_aligned_and_zero),
        cmocka_unit_test(an_array_grows_and_keeps_its_elements),
        cmocka_unit_test(an_array_that_cannot_grow_stays_valid),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(strings_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
