#include "temporary_file.h"

#include "eval/scores.h"

enum { PHOTOS = 4 };

/* Three photos of the validation split and one of the training split. */
static const char four_photos[] =
    "{\"images\": ["
    "{\"filename\": \"a.jpg\", \"imgid\": 1, \"split\": \"val\", \"sentences\": []},"
    "{\"filename\": \"b.jpg\", \"imgid\": 2, \"split\": \"train\", \"sentences\": []},"
    "{\"filename\": \"day/c.jpg\", \"imgid\": 3, \"split\": \"val\", \"sentences\": []},"
    "{\"filename\": \"night/c.jpg\", \"imgid\": 4, \"split\": \"val\", \"sentences\": []}]}";

struct fixture {
    struct dataset dataset;
    size_t *photos, count;
    struct tokens candidates[PHOTOS];
    caption_error error;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    char *path = temporary_file_with(four_photos);
    assert_true(dataset_read(&fixture->dataset, path, NULL, &fixture->error));
    assert_true(dataset_select(&fixture->dataset, DATASET_VAL, false, &fixture->photos,
                               &fixture->count, &fixture->error));
    temporary_file_free(path);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    for (size_t i = 0; i < fixture->count; i++) tokens_free(&fixture->candidates[i]);
    free(fixture->photos);
    dataset_free(&fixture->dataset);
    free(fixture);
    return 0;
}

static bool read_text(struct fixture *fixture, const char *text) {
    char *path = temporary_file_with(text);
    bool ok = results_read(path, &fixture->dataset, fixture->photos, &fixture->count,
                           fixture->candidates, &fixture->error);
    if (!ok) assert_message_has(&fixture->error, path);
    temporary_file_free(path);
    return ok;
}

static void assert_read(struct fixture *fixture, const char *text) {
    if (!read_text(fixture, text)) fail_msg("%s", fixture->error.message);
}

static void assert_refused(struct fixture *fixture, const char *text, const char *message) {
    assert_false(read_text(fixture, text));
    assert_message_has(&fixture->error, message);
    for (size_t i = 0; i < fixture->count; i++) assert_null(fixture->candidates[i].words);
}

static void an_array_is_matched_by_id_and_tokenized(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "[{\"image_id\": 4, \"caption\": \"\"},"
                         " {\"image_id\": \"3\", \"caption\": \"Two dogs.\"},"
                         " {\"image_id\": \"a.jpg\", \"caption\": \"It's a dog!\"}]");
    assert_int_equal(fixture->candidates[0].count, 4);
    assert_string_equal(fixture->candidates[0].words[1], "'s");
    assert_int_equal(fixture->candidates[1].count, 2);
    assert_int_equal(fixture->candidates[2].count, 0);
}

static void json_lines_are_matched_by_path(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "{\"path\": \"/photos/a.jpg\", \"caption\": \"a\", \"logprob\": -1}\n"
                         "\n"
                         "{\"file_name\": \"night/c.jpg\", \"caption\": \"n\"}\r\n"
                         "{\"path\": \"day/c.jpg\", \"caption\": \"d\"}");
    assert_string_equal(fixture->candidates[0].words[0], "a");
    assert_string_equal(fixture->candidates[1].words[0], "d");
    assert_string_equal(fixture->candidates[2].words[0], "n");
}

static void tables_are_matched_as_data_sets_are(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "\xEF\xBB\xBF"
                         "filename,text\r\na.jpg,one\r\nday/c.jpg,\r\nnight/c.jpg,three\r\n");
    assert_string_equal(fixture->candidates[0].words[0], "one");
    assert_int_equal(fixture->candidates[1].count, 0); /* empty is a caption without words */
    assert_string_equal(fixture->candidates[2].words[0], "three");
}

static void a_path_that_ends_in_a_name_is_that_photo(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "\xEF\xBB\xBF{\"path\": \"./a.jpg\", \"caption\": \"one\"}\n"
                         "{\"path\": \"/photos/night/c.jpg\", \"caption\": \"two\"}\n"
                         "{\"path\": \"./day/c.jpg\", \"caption\": \"three\"}\n");
    assert_string_equal(fixture->candidates[1].words[0], "three");
    assert_string_equal(fixture->candidates[2].words[0], "two");
}

static void photos_outside_the_split_are_passed_over(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "[{\"image_id\": 1, \"caption\": \"a\"},"
                         " {\"image_id\": 2, \"caption\": \"b\"},"
                         " {\"image_id\": 3, \"caption\": \"c\"},"
                         " {\"image_id\": 4, \"caption\": \"d\"}]");
    assert_string_equal(fixture->candidates[2].words[0], "d");
}

