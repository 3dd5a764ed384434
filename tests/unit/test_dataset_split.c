#include "dataset_fixture.h"

static const char karpathy[] =
    "{\"images\": [{\"filename\": \"a\", \"split\": \"train\", \"sentences\": []},"
    "{\"filename\": \"b\", \"split\": \"restval\", \"sentences\": []}]}";

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

static void the_case_of_a_split_does_not_matter(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("image,split,text\na,Train,x\nb,VAL,y\nc,Validation,z\nd,Test,w\n", NULL);
    assert_int_equal(dataset.photos[0].split, DATASET_TRAIN);
    assert_int_equal(dataset.photos[1].split, DATASET_VAL);
    assert_int_equal(dataset.photos[2].split, DATASET_VAL);
    assert_int_equal(dataset.photos[3].split, DATASET_TEST);
    dataset_free(&dataset);
}

static void a_split_is_selected_in_order_and_an_empty_one_is_an_error(void **state) {
    (void)state;
    struct dataset dataset = read_text(karpathy, NULL);
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

/* `count` photos with a caption each, numbered from `first`, as JSON Lines; freed with free(). */
static char *numbered_rows(size_t first, size_t count) {
    const size_t room = 64;
    char *text = calloc(count + 1, room), *end = text;
    assert_non_null(text);
    for (size_t i = first; i < first + count; i++) {
        end += snprintf(end, room, "{\"file_name\": \"%05zu.jpg\", \"text\": \"a dog\"}\n", i);
    }
    return text;
}

static struct dataset read_numbered(size_t first, size_t count, uint64_t seed) {
    char *text = numbered_rows(first, count);
    struct dataset dataset = read_text(text, NULL);
    free(text);
    assert_false(dataset.split_given);
    assert_true(dataset_split_seeded(&dataset, seed, NULL));
    assert_true(dataset.split_seeded);
    return dataset;
}

static size_t count_split(const struct dataset *dataset, enum dataset_split split) {
    size_t count = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) count += dataset->photos[i].split == split;
    return count;
}

static void a_tenth_becomes_val_at_least_one_and_at_most_a_thousand(void **state) {
    (void)state;
    static const struct {
        size_t photos, held;
    } cases[] = {{2, 1}, {9, 1}, {40, 4}, {1000, 100}, {10010, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dataset dataset = read_numbered(0, cases[i].photos, 1);
        assert_int_equal(count_split(&dataset, DATASET_VAL), cases[i].held);
        assert_int_equal(count_split(&dataset, DATASET_TRAIN), cases[i].photos - cases[i].held);
        dataset_free(&dataset);
    }
}

static enum dataset_split split_of(const struct dataset *dataset, const char *name) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        if (strcmp(dataset->photos[i].name, name) == 0) return dataset->photos[i].split;
    }
    fail_msg("%s is not in the data set", name);
    return DATASET_NONE;
}

/* How many of the photos of `a` have another split in `b`, which has them all. */
static size_t count_moved(const struct dataset *a, const struct dataset *b) {
    size_t moved = 0;
    for (size_t i = 0; i < a->photo_count; i++) {
        moved += a->photos[i].split != split_of(b, a->photos[i].name);
    }
    return moved;
}

static void the_seed_and_the_names_alone_choose(void **state) {
    (void)state;
    struct dataset dataset = read_numbered(0, 200, 7), other = read_numbered(0, 200, 8);
    assert_true(count_moved(&dataset, &other) > 0);
    dataset_free(&other);
    char *text = numbered_rows(0, 200), *half = text + strlen(text) / 2;
    char *turned = calloc(strlen(text) + 1, 1);
    assert_non_null(turned);
    const size_t rest = strlen(half);
    memcpy(turned, half, rest);
    memcpy(turned + rest, text, strlen(text) - rest);
    other = read_text(turned, NULL);
    assert_true(dataset_split_seeded(&other, 7, NULL));
    assert_string_equal(other.photos[0].name, "00100.jpg");
    assert_int_equal(count_moved(&dataset, &other), 0);
    dataset_free(&other);
    dataset_free(&dataset);
    free(turned);
    free(text);
}

