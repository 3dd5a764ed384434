#include "dataset_fixture.h"

#include <time.h>

static void photos_and_captions_are_read(void **state) {
    (void)state;
    struct dataset dataset = read_text(TWO_PHOTOS, "photos");
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 2);
    assert_true(dataset.split_given);
    const struct dataset_photo *photo = &dataset.photos[0];
    assert_string_equal(photo->name, "a.jpg");
    assert_string_equal(photo->path, "photos/a.jpg");
    assert_string_equal(photo->id, "7");
    assert_int_equal(photo->split, DATASET_TRAIN);
    assert_int_equal(photo->first, 0);
    assert_int_equal(photo->count, 2);
    photo++;
    assert_string_equal(photo->name, "../b.jpg");
    assert_string_equal(photo->path, "photos/val2014/../b.jpg");
    assert_string_equal(photo->id, "391895");
    assert_int_equal(photo->split, DATASET_TRAIN); /* restval */
    dataset_free(&dataset);
}

static void tokens_are_used_as_they_are_and_raw_is_tokenized(void **state) {
    (void)state;
    struct dataset dataset = read_text(TWO_PHOTOS, NULL);
    assert_int_equal(dataset.captions[0].count, 2);
    assert_string_equal(dataset.captions[0].words[0], "A");
    assert_int_equal(dataset.captions[1].count, 4);
    assert_string_equal(dataset.captions[1].words[1], "'s");
    assert_string_equal(dataset.captions[1].words[3], "t-shirt");
    dataset_free(&dataset);
}

static void sentences_without_words_are_left_out(void **state) {
    (void)state;
    struct dataset dataset = read_text(TWO_PHOTOS, NULL);
    assert_int_equal(dataset.caption_count, 3);
    assert_int_equal(dataset.wordless, 2);
    assert_int_equal(dataset.photos[1].first, 2);
    assert_int_equal(dataset.photos[1].count, 1);
    dataset_free(&dataset);
}

static void a_photo_without_captions_is_kept(void **state) {
    (void)state;
    struct dataset dataset = read_text(
        "{\"images\": [{\"filename\": \"a\", \"split\": \"test\", \"sentences\": []}]}", NULL);
    assert_int_equal(dataset.photo_count, 1);
    assert_int_equal(dataset.photos[0].count, 0);
    assert_string_equal(dataset.photos[0].id, "a");
    assert_false(dataset_photo_is_sided(&dataset, &dataset.photos[0]));
    dataset_free(&dataset);
}

static void splits_may_be_left_out_of_all_photos(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("{\"images\": [{\"filename\": \"a\", \"sentences\": []}]}", NULL);
    assert_false(dataset.split_given);
    assert_int_equal(dataset.photos[0].split, DATASET_NONE);
    dataset_free(&dataset);
    assert_refused(
        "{\"images\": [{\"filename\": \"a\", \"split\": \"val\", \"sentences\": []},"
        "{\"filename\": \"b\", \"sentences\": []}]}",
        "expected a \"split\" for every photo or for none, found none for 1 of 2, first for "
        "photo 1 (counted from 0): b");
}

#define PHOTO(fields) "{\"images\": [{" fields "}]}"
#define SENTENCES(list) PHOTO("\"filename\": \"a\", \"split\": \"val\", \"sentences\": [" list "]")

static void broken_fields_are_errors_that_name_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"images\": 3}", ": images: expected an array, found a number"},
        {"{\"images\": []}", "expected photos, found none"},
        {"{\"images\": [null]}", ": images[0]: expected an object"},
        {PHOTO("\"split\": \"val\", \"sentences\": []"), ": images[0].filename: missing"},
        {PHOTO("\"filename\": 1"), ": images[0].filename: expected a string, found a number"},
        {PHOTO("\"filename\": \"\""), ": images[0].filename: expected a file name"},
        {PHOTO("\"filename\": \"a\", \"split\": []"), ": images[0].split: expected a string"},
        {PHOTO("\"filename\": \"a\", \"split\": \"val\""), ": images[0].sentences: missing"},
        {PHOTO("\"filename\": \"a\", \"filepath\": 1"), ": images[0].filepath: expected a string"},
        {PHOTO("\"filename\": \"a\", \"split\": \"val\", \"imgid\": -1"), ": images[0].imgid: "},
        {PHOTO("\"filename\": \"a\", \"split\": \"val\", \"cocoid\": []"), ": images[0].cocoid: "},
        {SENTENCES("\"a dog\""), ": images[0].sentences[0]: expected an object"},
        {SENTENCES("{}"), ": images[0].sentences[0]: expected \"tokens\" or \"raw\""},
        {SENTENCES("{\"raw\": 5}"), ": images[0].sentences[0].raw: expected a string"},
        {SENTENCES("{\"tokens\": 5}"),
         ": images[0].sentences[0].tokens: expected an array, found a number"},
        {SENTENCES("{\"raw\": \"x\"}, {\"tokens\": [\"a\", 1]}"),
         ": images[0].sentences[1].tokens[1]: expected a word"},
        {SENTENCES("{\"tokens\": [\"\"]}"), ": images[0].sentences[0].tokens[0]: expected a word"},
        {SENTENCES("{\"tokens\": [\"a b\"]}"), "tokens[0]: expected a word"},
        {SENTENCES("{\"tokens\": [\"a\\u0007\"]}"), "tokens[0]: expected a word"},
        {SENTENCES("{\"tokens\": [\"<end>\"]}"), "tokens[0]: expected a word"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].message);
    }
}

static void the_same_photo_twice_is_an_error(void **state) {
    (void)state;
    assert_refused("{\"images\": [{\"filename\": \"a\", \"split\": \"val\", \"sentences\": []},"
                   "{\"filename\": \"a\", \"split\": \"val\", \"sentences\": []}]}",
                   "photos 0 and 1 (counted from 0) have the same file");
    assert_refused(
        "{\"images\": [{\"filename\": \"a\", \"imgid\": 1, \"split\": \"val\", \"sentences\": []},"
        "{\"filename\": \"b\", \"imgid\": 1, \"split\": \"val\", \"sentences\": []}]}",
        "photos 0 and 1 (counted from 0) have the same id: 1");
}

static void flickr8k_is_read_in_a_moment(void **state) {
    (void)state;
    char *path = shared_file("data/flickr8k/dataset_flickr8k.json");
    struct dataset dataset;
    caption_error error = {0};
    clock_t start = clock();
    assert_true(dataset_read(&dataset, path, NULL, &error));
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("Flickr8k read in %.0f ms of processor time\n", seconds * 1000);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 7000);
    assert_int_equal(dataset.caption_count, 35000);
    size_t *indices, count;
    assert_true(dataset_select(&dataset, DATASET_VAL, false, &indices, &count, &error));
    assert_int_equal(count, 1000);
    free(indices);
    dataset_free(&dataset);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_and_captions_are_read),
        cmocka_unit_test(tokens_are_used_as_they_are_and_raw_is_tokenized),
        cmocka_unit_test(sentences_without_words_are_left_out),
        cmocka_unit_test(a_photo_without_captions_is_kept),
        cmocka_unit_test(splits_may_be_left_out_of_all_photos),
        cmocka_unit_test(broken_fields_are_errors_that_name_them),
        cmocka_unit_test(the_same_photo_twice_is_an_error),
        cmocka_unit_test(flickr8k_is_read_in_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
