#include "serve/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=xyz"
#define PHOTO "Content-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n"
#define LINE "\r\n"
#define NEXT LINE "--xyz" LINE
#define END LINE "--xyz--" LINE

/* The form, read by the boundary of the Content-Type; freed with protocol_body_free. */
static bool read_form(const char *type, const char *text, size_t size, struct protocol_body *body,
                      caption_error *error) {
    char boundary[FORM_LONGEST_BOUNDARY + 1];
    *body = (struct protocol_body){.bytes = malloc(size), .size = size};
    assert_non_null(body->bytes);
    memcpy(body->bytes, text, size);
    assert_true(form_is_type(type));
    assert_true(form_boundary(type, boundary));
    return form_take(body, boundary, error);
}

static void expect_photo(const char *type, const char *text, const char *name, const char *photo) {
    struct protocol_body body;
    caption_error error;
    if (!read_form(type, text, strlen(text), &body, &error)) fail_msg("%s", error.message);
    assert_int_equal(body.size, strlen(photo));
    assert_memory_equal(body.bytes, photo, body.size);
    if (name)
        assert_string_equal(body.name, name);
    else
        assert_null(body.name);
    protocol_body_free(&body);
}

static void expect_refused(const char *text, const char *message) {
    struct protocol_body body;
    caption_error error;
    assert_false(read_form(TYPE, text, strlen(text), &body, &error));
    if (!strstr(error.message, message)) fail_msg("%s", error.message);
    protocol_body_free(&body);
}

static void a_photo_is_found_however_its_part_is_written(void **state) {
    (void)state;
    static const char *const dispositions[] = {
        "Content-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"",
        "Content-Disposition: form-data; name=photo; filename=a.jpg; filename*=utf-8''a.jpg",
        "Content-Type: image/jpeg\r\ncontent-disposition:form-data;FILENAME=\"a.jpg\";Name=photo",
        ("Content-Disposition: form-data ;\r\n name = \"photo\";\r\n\tfilename = a.jpg \r\nX: "
         "filename=b"),
    };
    for (size_t i = 0; i < sizeof dispositions / sizeof *dispositions; i++) {
        char text[512];
        snprintf(text, sizeof text, "--xyz\r\n%s\r\n\r\nthe photo\r\n--xyz--\r\n", dispositions[i]);
        expect_photo(TYPE, text, "a.jpg", "the photo");
    }
    expect_photo(TYPE, "--xyz\r\nContent-Disposition: form-data; filename*=utf-8''%20\r\n\r\nx" END,
                 NULL, "x");
    expect_photo(
        TYPE, "--xyz\r\nContent-Disposition: x; filename=\"C:\\dir\\a \\\"b\\\\.jpg\"\r\n\r\nx" END,
        "C:\\dir\\a \"b\\.jpg", "x");
}

static void a_boundary_is_found_however_it_is_written(void **state) {
    (void)state;
    static const char *const types[] = {
        TYPE, "multipart/form-data;boundary=\"xyz\"", "Multipart/Form-Data; BOUNDARY=xyz ",
        "multipart/form-data; charset=utf-8; boundary=xyz; charset=UTF-8"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_photo(types[i], "--xyz" LINE PHOTO "x" END, "a.jpg", "x");
    char boundary[FORM_LONGEST_BOUNDARY + 1], longer[300] = "multipart/form-data; boundary=";
    assert_false(form_is_type("multipart/form-data2; boundary=xyz"));
    assert_false(form_is_type("image/jpeg"));
    assert_false(form_boundary("multipart/form-data", boundary));
    assert_false(form_boundary("multipart/form-data; boundary=", boundary));
    memset(longer + strlen(longer), 'x', FORM_LONGEST_BOUNDARY + 1);
    assert_false(form_boundary(longer, boundary));
}

static void what_looks_like_a_boundary_is_part_of_the_photo(void **state) {
    (void)state;
    expect_photo(TYPE, "passed over\r\n--xyz \t\r\n" PHOTO "\r\n--xyzw\r\n--xy\r\n" END "more",
                 "a.jpg", "\r\n--xyzw\r\n--xy\r\n");
    expect_photo(TYPE, "--xyz" LINE PHOTO "" END, "a.jpg", "");
}

static void fields_are_arguments(void **state) {
    (void)state;
    static const char text[] =
        "--xyz" LINE "Content-Disposition: form-data; name=top" LINE LINE "3" NEXT PHOTO "x" NEXT
        "Content-Disposition: form-data; name=\"text\"" LINE LINE END;
    struct protocol_body body;
    assert_true(read_form(TYPE, text, sizeof text - 1, &body, NULL));
    assert_int_equal(body.argument_count, 2);
    assert_string_equal(body.arguments[0].name, "top");
    assert_string_equal(body.arguments[0].value, "3");
    assert_string_equal(body.arguments[1].value, "");
    assert_int_equal(body.size, 1);
    protocol_body_free(&body);
}

static void an_input_that_was_left_empty_is_no_second_photo(void **state) {
    (void)state;
#define EMPTY "Content-Disposition: form-data; name=\"more\"; filename=\"\"" LINE LINE
    expect_photo(TYPE, "--xyz" LINE PHOTO "x" NEXT EMPTY END, "a.jpg", "x");
    expect_photo(TYPE, "--xyz" LINE EMPTY NEXT PHOTO "x" END, "a.jpg", "x");
    expect_photo(TYPE, "--xyz" LINE EMPTY END, NULL, "");
}

static void what_is_no_form_is_refused(void **state) {
    (void)state;
    expect_refused("", "expected the boundary of its Content-Type, found none");
    expect_refused("--xy", "expected the boundary of its Content-Type, found none");
    expect_refused("--xyz" LINE PHOTO "x", "the form has no end: expected --xyz--");
    expect_refused("--xyz" LINE "Content-Disposition: form-data", "a blank line after its headers");
    expect_refused("--xyz" LINE LINE "x" END, "expected a name in its Content-Disposition");
    expect_refused("--xyz" LINE PHOTO "x" NEXT PHOTO "y" END, "found several");
    char text[4096] = "--xyz" LINE "Content-Disposition: form-data; name=top" LINE LINE;
    memset(text + strlen(text), '9', 1025);
    strcat(text, END);
    expect_refused(text, "the field top of the form: expected a text of at most 1024 bytes");
    strcpy(text, "--xyz" LINE);
    for (size_t i = 0; i <= PROTOCOL_MOST_ARGUMENTS; i++)
        strcat(text, "Content-Disposition: form-data; name=top" LINE LINE "1" NEXT);
    strcat(text, PHOTO "x" END);
    expect_refused(text, "too many parameters");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_is_found_however_its_part_is_written),
        cmocka_unit_test(a_boundary_is_found_however_it_is_written),
        cmocka_unit_test(what_looks_like_a_boundary_is_part_of_the_photo),
        cmocka_unit_test(fields_are_arguments),
        cmocka_unit_test(an_input_that_was_left_empty_is_no_second_photo),
        cmocka_unit_test(what_is_no_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
