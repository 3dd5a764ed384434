#include "temporary_file.h"

#include <time.h>

#include "base/random.h"
#include "data/dataset.h"
#include "text/vocabulary.h"

static struct dataset read_text(const char *text, const char *images) {
    char *path = temporary_file_with(text);
    struct dataset dataset;
    caption_error error;
    if (!dataset_read(&dataset, path, images, &error)) fail_msg("%s", error.message);
    temporary_file_free(path);
    return dataset;
}

/* The message must name the file, too. */
static void assert_refused(const char *text, const char *message) {
    char *path = temporary_file_with(text);
    struct dataset dataset;
    caption_error error = {0};
    assert_false(dataset_read(&dataset, path, NULL, &error));
    assert_message_has(&error, path);
    assert_message_has(&error, message);
    temporary_file_free(path);
}

static const char two_photos[] =
    "{\"dataset\": \"tiny\", \"images\": ["
    "{\"filename\": \"a.jpg\", \"imgid\": 7, \"split\": \"train\", \"sentences\": ["
    "  {\"tokens\": [\"A\", \"dog\"], \"raw\": \"never read\"},"
    "  {\"raw\": \"It's a t-shirt.\"}]},"
    "{\"filename\": \"../b.jpg\", \"filepath\": \"val2014\", \"imgid\": 8, \"cocoid\": 391895,"
    " \"split\": \"restval\", \"sentences\": [{\"tokens\": []}, {\"raw\": \"...\"},"
    "  {\"tokens\": [\"left\"]}]}]}";

static void photos_and_captions_are_read(void **state) {
    (void)state;
    struct dataset dataset = read_text(two_photos, "photos");
    assert_int_equal(dataset.photo_count, 2);
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
    struct dataset dataset = read_text(two_photos, NULL);
    assert_int_equal(dataset.captions[0].count, 2);
    assert_string_equal(dataset.captions[0].words[0], "A");
    assert_int_equal(dataset.captions[1].count, 4);
    assert_string_equal(dataset.captions[1].words[1], "'s");
    assert_string_equal(dataset.captions[1].words[3], "t-shirt");
    dataset_free(&dataset);
}

