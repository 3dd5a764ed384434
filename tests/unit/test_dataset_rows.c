#include "dataset_fixture.h"
#include "temporary_folder.h"

static void an_array_is_read_in_every_spelling(void **state) {
    (void)state;
    struct dataset dataset = read_text(
        "[{\"file_path\": \"train2014/a.jpg\", \"id\": 7, \"captions\": [\"A dog.\", \"It "
        "runs.\"]},"
        "{\"image\": \"b.jpg\", \"image_id\": \"coco_5\", \"caption\": \"A cat.\", \"extra\": {}},"
        "{\"file_name\": \"/c.jpg\", \"text\": [\"A bird.\"]},"
        "{\"image_path\": \"d.jpg\", \"caption\": null},"
        "{\"filename\": \"e.jpg\", \"captions\": []},"
        "{\"path\": \"f.jpg\", \"caption\": \"a fox\", \"text\": \"not this one\"}]",
        "photos");
    assert_sound(&dataset);
    assert_false(dataset.split_given);
    assert_int_equal(dataset.photo_count, 6);
    assert_photo(&dataset, 0, "train2014/a.jpg", "7", 2);
    assert_photo(&dataset, 1, "b.jpg", "coco_5", 1);
    assert_photo(&dataset, 2, "/c.jpg", "/c.jpg", 1);
    assert_photo(&dataset, 3, "d.jpg", "d.jpg", 0);
    assert_photo(&dataset, 4, "e.jpg", "e.jpg", 0);
    assert_photo(&dataset, 5, "f.jpg", "f.jpg", 1);
    assert_string_equal(dataset.photos[0].path, "photos/train2014/a.jpg");
    assert_string_equal(dataset.photos[2].path, "/c.jpg");
    assert_caption(&dataset, 0, 1, "it runs");
    assert_caption(&dataset, 5, 0, "a fox");
    assert_int_equal(dataset.wordless, 1);
    dataset_free(&dataset);
}

static void rows_of_one_photo_are_collected(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("[{\"image\": \"a.jpg\", \"id\": 1, \"caption\": \"one\"},"
                  "{\"image\": \"b.jpg\", \"id\": 2, \"caption\": \"two\"},"
                  "{\"image\": \"a.jpg\", \"id\": 3, \"caption\": [\"three\", \"four\"]}]",
                  NULL);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 2);
    assert_photo(&dataset, 0, "a.jpg", "1", 3);
    assert_photo(&dataset, 1, "b.jpg", "2", 1);
    assert_caption(&dataset, 0, 0, "one");
    assert_caption(&dataset, 0, 2, "four");
    assert_caption(&dataset, 1, 0, "two");
    dataset_free(&dataset);
}

static void an_id_that_is_null_is_none(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("[{\"image\": \"a.jpg\", \"id\": null, \"text\": \"x\"}]", NULL);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    dataset_free(&dataset);
}

static void many_photos_are_collected(void **state) {
    (void)state;
    enum { PHOTOS = 3000, ROOM = 48 };
    char *text = calloc(2 * PHOTOS + 1, ROOM), *end = text;
    assert_non_null(text);
    for (size_t i = 0; i < (size_t)2 * PHOTOS; i++) {
        end += snprintf(end, ROOM, "{\"image\": \"%zu\", \"text\": \"w%zu\"}\n", i % PHOTOS, i);
    }
    struct dataset dataset = read_text(text, NULL);
    free(text);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, PHOTOS);
    assert_caption(&dataset, 2999, 0, "w2999");
    assert_caption(&dataset, 2999, 1, "w5999");
    dataset_free(&dataset);
}

