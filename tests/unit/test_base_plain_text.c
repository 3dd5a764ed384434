#include "base/terminal.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void expect_written(void (*write)(FILE *, const char *), const char *text,
                           const char *expected) {
    struct text_stream stream;
    caption_error error;
    assert_true(text_stream_open(&stream, "a text", &error));
    write(stream.stream, text);
    char *written = text_stream_close(&stream, &error);
    assert_non_null(written);
    assert_string_equal(written, expected);
    free(written);
}

static void control_characters_do_not_reach_a_terminal(void **state) {
    (void)state;
    expect_written(plain_text_write, "a\x1b[2J\x07\x7f\b\r.", "a?[2J????.");
    expect_written(plain_text_write,
                   "C1: \xc2\x9b"
                   "31m\xc2\x80\xc2\x9f.",
                   "C1: ?31m??.");
    expect_written(plain_text_write,
                   "\xe2\x80\xaegpj.exe\xe2\x80\xac \xe2\x81\xa6.\xe2\x81\xa9\xe2\x80",
                   "?gpj.exe? ?.?\xe2\x80");
    expect_written(plain_text_write, "two\nlines\tand", "two\nlines\tand");
    expect_written(plain_text_write_line, "one\nline\tand\x1b", "one line and?");
}

static void control_characters_of_json_are_numbers(void **state) {
    (void)state;
    expect_written(plain_text_write_json,
                   "{\"a\":\"\xc2\x9b"
                   "31m\x7f\xe2\x80\xaegpj\xe2\x81\xa9\xc3\xa9\"}",
                   "{\"a\":\"\\u009b31m\\u007f\\u202egpj\\u2069\xc3\xa9\"}");
    static const char text[] = "{\"a\":\"\xc2\x9b\"}";
    expect_written(plain_text_json_to_reader, text, text); /* no terminal */
}

static void other_text_stays_as_it_is(void **state) {
    (void)state;
    static const char text[] = "caf\xc3\xa9 \xc2\xa0 \xe2\x82\xac \xf0\x9f\x90\x95 \xff\x9b \xc2";
    expect_written(plain_text_write, text, text);
    static const char near_them[] =
        "\xe2\x80\x8f \xe2\x80\xa9 \xe2\x80\xaf \xe2\x81\xa5 \xe2\x81\xaa";
    expect_written(plain_text_write, near_them, near_them);
    expect_written(plain_text_to_reader, "a\x1b[2J", "a\x1b[2J"); /* no terminal */
}

static void messages_are_plain(void **state) {
    (void)state;
    caption_error error;
    error_set(&error, CAPTION_ERROR_IO, "%s: cannot be read", "evil\x1b]0;name\x07.jpg");
    assert_string_equal(error.message, "evil?]0;name?.jpg: cannot be read");
    error_set(&error, CAPTION_ERROR_IO, "%s", "two\nlines.jpg");
    assert_string_equal(error.message, "two lines.jpg");
    error_set(&error, CAPTION_ERROR_IO, "evil?]0;name?.jpg: cannot be read");
    error_prefix(&error, "\x1b[2J");
    assert_string_equal(error.message, "?[2J: evil?]0;name?.jpg: cannot be read");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(control_characters_of_json_are_numbers),
        cmocka_unit_test(other_text_stays_as_it_is),
        cmocka_unit_test(messages_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
