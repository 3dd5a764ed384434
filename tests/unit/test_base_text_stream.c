#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void text_of_any_size_comes_back_whole(void **state) {
    (void)state;
    struct text_stream text;
    caption_error error;
    assert_true(text_stream_open(&text, "a text", &error));
    for (int i = 0; i < 10000; i++) fprintf(text.stream, "%d\n", i);
    char *whole = text_stream_close(&text, &error);
    assert_non_null(whole);
    assert_int_equal(text.size, strlen(whole));
    assert_int_equal(text.size, 48890);
    assert_string_equal(whole + text.size - 5, "9999\n");
    free(whole);
}

static void nothing_written_is_an_empty_text(void **state) {
    (void)state;
    struct text_stream text;
    caption_error error;
    assert_true(text_stream_open(&text, "a text", &error));
    char *whole = text_stream_close(&text, &error);
    assert_non_null(whole);
    assert_string_equal(whole, "");
    assert_int_equal(text.size, 0);
    free(whole);
}

static void text_behind_which_memory_ends_is_no_text(void **state) {
    (void)state;
    struct text_stream text;
    caption_error error;
    assert_true(text_stream_open(&text, "a text", &error));
    fputs("some", text.stream);
    assert_int_equal(fflush(text.stream), 0);
    const size_t size = text.size;
    text.size = SIZE_MAX - 2; /* what is added now needs more memory than there is */
    fputs("more", text.stream);
    assert_int_not_equal(fflush(text.stream), 0);
    text.size = size;
    assert_null(text_stream_close(&text, &error));
    assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "a text"));
}

static void giving_up_is_harmless_at_any_time(void **state) {
    (void)state;
    struct text_stream text = {0};
    caption_error error;
    text_stream_abandon(&text);
    assert_true(text_stream_open(&text, "a text", &error));
    fputs("some", text.stream);
    text_stream_abandon(&text);
    text_stream_abandon(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_size_comes_back_whole),
        cmocka_unit_test(nothing_written_is_an_empty_text),
        cmocka_unit_test(text_behind_which_memory_ends_is_no_text),
        cmocka_unit_test(giving_up_is_harmless_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