static void missing_photos_are_named(void **state) {
    struct fixture *fixture = *state;
    assert_refused(fixture, "[]", "no caption for a.jpg and 2 other photos");
    assert_refused(fixture, "", "no caption for a.jpg and 2 other photos");
    assert_refused(fixture, "{\"image_id\": 1, \"caption\": \"a\"}",
                   "no caption for day/c.jpg and 1 other photo");
}

static void photos_with_an_error_are_left_out(void **state) {
    struct fixture *fixture = *state;
    assert_read(fixture, "{\"path\": \"gone/d.jpg\", \"error\": \"no photo of the data set\"}\n"
                         "{\"image_id\": 3, \"error\": \"cut off\"}\n"
                         "{\"image_id\": 4, \"caption\": \"four\"}\n"
                         "{\"image_id\": 1, \"error\": \"at first\"}\n"
                         "{\"image_id\": 1, \"caption\": \"one\"}\n");
    assert_int_equal(fixture->count, 2);
    assert_string_equal(fixture->candidates[0].words[0], "one");
    assert_string_equal(fixture->dataset.photos[fixture->photos[1]].id, "4");
    assert_string_equal(fixture->candidates[1].words[0], "four");
}

static void an_error_for_every_photo_is_one(void **state) {
    struct fixture *fixture = *state;
    assert_refused(fixture,
                   "[{\"image_id\": 1, \"error\": \"\"}, {\"image_id\": 3, \"error\": \"\"},"
                   " {\"image_id\": 4, \"error\": \"\"}]",
                   "expected captions, found an error for every photo");
}

static void unknown_duplicate_and_ambiguous_photos_are_named(void **state) {
    struct fixture *fixture = *state;
    assert_refused(fixture, "[{\"image_id\": 9, \"caption\": \"a\"}]", "[0]: \"9\" is no photo of");
    assert_refused(fixture, "{\"path\": \"x/z.jpg\", \"caption\": \"a\"}",
                   "line 1: \"x/z.jpg\" is no photo of");
    assert_refused(
        fixture, "{\"image_id\": 1, \"caption\": \"a\"}\n{\"path\": \"a.jpg\", \"caption\": \"\"}",
        "line 2: a second caption for a.jpg");
    assert_refused(fixture, "[{\"path\": \"elsewhere/c.jpg\", \"caption\": \"a\"}]",
                   "\"elsewhere/c.jpg\" may be any of 2 photos");
}

static void broken_rows_are_errors_that_name_them(void **state) {
    struct fixture *fixture = *state;
    assert_refused(fixture, "[5]", "[0]: expected an object");
    assert_refused(fixture, "[{\"caption\": \"a\"}]", "[0]: expected an object with \"image_id\"");
    assert_refused(fixture, "[{\"image_id\": [], \"caption\": \"a\"}]", "[0]: expected");
    assert_refused(fixture, "[{\"image_id\": 1.5, \"caption\": \"a\"}]", "[0].image_id: ");
    assert_refused(fixture, "[{\"image_id\": -1, \"caption\": \"a\"}]", "[0].image_id: ");
    assert_refused(fixture, "[{\"image_id\": 1}]", "[0].caption: missing");
    assert_refused(fixture, "[{\"image_id\": 1, \"caption\": 2}]",
                   "[0].caption: expected a string");
    assert_refused(fixture, "[{\"image_id\": 1", "not valid JSON");
    assert_refused(fixture, "not JSON", "line 1: expected JSON, or a table whose first line names");
    assert_refused(fixture, "photo,caption\n1,a\n", "line 1: expected JSON, or a table whose");
    assert_refused(fixture, "{\"image_id\": 1, \"caption\": \"a\"}\n{", "line 2: not valid JSON");
}

static void a_missing_file_is_an_error_that_names_it(void **state) {
    struct fixture *fixture = *state;
    assert_false(results_read("no/such.json", &fixture->dataset, fixture->photos, &fixture->count,
                              fixture->candidates, &fixture->error));
    assert_message_has(&fixture->error, "no/such.json");
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(an_array_is_matched_by_id_and_tokenized),
        FIXTURE_TEST(json_lines_are_matched_by_path),
        FIXTURE_TEST(tables_are_matched_as_data_sets_are),
        FIXTURE_TEST(a_path_that_ends_in_a_name_is_that_photo),
        FIXTURE_TEST(photos_outside_the_split_are_passed_over),
        FIXTURE_TEST(missing_photos_are_named),
        FIXTURE_TEST(photos_with_an_error_are_left_out),
        FIXTURE_TEST(an_error_for_every_photo_is_one),
        FIXTURE_TEST(unknown_duplicate_and_ambiguous_photos_are_named),
        FIXTURE_TEST(broken_rows_are_errors_that_name_them),
        FIXTURE_TEST(a_missing_file_is_an_error_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