static void sentences_without_words_are_left_out(void **state) {
    (void)state;
    struct dataset dataset = read_text(two_photos, NULL);
    assert_int_equal(dataset.caption_count, 3);
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

static void photos_lie_beside_the_file_when_no_folder_is_given(void **state) {
    (void)state;
    char *path = temporary_file_with(two_photos), *folder = file_directory(path, NULL);
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
    struct dataset dataset = read_text(two_photos, NULL);
    assert_false(dataset_photo_is_sided(&dataset, &dataset.photos[0]));
    assert_true(dataset_photo_is_sided(&dataset, &dataset.photos[1]));
    dataset_free(&dataset);
}

static void splits_are_told_by_name(void **state) {
    (void)state;
    enum dataset_split split;
    bool every;
    assert_true(dataset_split_parse("val", &split, &every));
    assert_int_equal(split, DATASET_VAL);
    assert_false(every);
    assert_true(dataset_split_parse("all", &split, &every));
    assert_true(every);
    assert_false(dataset_split_parse("other", &split, &every));
    assert_false(dataset_split_parse("", &split, &every));
}

static void a_split_is_selected_in_order_and_an_empty_one_is_an_error(void **state) {
    (void)state;
    struct dataset dataset = read_text(two_photos, NULL);
    size_t *indices, count;
    caption_error error = {0};
    assert_true(dataset_select(&dataset, DATASET_TRAIN, false, &indices, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(indices[0], 0);
    assert_int_equal(indices[1], 1);
    free(indices);
    assert_true(dataset_select(&dataset, DATASET_VAL, true, &indices, &count, &error));
    assert_int_equal(count, 2);
    free(indices);
    assert_false(dataset_select(&dataset, DATASET_VAL, false, &indices, &count, &error));
    assert_message_has(&error, "no photo in the split \"val\"");
    dataset_free(&dataset);
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
        {PHOTO("\"filename\": \"a\""), ": images[0].split: missing"},
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

static void other_formats_are_refused_with_those_that_are_read(void **state) {
    (void)state;
    static const char *const texts[] = {"", "[]", "{}", "a.jpg#0\tA dog .\n",
                                        "{\"images\": [], \"annotations\": []}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_refused(texts[i], "Karpathy's dataset_*.json");
    }
}

static void broken_json_and_deep_nesting_are_errors(void **state) {
    (void)state;
    assert_refused("{\"images\": [", "not valid JSON");
    const size_t depth = 100000;
    char *text = calloc(depth + 1, 1);
    assert_non_null(text);
    memset(text, '[', depth);
    assert_refused(text, "nested more than");
    free(text);
}

static void a_folder_and_a_missing_file_are_errors(void **state) {
    (void)state;
    struct dataset dataset;
    caption_error error = {0};
    assert_false(dataset_read(&dataset, "/", NULL, &error));
    assert_message_has(&error, "is a directory");
    assert_false(dataset_read(&dataset, "no/such.json", NULL, &error));
    assert_message_has(&error, "no/such.json");
}

static void assert_sound(const struct dataset *dataset) {
    size_t next = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        const struct dataset_photo *photo = &dataset->photos[i];
        assert_true(photo->name && photo->path && photo->id);
        assert_int_equal(photo->first, next);
        next += photo->count;
    }
    assert_int_equal(next, dataset->caption_count);
    for (size_t i = 0; i < dataset->caption_count; i++) {
        assert_true(dataset->captions[i].count > 0);
        for (size_t j = 0; j < dataset->captions[i].count; j++) {
            const char *word = dataset->captions[i].words[j];
            assert_true(vocabulary_is_word(word, strlen(word)));
        }
    }
}

/* Bytes changed, cut out or doubled, at random but always the same ones. */
static size_t mutate(struct random *random, char *text, size_t size) {
    static const char bytes[] = "{}[]\",:0e-\\ \xFFtnull";
    for (size_t i = 1 + random_below(random, 3); i > 0; i--) {
        const size_t at = random_below(random, size), rest = size - at;
        const size_t length = 1 + random_below(random, rest < 40 ? rest : 40);
        switch (random_below(random, 3)) {
        case 0:
            text[at] = bytes[random_below(random, sizeof bytes)];
            break;
        case 1:
            if (length == size) break;
            memmove(text + at, text + at + length, rest - length);
            size -= length;
            break;
        default:
            memmove(text + at + length, text + at, rest);
            size += length;
        }
    }
    return size;
}

static void mutated_files_are_read_or_refused(void **state) {
    (void)state;
    char *path = temporary_file_new();
    struct random random = random_seeded(4, 0);
    size_t accepted = 0, refused = 0;
    clock_t start = clock();
    for (size_t round = 0; round < 5000; round++) {
        if ((double)(clock() - start) / CLOCKS_PER_SEC > 2) break;
        char text[sizeof two_photos + 3 * 40] = {0};
        memcpy(text, two_photos, sizeof two_photos);
        temporary_file_write(path, text, mutate(&random, text, sizeof two_photos - 1));
        struct dataset dataset;
        caption_error error = {0};
        if (dataset_read(&dataset, path, NULL, &error)) {
            assert_sound(&dataset);
            dataset_free(&dataset);
            accepted++;
        } else {
            assert_message_has(&error, path);
            refused++;
        }
    }
    assert_true(accepted > 0 && refused > 0);
    temporary_file_free(path);
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
        cmocka_unit_test(photos_lie_beside_the_file_when_no_folder_is_given),
        cmocka_unit_test(captions_that_say_left_or_right_make_a_photo_sided),
        cmocka_unit_test(splits_are_told_by_name),
        cmocka_unit_test(a_split_is_selected_in_order_and_an_empty_one_is_an_error),
        cmocka_unit_test(broken_fields_are_errors_that_name_them),
        cmocka_unit_test(the_same_photo_twice_is_an_error),
        cmocka_unit_test(other_formats_are_refused_with_those_that_are_read),
        cmocka_unit_test(broken_json_and_deep_nesting_are_errors),
        cmocka_unit_test(a_folder_and_a_missing_file_are_errors),
        cmocka_unit_test(mutated_files_are_read_or_refused),
        cmocka_unit_test(flickr8k_is_read_in_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
