#include "dataset_fixture.h"

static void photos_lie_beside_the_file_when_no_folder_is_given(void **state) {
    (void)state;
    char *path = temporary_file_with(TWO_PHOTOS), *folder = file_directory(path, NULL);
    struct dataset dataset;
    caption_error error;
    assert_true(dataset_read(&dataset, path, NULL, &error));
    char *expected = file_join(folder, "a.jpg", NULL);
    assert_string_equal(dataset.photos[0].path, expected);
    dataset_free(&dataset);
    free(expected);
    free(folder);
    temporary_file_free(path);
}

static void captions_that_say_left_or_right_make_a_photo_sided(void **state) {
    (void)state;
    struct dataset dataset = read_text(TWO_PHOTOS, NULL);
    assert_false(dataset_photo_is_sided(&dataset, &dataset.photos[0]));
    assert_true(dataset_photo_is_sided(&dataset, &dataset.photos[1]));
    dataset_free(&dataset);
}

static void other_files_are_refused_with_the_formats_that_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"", "found an empty file"},
        {" \n\xEF\xBB\xBF", "found something else than text"},
        {"\xEF\xBB\xBF \n", "found an empty file"},
        {"{}", "found an object with neither \"images\" nor a photo's file name"},
        {"{\"text\": \"a dog\"}\n{}\n", "found an object with neither"},
        {"[3]", "found an array of something else than rows"},
        {"[{\"caption\": \"a dog\"}]", "found an array whose first row has no photo's file name"},
        {"A dog runs.\n", "found text that begins with \"A dog runs.\""},
        {"a.jpg#x\tA dog .\n", "found text that begins with"},
        {"P6\n1 1\n255\nabc", "found a photo"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].found);
        assert_refused(cases[i].text,
                       "Karpathy's dataset_*.json, COCO captions, kohya's metadata, JSON array of "
                       "photos, JSON Lines of photos, Flickr8k's token.txt, CSV of photos, tar "
                       "shards of WebDataset, folders train, validation, test, folder of photos "
                       "with texts");
    }
}

static void broken_json_and_deep_nesting_are_errors(void **state) {
    (void)state;
    assert_refused("{\"images\": [", "not valid JSON");
    assert_refused("{\"images\":\n[3,\n}]}", "(line 3)");
    assert_refused("{\"images\": []} more", "expected the end after one JSON value");
    assert_refused("[] []", "expected the end after one JSON value");
    const size_t depth = 100000;
    char *text = calloc(depth + 1, 1);
    assert_non_null(text);
    memset(text, '[', depth);
    assert_refused(text, "nested more than");
    free(text);
}

static void a_missing_file_is_an_error(void **state) {
    (void)state;
    struct dataset dataset;
    caption_error error = {0};
    assert_false(dataset_read(&dataset, "no/such.json", NULL, &error));
    assert_message_has(&error, "no/such.json");
}

static void a_summary_tells_what_was_read(void **state) {
    (void)state;
    struct dataset dataset = read_text(TWO_PHOTOS, NULL);
    char *summary = dataset_summary(&dataset, NULL), *after_name = strstr(summary, " (");
    assert_string_equal(after_name, " (Karpathy's dataset_*.json): 2 photos (train 2), 3 captions; "
                                    "left out, without words: 2 captions");
    free(summary);
    dataset_free(&dataset);
}

static void each_word_is_kept_once_in_whatever_order_captions_come(void **state) {
    (void)state;
    static const char text[] =
        "file_name,text\na.jpg,a dog runs\nb.jpg,a dog\na.jpg,the dog sits\n";
    struct dataset dataset = read_text(text, NULL), other = read_text(text, NULL);
    assert_int_equal(dataset.caption_count, 3);
    assert_caption(&dataset, 0, 0, "a dog runs");
    assert_caption(&dataset, 0, 1, "the dog sits");
    assert_caption(&dataset, 1, 0, "a dog");
    const char *dog = dataset.captions[0].words[1];
    assert_ptr_equal(dataset.captions[1].words[1], dog);
    assert_ptr_equal(dataset.captions[2].words[1], dog);
    assert_int_equal(dataset.words_count, 1);
    assert_int_equal(dataset.words[0].distinct_count, 5);

    assert_true(dataset_append(&dataset, &other, NULL));
    assert_int_equal(dataset.words_count, 2);
    assert_caption(&dataset, 0, 1, "the dog sits");
    assert_caption(&dataset, 2, 1, "the dog sits");
    dataset_free(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_lie_beside_the_file_when_no_folder_is_given),
        cmocka_unit_test(captions_that_say_left_or_right_make_a_photo_sided),
        cmocka_unit_test(other_files_are_refused_with_the_formats_that_are_read),
        cmocka_unit_test(broken_json_and_deep_nesting_are_errors),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(a_summary_tells_what_was_read),
        cmocka_unit_test(each_word_is_kept_once_in_whatever_order_captions_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