static void few_photos_change_sides_when_others_are_added(void **state) {
    (void)state;
    struct dataset before = read_numbered(0, 500, 1), after = read_numbered(0, 600, 1);
    size_t moved = count_moved(&before, &after);
    assert_in_range(moved, 0, 20); /* of 500; two splits at random would move 90 */
    dataset_free(&before);
    dataset_free(&after);
}

static void photos_without_captions_are_not_held_out(void **state) {
    (void)state;
    struct dataset dataset = read_text("[{\"image\": \"a\", \"text\": \"a dog\"},"
                                       "{\"image\": \"b\", \"text\": []},"
                                       "{\"image\": \"c\", \"text\": \"a cat\"}]",
                                       NULL);
    assert_true(dataset_split_seeded(&dataset, 1, NULL));
    assert_int_equal(dataset.photos[1].split, DATASET_TRAIN);
    assert_int_equal(count_split(&dataset, DATASET_VAL), 1);
    size_t photos[] = {2, 1, 0};
    assert_int_equal(dataset_keep_captioned(&dataset, photos, 3), 2);
    assert_int_equal(photos[0], 2);
    assert_int_equal(photos[1], 0);
    dataset_free(&dataset);
}

#define ROW(name, split) "{\"image\": \"" name "\", \"text\": \"dog\", \"split\": \"" split "\"}\n"

static void val_is_taken_from_train_where_only_val_is_missing(void **state) {
    (void)state;
    struct dataset dataset =
        read_text(ROW("a", "train") ROW("b", "test") ROW("c", "train") ROW("d", "other"), NULL);
    assert_true(dataset.split_given);
    assert_true(dataset_split_seeded(&dataset, 1, NULL));
    assert_int_equal(count_split(&dataset, DATASET_TRAIN), 1);
    assert_int_equal(count_split(&dataset, DATASET_VAL), 1);
    assert_int_equal(dataset.photos[1].split, DATASET_TEST);
    assert_int_equal(dataset.photos[3].split, DATASET_OTHER);
    dataset_free(&dataset);
}

static void a_data_set_with_val_photos_is_left_alone(void **state) {
    (void)state;
    struct dataset dataset = read_text(ROW("a", "train") ROW("b", "validation"), NULL);
    assert_true(dataset_split_seeded(&dataset, 1, NULL));
    assert_false(dataset.split_seeded);
    assert_int_equal(dataset.photos[0].split, DATASET_TRAIN);
    assert_int_equal(dataset.photos[1].split, DATASET_VAL);
    dataset_free(&dataset);
}

static void one_photo_cannot_be_divided(void **state) {
    (void)state;
    caption_error error = {0};
    struct dataset dataset = read_text("[{\"image\": \"a\", \"text\": \"a dog\"}]", NULL);
    assert_false(dataset_split_seeded(&dataset, 1, &error));
    assert_message_has(&error, dataset.name);
    assert_message_has(&error, "at least two photos with captions, one to learn from");
    assert_message_has(&error, "found 1");
    dataset_free(&dataset);
    dataset = read_text(ROW("a", "test") ROW("b", "test"), NULL);
    assert_false(dataset_split_seeded(&dataset, 1, &error));
    assert_message_has(&error, "in the split \"train\"");
    assert_message_has(&error, "found 0");
    dataset_free(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_are_told_by_name),
        cmocka_unit_test(the_case_of_a_split_does_not_matter),
        cmocka_unit_test(a_split_is_selected_in_order_and_an_empty_one_is_an_error),
        cmocka_unit_test(a_tenth_becomes_val_at_least_one_and_at_most_a_thousand),
        cmocka_unit_test(the_seed_and_the_names_alone_choose),
        cmocka_unit_test(few_photos_change_sides_when_others_are_added),
        cmocka_unit_test(photos_without_captions_are_not_held_out),
        cmocka_unit_test(val_is_taken_from_train_where_only_val_is_missing),
        cmocka_unit_test(a_data_set_with_val_photos_is_left_alone),
        cmocka_unit_test(one_photo_cannot_be_divided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
