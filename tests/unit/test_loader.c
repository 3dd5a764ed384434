/* Photos come in order, whatever the threads do, and are what photo_load makes of them. */
#include "temporary_folder.h"

#include "base/threads.h"
#include "data/loader.h"

enum { SIDE = 4, PHOTOS = 13, NUMBERS = SIDE * SIDE * 3 };
static const struct preprocessing scale = {SIDE, {10, 20, 30}, {2, 4, 8}};

/* A folder of photos that all differ, and what is to be done to them. */
struct photos {
    char *folder;
    char *paths[PHOTOS];
    size_t skip; /* every so many numbers one is not wanted; 0: all are */
};

static struct photos photos_new(void) {
    struct photos photos = {.folder = temporary_folder_new()};
    for (size_t i = 0; i < PHOTOS; i++) {
        char name[16], bytes[12 + NUMBERS + 1];
        snprintf(name, sizeof name, "%02zu.ppm", i);
        const int header = snprintf(bytes, sizeof bytes, "P6\n%d %d\n255\n", SIDE, SIDE);
        for (size_t j = 0; j < NUMBERS; j++) bytes[(size_t)header + j] = (char)(17 * i + j + 1);
        photos.paths[i] = file_join(photos.folder, name, NULL);
        assert_non_null(photos.paths[i]);
        temporary_file_write(photos.paths[i], bytes, (size_t)header + NUMBERS);
    }
    return photos;
}

static void photos_free(struct photos *photos) {
    for (size_t i = 0; i < PHOTOS; i++) free(photos->paths[i]);
    temporary_folder_free(photos->folder);
}

static bool is_wanted(const struct photos *photos, size_t number) {
    return photos->skip == 0 || number % photos->skip != 0;
}

static bool plan(void *context, size_t number, struct photo_file *file, struct augment *augment) {
    const struct photos *photos = context;
    if (!is_wanted(photos, number)) return false;
    *file = (struct photo_file){.path = photos->paths[number % PHOTOS]};
    *augment = augment_none();
    augment->mirror = number % 2 == 1;
    return true;
}

static void assert_photo(const struct photos *photos, size_t number, const float *found) {
    struct photo_file file;
    struct augment augment;
    assert_true(plan((void *)photos, number, &file, &augment));
    float expected[NUMBERS];
    assert_true(photo_load(&file, &scale, &augment, expected, NULL));
    assert_memory_equal(found, expected, sizeof expected);
}

static struct loader *loader_with(size_t capacity, size_t threads) {
    caption_error error = {0};
    struct loader *loader = loader_new(&scale, capacity, threads, &error);
    if (!loader) fail_msg("%s", error.message);
    return loader;
}

/* Waits for the wanted ones of [first, end), one after the other. */
static void take(struct loader *loader, const struct photos *photos, size_t first, size_t end) {
    for (size_t number = first; number < end; number++) {
        if (!is_wanted(photos, number)) continue;
        const float *images = loader_wait(loader, number, 1, NULL);
        assert_non_null(images);
        assert_photo(photos, number, images);
        loader_release(loader, number, 1);
    }
}

static void photos_come_in_order_through_a_ring_of_any_size(void **state) {
    (void)state;
    struct photos photos = photos_new();
    for (size_t capacity = 1; capacity <= 2 * PHOTOS; capacity += 4) {
        for (size_t threads = 1; threads <= 3; threads++) {
            struct loader *loader = loader_with(capacity, threads);
            loader_start(loader, 0, 3 * PHOTOS, plan, &photos);
            take(loader, &photos, 0, 3 * PHOTOS);
            loader_free(loader);
        }
    }
    photos_free(&photos);
}

static void neighbours_lie_side_by_side(void **state) {
    (void)state;
    enum { TOGETHER = 3 };
    struct photos photos = photos_new();
    struct loader *loader = loader_with(2 * TOGETHER, 2);
    loader_start(loader, 0, 4 * TOGETHER, plan, &photos);
    for (size_t first = 0; first < 4 * TOGETHER; first += TOGETHER) {
        const float *images = loader_wait(loader, first, TOGETHER, NULL);
        assert_non_null(images);
        for (size_t i = 0; i < TOGETHER; i++) {
            assert_photo(&photos, first + i, images + i * NUMBERS);
        }
        loader_release(loader, first, TOGETHER);
    }
    loader_free(loader);
    photos_free(&photos);
}

