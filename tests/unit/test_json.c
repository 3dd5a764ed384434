#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static cJSON *parse(const char *text, caption_error *error) {
    return json_parse(text, strlen(text), "data.json", error);
}

static void assert_refused(const char *text, const char *message) {
    caption_error error = {0};
    assert_null(parse(text, &error));
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
    assert_string_equal(error.message, message);
}

static void a_value_needs_no_terminating_zero(void **state) {
    (void)state;
    static const char text[] = {' ', '{', '"', 'a', '"', ':', '1', '}', '\n', ' '};
    char *exact = malloc(sizeof text); /* the sanitizer sees a read beyond it */
    assert_non_null(exact);
    memcpy(exact, text, sizeof text);
    caption_error error = {0};
    cJSON *value = json_parse(exact, sizeof text, "data.json", &error);
    free(exact);
    assert_non_null(value);
    assert_true(cJSON_IsObject(value));
    cJSON_Delete(value);
}

static void broken_json_is_an_error_that_names_the_byte(void **state) {
    (void)state;
    assert_refused("{\"a\": tru}", "data.json: not valid JSON at byte 6 of 10");
    assert_refused("{\"a\": [1, 2", "data.json: not valid JSON at byte 10 of 11");
    assert_refused("a dog runs", "data.json: not valid JSON at byte 0 of 10");
}

static void nothing_is_an_error(void **state) {
    (void)state;
    assert_refused("", "data.json: expected JSON, found nothing");
    assert_refused(" \n\t ", "data.json: expected JSON, found nothing");
}

static void a_second_value_is_an_error(void **state) {
    (void)state;
    assert_refused("{} {}",
                   "data.json: expected the end after one JSON value, found more at byte 3 of 5");
}

static void deep_nesting_is_an_error_that_says_so(void **state) {
    (void)state;
    enum { LEVELS = 100000 };
    char *text = malloc(LEVELS + 1);
    assert_non_null(text);
    memset(text, '[', LEVELS);
    text[LEVELS] = '\0';
    caption_error error = {0};
    assert_null(parse(text, &error));
    assert_non_null(strstr(error.message, "data.json: JSON nested more than 1000 levels deep"));
    free(text);
    /* Brackets within strings are no nesting. */
    char flat[4100];
    memset(flat, '[', sizeof flat);
    memcpy(flat, "[\"\\\"", 4);
    memcpy(flat + sizeof flat - 5, "\", x", 5);
    assert_null(json_parse(flat, sizeof flat, "data.json", &error));
    assert_non_null(strstr(error.message, "not valid JSON at byte"));
}

static void a_missing_file_is_an_error_that_names_it(void **state) {
    (void)state;
    caption_error error = {0};
    assert_null(json_read("no/such/file.json", &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    assert_non_null(strstr(error.message, "no/such/file.json"));
}

static void a_member_is_found_by_its_exact_name(void **state) {
    (void)state;
    caption_error error = {0};
    cJSON *value =
        parse("{\"Name\": \"wrong\", \"name\": \"dog\", \"list\": [1], \"size\": 7}", &error);
    assert_non_null(value);
    assert_string_equal(json_string(value, "name", "data.json", "", &error), "dog");
    assert_non_null(json_array(value, "list", "data.json", "", &error));
    size_t size = 0;
    assert_true(json_size(value, "size", "data.json", "", &size, &error));
    assert_int_equal(size, 7);
    cJSON_Delete(value);
}

static void an_error_names_file_place_key_and_what_was_found(void **state) {
    (void)state;
    caption_error error = {0};
    cJSON *value = parse("{\"name\": 3, \"list\": {}, \"size\": \"x\"}", &error);
    assert_non_null(value);
    assert_null(json_member(value, "gone", "data.json", "images[3]", &error));
    assert_string_equal(error.message, "data.json: images[3].gone: missing");
    assert_null(json_member(value, "gone", "data.json", NULL, &error));
    assert_string_equal(error.message, "data.json: gone: missing");
    assert_null(json_string(value, "name", "data.json", "images[3]", &error));
    assert_string_equal(error.message,
                        "data.json: images[3].name: expected a string, found a number");
    assert_null(json_array(value, "list", "data.json", "", &error));
    assert_string_equal(error.message, "data.json: list: expected an array, found an object");
    size_t size;
    assert_false(json_size(value, "size", "data.json", "", &size, &error));
    assert_string_equal(error.message, "data.json: size: expected a whole number, found a string");
    const cJSON *number = cJSON_GetObjectItem(value, "name");
    assert_null(json_member(number, "key", "data.json", "images[3].name", &error));
    assert_string_equal(
        error.message,
        "data.json: images[3].name: expected an object with \"key\", found a number");
    assert_null(json_member(NULL, "key", "data.json", "", &error));
    assert_null(json_string(value, "name", "data.json", "", NULL)); /* no error wanted */
    cJSON_Delete(value);
}

static void only_whole_numbers_that_a_double_holds_are_sizes(void **state) {
    (void)state;
    caption_error error = {0};
    static const char *const bad[] = {"-1", "1.5", "1e300", "9007199254740994", "1e999", "-1e999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"size\": %s}", bad[i]);
        cJSON *value = parse(text, &error);
        assert_non_null(value);
        size_t size = 5;
        assert_false(json_size(value, "size", "data.json", "", &size, &error));
        assert_int_equal(size, 5);
        cJSON_Delete(value);
    }
    cJSON *value = parse("{\"size\": 9007199254740992, \"zero\": 0}", &error);
    size_t size = 5;
    assert_true(json_size(value, "size", "data.json", "", &size, &error));
    assert_true(size == (size_t)1 << 53);
    assert_true(json_size(value, "zero", "data.json", "", &size, &error));
    assert_int_equal(size, 0);
    cJSON_Delete(value);
}

static void every_type_has_a_name(void **state) {
    (void)state;
    static const char *const texts[] = {"\"a\"", "[]", "{}", "1", "true", "false", "null"};
    static const char *const names[] = {"a string", "an array", "an object", "a number",
                                        "true",     "false",    "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *value = parse(texts[i], NULL);
        assert_string_equal(json_type(value), names[i]);
        cJSON_Delete(value);
    }
    assert_string_equal(json_type(NULL), "nothing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_needs_no_terminating_zero),
        cmocka_unit_test(broken_json_is_an_error_that_names_the_byte),
        cmocka_unit_test(nothing_is_an_error),
        cmocka_unit_test(a_second_value_is_an_error),
        cmocka_unit_test(deep_nesting_is_an_error_that_says_so),
        cmocka_unit_test(a_missing_file_is_an_error_that_names_it),
        cmocka_unit_test(a_member_is_found_by_its_exact_name),
        cmocka_unit_test(an_error_names_file_place_key_and_what_was_found),
        cmocka_unit_test(only_whole_numbers_that_a_double_holds_are_sizes),
        cmocka_unit_test(every_type_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