/* A byte order mark, CRLF, blank lines and no newline at the end. */
static void lines_are_read(void **state) {
    (void)state;
    struct dataset dataset = read_text(
        "\xEF\xBB\xBF{\"file_name\": \"a.jpg\", \"text\": \"A dog.\", \"split\": \"train\"}\r\n"
        "\r\n  \n{\"file_name\": \"sub/\xE5\xAD\x97.jpg\", \"text\": \"\", \"split\": \"dev\"}\r\n"
        "\t{\"image\": \"c.jpg\", \"captions\": [\"one\", \"two\"], \"split\": \"test\"}",
        "p");
    assert_sound(&dataset);
    assert_true(dataset.split_given);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    assert_photo(&dataset, 1, "sub/\xE5\xAD\x97.jpg", "sub/\xE5\xAD\x97.jpg", 0);
    assert_photo(&dataset, 2, "c.jpg", "c.jpg", 2);
    assert_int_equal(dataset.photos[0].split, DATASET_TRAIN);
    assert_int_equal(dataset.photos[1].split, DATASET_VAL);
    assert_int_equal(dataset.photos[2].split, DATASET_TEST);
    assert_int_equal(dataset.wordless, 1);
    dataset_free(&dataset);
}

static void one_line_is_enough(void **state) {
    (void)state;
    struct dataset dataset = read_text("{\"file_name\": \"a.jpg\", \"text\": \"A dog.\"}\n", NULL);
    assert_string_equal(dataset.format, "JSON Lines of photos");
    assert_int_equal(dataset.caption_count, 1);
    dataset_free(&dataset);
}

#define LINE "{\"image\": \"a\", \"text\": \"a dog\"}\n"

static void broken_rows_are_errors_that_name_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "expected photos, found none"},
        {"[{\"image\": 7}]", ": [0].image: expected a string, found a number"},
        {"[{\"image\": \"\"}]", ": [0].image: expected a file name, found an empty string"},
        {"[{\"image\": \"a\"}]", ": [0]: expected an object with \"captions\", \"caption\" or"},
        {"[{\"image\": \"a\", \"text\": 7}]", ": [0].text: expected a string or an array of str"},
        {"[{\"image\": \"a\", \"text\": [\"b\", {}]}]",
         ": [0].text[1]: expected a string, found an"},
        {"[{\"image\": \"a\", \"text\": \"b\", \"id\": 1.5}]", ": [0].id: expected a whole number"},
        {"[{\"image\": \"a\", \"text\": \"b\", \"split\": null}]",
         ": [0].split: expected a string"},
        {"[{\"image\": \"a\", \"text\": \"b\"}, 3]", ": [1]: expected an object with a photo's"},
        {"[{\"image\": \"a\", \"text\": \"b\", \"split\": \"val\"},"
         " {\"image\": \"a\", \"text\": \"c\", \"split\": \"train\"}]",
         ": [1].split: expected the same as in an earlier row of a, found another"},
        {"[{\"image\": \"a\", \"text\": \"b\", \"id\": 1}, {\"image\": \"c\", \"text\": \"b\", "
         "\"id\": 1}]",
         "have the same id: 1"},
        {LINE "\n{\"image\": \"b\", \"text\"}\n", ": line 3: not valid JSON at byte"},
        {LINE "{\"text\": \"b\"}\n", ": line 2: expected an object with a photo's"},
        {LINE "{\"image\": \"b\"}\n", ": line 2: expected an object with \"captions\""},
        {LINE "three\n", ": line 2: not valid JSON"},
        {LINE LINE LINE "[]\n", ": line 4: expected an object with a photo's"},
        {"{\"image\": \"a\", \"text\":}\n" LINE, "not valid JSON at byte"},
        {"{\"image\": \"a\", \"text\":}\n" LINE, "(line 1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].message);
    }
}