static void numbers_that_are_not_wanted_are_passed_over(void **state) {
    (void)state;
    struct photos photos = photos_new();
    photos.skip = 3;
    struct loader *loader = loader_with(4, 2);
    loader_start(loader, 0, 2 * PHOTOS, plan, &photos);
    take(loader, &photos, 0, 2 * PHOTOS);
    photos.skip = 1; /* none is wanted: nothing comes, and nothing hangs */
    loader_start(loader, 0, PHOTOS, plan, &photos);
    loader_free(loader);
    photos_free(&photos);
}

static void starting_anew_abandons_what_was_under_way(void **state) {
    (void)state;
    struct photos photos = photos_new();
    struct loader *loader = loader_with(5, 3);
    for (size_t first = 0; first < 60; first++) {
        loader_start(loader, first, first + PHOTOS, plan, &photos);
        if (first % 3 == 0) take(loader, &photos, first, first + first % 7);
        if (first % 4 == 0) loader_start(loader, 0, 0, plan, &photos);
    }
    loader_start(loader, 2, PHOTOS, plan, &photos);
    take(loader, &photos, 2, PHOTOS);
    loader_start(loader, 9, 4, plan, &photos); /* begins behind its end: nothing to do */
    loader_free(loader);
    photos_free(&photos);
}

static void an_unreadable_photo_is_an_error_and_the_others_come(void **state) {
    (void)state;
    struct photos photos = photos_new();
    temporary_file_write(photos.paths[3], "no photo", 8);
    assert_int_equal(unlink(photos.paths[4]), 0);
    struct loader *loader = loader_with(6, 2);
    loader_start(loader, 0, PHOTOS, plan, &photos);
    take(loader, &photos, 0, 3);
    caption_error error = {0};
    assert_null(loader_wait(loader, 3, 3, &error)); /* the first of the two that fail */
    assert_message_has(&error, photos.paths[3]);
    assert_null(loader_wait(loader, 4, 1, &error));
    assert_message_has(&error, photos.paths[4]);
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    loader_release(loader, 3, 2);
    take(loader, &photos, 5, PHOTOS);
    loader_free(loader);
    photos_free(&photos);
}

/* What several threads have taken. */
enum { TAKERS = 3 };
struct taking {
    struct loader *loader;
    float found[3 * PHOTOS][NUMBERS];
};

static void take_some(void *context, size_t item, size_t worker) {
    (void)worker;
    struct taking *taking = context;
    const float *images = loader_wait(taking->loader, item, 1, NULL);
    if (images) memcpy(taking->found[item], images, sizeof taking->found[item]);
    loader_release(taking->loader, item, 1);
}

static void several_threads_may_wait(void **state) {
    (void)state;
    struct photos photos = photos_new();
    struct threads *threads = threads_new(TAKERS, NULL);
    assert_non_null(threads);
    static struct taking taking;
    taking.loader = loader_with(4, 2);
    for (size_t turn = 0; turn < 5; turn++) {
        memset(taking.found, 0, sizeof taking.found);
        loader_start(taking.loader, 0, 3 * PHOTOS, plan, &photos);
        threads_for(threads, 3 * PHOTOS, take_some, &taking);
        for (size_t i = 0; i < 3 * PHOTOS; i++) assert_photo(&photos, i, taking.found[i]);
    }
    loader_free(taking.loader);
    threads_free(threads);
    photos_free(&photos);
}

static void freed_while_busy(void **state) {
    (void)state;
    struct photos photos = photos_new();
    for (size_t threads = 1; threads <= 4; threads++) {
        struct loader *loader = loader_with(PHOTOS, threads);
        loader_start(loader, 0, 5 * PHOTOS, plan, &photos);
        loader_free(loader);
    }
    loader_free(loader_with(1, 1)); /* never started */
    loader_free(NULL);
    photos_free(&photos);
}

static void a_ring_beyond_all_memory_is_an_error(void **state) {
    (void)state;
    caption_error error = {0};
    assert_null(loader_new(&scale, SIZE_MAX / 2, 1, &error));
    assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    const struct preprocessing huge = {.size = (size_t)1 << 31};
    assert_null(loader_new(&huge, 1 << 10, 1, &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_come_in_order_through_a_ring_of_any_size),
        cmocka_unit_test(neighbours_lie_side_by_side),
        cmocka_unit_test(numbers_that_are_not_wanted_are_passed_over),
        cmocka_unit_test(starting_anew_abandons_what_was_under_way),
        cmocka_unit_test(an_unreadable_photo_is_an_error_and_the_others_come),
        cmocka_unit_test(several_threads_may_wait),
        cmocka_unit_test(freed_while_busy),
        cmocka_unit_test(a_ring_beyond_all_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
