/* Data sets of one run: names, one behind the other, parts that are scored by themselves. */
#include "dataset_fixture.h"

#include "data/dataset.h"

static const char sourced[] =
    "{\"images\": ["
    "{\"filename\": \"a\", \"source\": \"web\", \"sentences\": [{\"raw\": \"one\"}]},"
    "{\"filename\": \"b\", \"source\": \"co\\tco\", \"sentences\": [{\"raw\": \"two\"}]},"
    "{\"filename\": \"c\", \"source\": 7, \"sentences\": [{\"raw\": \"three\"}]},"
    "{\"filename\": \"d\", \"source\": \"web\", \"sentences\": [{\"raw\": \"four\"}]}]}";

static void names_are_short_and_differ(void **state) {
    (void)state;
    static const char *const paths[] = {
        "x/dataset_flickr8k.json", "everyday/", "y/everyday.jsonl", "my photos.json", "everyday-2",
        "dataset_.json",           "/"};
    static const char *const expected[] = {"flickr8k",     "everyday", "everyday-2", "my_photos",
                                           "everyday-2-2", "dataset_", "data"};
    enum { COUNT = sizeof paths / sizeof *paths };
    char **names = dataset_names(paths, COUNT, NULL);
    assert_non_null(names);
    for (size_t i = 0; i < COUNT; i++) assert_string_equal(names[i], expected[i]);
    dataset_names_free(names, COUNT);
}

static void assert_part(const struct dataset_parts *parts, size_t index, const char *name,
                        size_t first, size_t count) {
    assert_string_equal(parts->items[index].name, name);
    assert_int_equal(parts->items[index].first, first);
    assert_int_equal(parts->items[index].count, count);
}

static void parts_are_data_sets_or_sources(void **state) {
    (void)state;
    struct dataset dataset = read_text(sourced, NULL);
    size_t photos[] = {0, 1, 2, 3};
    struct dataset_parts parts = {0};
    assert_true(dataset_parts_add(&parts, 2, "all", NULL));
    assert_true(dataset_parts_add_sources(&parts, &dataset, photos, 4, "set", NULL));
    assert_int_equal(parts.count, 4);
    assert_part(&parts, 0, "all", 0, 2);
    assert_part(&parts, 1, "set/web", 2, 2);
    assert_part(&parts, 2, "set/co_co", 4, 1);
    assert_part(&parts, 3, "set", 5, 1);
    const size_t ordered[] = {0, 3, 1, 2};
    assert_memory_equal(photos, ordered, sizeof ordered);
    dataset_parts_free(&parts);
    dataset_free(&dataset);
}

static void too_many_sources_are_refused_with_the_flag(void **state) {
    (void)state;
    char text[8192] = "{\"images\": [";
    for (size_t i = 0; i <= DATASET_PARTS_MOST; i++) {
        char photo[128];
        snprintf(photo, sizeof photo,
                 "%s{\"filename\": \"%zu\", \"source\": \"s%zu\", \"sentences\": []}", i ? "," : "",
                 i, i);
        strncat(text, photo, sizeof text - strlen(text) - 1);
    }
    strncat(text, "]}", sizeof text - strlen(text) - 1);
    struct dataset dataset = read_text(text, NULL);
    size_t photos[DATASET_PARTS_MOST + 1];
    for (size_t i = 0; i <= DATASET_PARTS_MOST; i++) photos[i] = i;
    struct dataset_parts parts = {0};
    caption_error error;
    assert_false(
        dataset_parts_add_sources(&parts, &dataset, photos, DATASET_PARTS_MOST + 1, "set", &error));
    assert_message_has(&error, "--by-source");
    dataset_parts_free(&parts);
    dataset_free(&dataset);
}

static void a_data_set_goes_behind_another(void **state) {
    (void)state;
    struct dataset first = {0}, second = read_text(sourced, NULL), third = read_text(sourced, "x");
    assert_true(dataset_append(&first, &second, NULL));
    assert_true(dataset_append(&first, &third, NULL));
    assert_int_equal(third.photo_count, 0);
    assert_int_equal(first.photo_count, 8);
    assert_sound(&first);
    assert_caption(&first, 4, 0, "one");
    assert_string_equal(first.photos[7].path, "x/d");
    assert_string_equal(first.photos[7].source, "web");
    dataset_free(&first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_short_and_differ),
        cmocka_unit_test(parts_are_data_sets_or_sources),
        cmocka_unit_test(too_many_sources_are_refused_with_the_flag),
        cmocka_unit_test(a_data_set_goes_behind_another),
    };
    return cmocka_run_group_tests_name("parts of data sets", tests, NULL, NULL);
}
