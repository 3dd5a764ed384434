#include "dataset_fixture.h"

/* Annotations in any order, ids as numbers and as strings, keys that are not needed. */
static const char two_photos[] =
    "{\"info\": {\"year\": 2014}, \"annotations\": ["
    "{\"id\": 1, \"image_id\": 9, \"caption\": \"A cat sleeps.\"},"
    "{\"id\": 2, \"image_id\": \"x7\", \"caption\": \"A dog runs.\", \"area\": 1.5},"
    "{\"id\": 3, \"image_id\": 9, \"caption\": \"...\"},"
    "{\"id\": 4, \"image_id\": \"9\", \"caption\": \"The cat's asleep\"}],"
    "\"images\": [{\"id\": \"x7\", \"file_name\": \"sub/a.jpg\", \"height\": 3},"
    "{\"file_name\": \"\\u00fcber.jpg\", \"id\": 9},"
    "{\"file_name\": \"/elsewhere/c.jpg\", \"id\": 10}], \"licenses\": []}";

static void photos_and_captions_are_read(void **state) {
    (void)state;
    struct dataset dataset = read_text(two_photos, "photos");
    assert_sound(&dataset);
    assert_string_equal(dataset.format, "COCO captions");
    assert_false(dataset.split_given);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "sub/a.jpg", "x7", 1);
    assert_photo(&dataset, 1,
                 "\xC3\xBC"
                 "ber.jpg",
                 "9", 2);
    assert_photo(&dataset, 2, "/elsewhere/c.jpg", "10", 0);
    assert_string_equal(dataset.photos[0].path, "photos/sub/a.jpg");
    assert_string_equal(dataset.photos[2].path, "/elsewhere/c.jpg");
    assert_caption(&dataset, 0, 0, "a dog runs");
    assert_caption(&dataset, 1, 0, "a cat sleeps");
    assert_caption(&dataset, 1, 1, "the cat 's asleep");
    assert_int_equal(dataset.wordless, 1);
    dataset_free(&dataset);
}

#define COCO(images, annotations) "{\"images\": [" images "], \"annotations\": [" annotations "]}"
#define IMAGE "{\"id\": 1, \"file_name\": \"a.jpg\"}"

static void broken_fields_are_errors_that_name_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"images\": 1, \"annotations\": []}", ": images: expected an array, found a number"},
        {"{\"images\": [], \"annotations\": {}}", ": annotations: expected an array, found an obj"},
        {COCO("", ""), "expected photos, found none"},
        {COCO("7", ""), ": images[0]: expected an object with \"file_name\", found a number"},
        {COCO("{\"id\": 1}", ""), ": images[0].file_name: missing"},
        {COCO("{\"id\": 1, \"file_name\": \"\"}", ""),
         ": images[0].file_name: expected a file name"},
        {COCO("{\"file_name\": \"a\"}", ""), ": images[0].id: missing"},
        {COCO("{\"file_name\": \"a\", \"id\": null}", ""),
         ": images[0].id: expected a whole number"},
        {COCO("{\"file_name\": \"a\", \"id\": \"\"}", ""), ": images[0].id: expected an id"},
        {COCO("{\"file_name\": \"a\", \"id\": 1, \"split\": 1}", ""),
         ": images[0].split: expected"},
        {COCO(IMAGE ", {\"id\": \"1\", \"file_name\": \"b\"}", ""),
         ": images[1].id: expected an id of its own, found that of another image: 1"},
        {COCO(IMAGE ", {\"id\": 2, \"file_name\": \"a.jpg\"}", ""), "have the same file"},
        {COCO(IMAGE, "[]"), ": annotations[0]: expected an object with \"image_id\""},
        {COCO(IMAGE, "{\"caption\": \"a\"}"), ": annotations[0].image_id: missing"},
        {COCO(IMAGE, "{\"image_id\": 1}"), ": annotations[0].caption: missing"},
        {COCO(IMAGE, "{\"image_id\": 1, \"caption\": 2}"), ": annotations[0].caption: expected a"},
        {COCO(IMAGE, "{\"image_id\": 1, \"category_id\": 3, \"bbox\": [0, 0, 1, 1]}"),
         ": annotations[0]: expected a caption, found an object of a category (captions are in"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].message);
    }
}

static void annotations_of_no_photo_are_counted(void **state) {
    (void)state;
    struct dataset dataset = read_text(
        COCO(IMAGE, "{\"image_id\": 999, \"caption\": \"a\"}, {\"image_id\": 1, \"caption\": "
                    "\"A dog.\"}, {\"image_id\": \"x\", \"caption\": \"b\"}"),
        NULL);
    assert_sound(&dataset);
    assert_photo(&dataset, 0, "a.jpg", "1", 1);
    assert_int_equal(dataset.orphans, 2);
    char *summary = dataset_summary(&dataset, NULL);
    assert_non_null(strstr(summary, "; left out, of no photo: 2 annotations"));
    free(summary);
    dataset_free(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_and_captions_are_read),
        cmocka_unit_test(annotations_of_no_photo_are_counted),
        cmocka_unit_test(broken_fields_are_errors_that_name_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
