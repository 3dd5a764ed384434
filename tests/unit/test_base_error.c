/* Errors: filled in once, prefixed, cut to size, and optional. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void an_error_holds_status_and_message(void **state) {
    (void)state;
    caption_error error = {0};
    assert_false(
        error_set(&error, CAPTION_ERROR_FORMAT, "%s: expected %d, found %d", "a.jpg", 3, 4));
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
    assert_string_equal(error.message, "a.jpg: expected 3, found 4");
    assert_false(error_memory(&error, "the image"));
    assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "the image"));
}

static void nobody_has_to_ask_for_the_error(void **state) {
    (void)state;
    assert_false(error_set(NULL, CAPTION_ERROR_IO, "%d", 1));
    assert_false(error_memory(NULL, "x"));
    assert_false(error_prefix(NULL, "x"));
}

static void a_prefix_names_the_file(void **state) {
    (void)state;
    caption_error error = {0};
    error_set(&error, CAPTION_ERROR_FORMAT, "bad header");
    assert_false(error_prefix(&error, "dir/a.jpg"));
    assert_string_equal(error.message, "dir/a.jpg: bad header");
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
}

static void long_messages_are_cut_and_still_end(void **state) {
    (void)state;
    char name[2000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    caption_error error = {0};
    error_set(&error, CAPTION_ERROR_IO, "%s", name);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    error_set(&error, CAPTION_ERROR_IO, "what went wrong");
    error_prefix(&error, name);
    assert_true(strlen(error.message) < sizeof error.message);
    assert_non_null(strstr(error.message, ": what went wrong")); /* the reason is not what is cut */
}

static void no_character_is_cut(void **state) {
    (void)state;
    char name[2000];
    for (size_t begin = 0; begin < 3; begin++) {
        memset(name, 'x', begin);
        name[begin] = '\0';
        for (size_t i = begin; i < 900; i += 3) strcpy(name + i, "\xe2\x82\xac");
        caption_error error = {0};
        error_set(&error, CAPTION_ERROR_IO, "%s", name);
        const size_t length = strlen(error.message);
        assert_true(length > sizeof error.message - 4);
        assert_int_equal((length - begin) % 3, 0);
        error_set(&error, CAPTION_ERROR_IO, "%s", name);
        error_prefix(&error, name);
        const char *rest = strstr(error.message, ": ");
        assert_non_null(rest);
        assert_int_equal(((size_t)(rest - error.message) - begin) % 3, 0);
        assert_int_equal((strlen(rest + 2) - begin) % 3, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_holds_status_and_message),
        cmocka_unit_test(nobody_has_to_ask_for_the_error),
        cmocka_unit_test(a_prefix_names_the_file),
        cmocka_unit_test(long_messages_are_cut_and_still_end),
        cmocka_unit_test(no_character_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