static void fields_may_be_named(void **state) {
    (void)state;
    const struct dataset_reading how = {.photo_key = "photo", .caption_key = "alt"};
    static const char text[] =
        "{\"photo\": \"a.jpg\", \"image\": \"no.jpg\", \"text\": \"no\", \"alt\": \"A dog.\"}\n";
    struct dataset dataset = read_text_as(text, &how);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    dataset_free(&dataset);
    assert_refused_as("{\"photo\": \"a.jpg\", \"text\": \"no\"}\n", &how,
                      "line 1: expected an object with \"alt\" (--caption-key)");
    assert_refused_as("[{\"photo\": \"a\", \"alt\": \"b\"}, {\"image\": \"a\", \"alt\": \"b\"}]",
                      &how, "[1]: expected an object with \"photo\" (--photo-key)");
}

#define TURNS(photo, turns) "{\"id\": \"7\"" photo ", \"conversations\": [" turns "]}"
#define ASKED "{\"from\": \"human\", \"value\": \"<image>\\nDescribe.\"}"

static void conversations_are_captions_by_their_first_answer(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("[" TURNS("", ASKED) "," TURNS(
                      ", \"image\": \"a.jpg\"", ASKED
                      ", {\"from\": \"gpt\", "
                      "\"value\": \"A "
                      "dog.\"}, " ASKED ", "
                      "{\"from\""
                      ": "
                      "\"gpt\", "
                      "\"value\""
                      ": "
                      "\"Brown."
                      "\"}") "," TURNS(", \"image\": \"b.jpg\"", ASKED
                                       ", {\"from\": \"gpt\", \"value\": \"A "
                                       "cat.\"}") "," TURNS(", \"image\": \"c.jpg\"", "7") "]",
                  NULL);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_photo(&dataset, 1, "b.jpg", "b.jpg", 1);
    assert_photo(&dataset, 2, "c.jpg", "c.jpg", 0);
    assert_int_equal(dataset.without_photo, 1);
    char *summary = dataset_summary(&dataset, NULL);
    assert_non_null(strstr(summary, "; left out, without a photo: 1 row"));
    free(summary);
    dataset_free(&dataset);
    assert_refused(TURNS(", \"image\": \"a.jpg\"", "{\"from\": \"gpt\", \"value\": 7}"),
                   "line 1.value: expected a string");
}

static void kohyas_metadata_is_read_by_its_keys(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_put(folder, "stem.v2.webp", temporary_photo);
    const struct dataset_reading how = {.images = folder};
    struct dataset dataset =
        read_text_as("{\"a.jpg\": {\"caption\": \"A dog.\", \"tags\": \"dog, grass\"},"
                     " \"stem.v2\": {\"tags\": \"cat, wall\", \"train_resolution\": [512, 512]},"
                     " \"gone\": {\"caption\": [\"One.\", \"Two.\"]}, \"b.jpg\": {}}",
                     &how);
    assert_sound(&dataset);
    assert_string_equal(dataset.format, "kohya's metadata");
    assert_int_equal(dataset.photo_count, 4);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_photo(&dataset, 1, "stem.v2.webp", "stem.v2.webp", 1);
    assert_caption(&dataset, 1, 0, "cat wall");
    assert_photo(&dataset, 2, "gone", "gone", 2);
    assert_photo(&dataset, 3, "b.jpg", "b.jpg", 0);
    dataset_free(&dataset);
    temporary_folder_free(folder);
    assert_refused("{\"a\": {\"caption\": \"x\"}, \"b\": 7}", ": photo 1: expected an object with");
    assert_refused("{\"a\": {\"caption\": 7}}", ": photo 0.caption: expected a string");
    assert_refused("{\"\": {\"tags\": \"x\"}}", ": photo 0: expected a photo's path as the key");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_that_is_null_is_none),
        cmocka_unit_test(an_array_is_read_in_every_spelling),
        cmocka_unit_test(rows_of_one_photo_are_collected),
        cmocka_unit_test(many_photos_are_collected),
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(one_line_is_enough),
        cmocka_unit_test(fields_may_be_named),
        cmocka_unit_test(conversations_are_captions_by_their_first_answer),
        cmocka_unit_test(kohyas_metadata_is_read_by_its_keys),
        cmocka_unit_test(broken_rows_are_errors_that_name_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
