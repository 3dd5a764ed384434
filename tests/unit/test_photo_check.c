#include "dataset_fixture.h"
#include "temporary_folder.h"

#include "data/loader.h"

enum { PHOTOS = 200 };

/* Photo i is missing where i % 50 is 10, broken where it is 20. */
struct fixture {
    char *folder;
    struct dataset dataset;
    size_t photos[PHOTOS], count;
};

static void fixture_init(struct fixture *fixture) {
    fixture->folder = temporary_folder_new();
    char text[PHOTOS * 64] = "", *end = text;
    for (size_t i = 0; i < PHOTOS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03zu.ppm", i);
        end += sprintf(end, "{\"file_name\": \"%s\", \"text\": \"a dog\"}\n", name);
        if (i % 50 == 10) continue;
        temporary_folder_put(fixture->folder, name, i % 50 == 20 ? "no photo" : temporary_photo);
    }
    fixture->dataset = read_text(text, fixture->folder);
    fixture->count = PHOTOS;
    for (size_t i = 0; i < PHOTOS; i++) fixture->photos[i] = i;
}

static void fixture_free(struct fixture *fixture) {
    dataset_free(&fixture->dataset);
    temporary_folder_free(fixture->folder);
}

static bool check(struct fixture *fixture, enum photo_missing policy, size_t workers,
                  struct photo_check *out, caption_error *error) {
    struct threads *threads = threads_new(workers, NULL);
    assert_non_null(threads);
    const struct photo_check_options options = {.missing = policy, .threads = threads};
    bool ok =
        photo_check(&fixture->dataset, fixture->photos, &fixture->count, &options, out, error);
    threads_free(threads);
    return ok;
}

static void bad_photos_are_left_out_and_counted(void **state) {
    (void)state;
    for (size_t workers = 1; workers <= 4; workers += 3) {
        struct fixture fixture;
        fixture_init(&fixture);
        struct photo_check out;
        caption_error error = {0};
        assert_true(check(&fixture, PHOTO_MISSING_SKIP, workers, &out, &error));
        assert_int_equal(out.missing, 4);
        assert_int_equal(out.broken, 4);
        assert_message_has(&out.first_missing, "010.ppm: cannot open");
        assert_message_has(&out.first_broken, "020.ppm: is not a photo");
        assert_int_equal(fixture.count, PHOTOS - 8);
        assert_int_equal(fixture.photos[9], 9);
        assert_int_equal(fixture.photos[10], 11);
        assert_int_equal(fixture.photos[PHOTOS - 9], PHOTOS - 1);
        char message[640];
        assert_true(photo_check_message(&out, message, sizeof message));
        assert_non_null(strstr(message, "8 photos left out (4 missing, 4 broken), the first: "));
        assert_non_null(strstr(message, "010.ppm"));
        fixture_free(&fixture);
    }
}

static void the_first_bad_photo_of_the_list_is_the_error(void **state) {
    (void)state;
    for (size_t workers = 1; workers <= 4; workers += 3) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture.photos[0] = 120; /* broken */
        fixture.photos[120] = 0;
        struct photo_check out;
        caption_error error = {0};
        assert_false(check(&fixture, PHOTO_MISSING_FAIL, workers, &out, &error));
        assert_message_has(&error, "120.ppm: is not a photo");
        assert_message_has(&error, "the first of 8 bad photos out of 200: 4 missing, 4 broken");
        assert_message_has(&out.first_missing, "010.ppm");
        fixture_free(&fixture);
    }
}

static void good_photos_pass(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.count = 10;
    struct photo_check out;
    char message[64];
    assert_true(check(&fixture, PHOTO_MISSING_FAIL, 2, &out, NULL));
    assert_int_equal(fixture.count, 10);
    assert_false(photo_check_message(&out, message, sizeof message));
    fixture_free(&fixture);
}

static void no_photo_left_is_an_error(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.photos[0] = 60;
    fixture.count = 1;
    struct photo_check out;
    caption_error error = {0};
    assert_false(check(&fixture, PHOTO_MISSING_SKIP, 2, &out, &error));
    assert_message_has(&error, "060.ppm: cannot open");
    fixture_free(&fixture);
}

static void policies_are_told_by_name(void **state) {
    (void)state;
    assert_int_equal(photo_missing_parse("skip"), PHOTO_MISSING_SKIP);
    assert_int_equal(photo_missing_parse("fail"), PHOTO_MISSING_FAIL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_photos_are_left_out_and_counted),
        cmocka_unit_test(the_first_bad_photo_of_the_list_is_the_error),
        cmocka_unit_test(good_photos_pass),
        cmocka_unit_test(no_photo_left_is_an_error),
        cmocka_unit_test(policies_are_told_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
