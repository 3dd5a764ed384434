#include "dataset_fixture.h"
#include "temporary_folder.h"

#include <sys/stat.h>
#include <unistd.h>

static struct dataset read_folder(const char *folder, const char *images) {
    struct dataset dataset;
    caption_error error;
    if (!dataset_read(&dataset, folder, &(struct dataset_reading){.images = images}, &error))
        fail_msg("%s", error.message);
    assert_sound(&dataset);
    return dataset;
}

static void assert_folder_refused(const char *folder, const char *message) {
    struct dataset dataset;
    caption_error error = {0};
    assert_false(dataset_read(&dataset, folder, NULL, &error));
    assert_message_has(&error, folder);
    assert_message_has(&error, message);
}

static void photos_with_texts_are_read_by_name(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_put(folder, "b.jpg", temporary_photo); /* by its content, not by its name */
    temporary_folder_put(folder, "b.txt", "A dog.\n\nIt runs.\n");
    temporary_folder_put(folder, "a.ppm", temporary_photo);
    temporary_folder_put(folder, "a.png", temporary_photo);
    temporary_folder_put(folder, "a.txt",
                         "\xEF\xBB\xBF"
                         "A cat.\r\n...\r\n");
    temporary_folder_put(folder, "c.d.ppm", temporary_photo);
    temporary_folder_put(folder, "c.d.txt", "");
    temporary_folder_put(folder, "lonely.ppm", temporary_photo);
    temporary_folder_put(folder, ".hidden.ppm", temporary_photo);
    temporary_folder_put(folder, "notes.txt", "no photo of that name");
    struct dataset dataset = read_folder(folder, NULL);
    assert_string_equal(dataset.format, "folder of photos with texts");
    assert_string_equal(dataset.name, folder);
    assert_false(dataset.split_given);
    assert_int_equal(dataset.photo_count, 4);
    assert_photo(&dataset, 0, "a.png", "a.png", 1);
    assert_photo(&dataset, 1, "a.ppm", "a.ppm", 1);
    assert_photo(&dataset, 2, "b.jpg", "b.jpg", 2);
    assert_photo(&dataset, 3, "c.d.ppm", "c.d.ppm", 0);
    assert_caption(&dataset, 0, 0, "a cat");
    assert_caption(&dataset, 1, 0, "a cat");
    assert_caption(&dataset, 2, 1, "it runs");
    assert_int_equal(dataset.wordless, 2);
    assert_int_equal(dataset.without_text, 1);
    char *path = file_join(folder, "b.jpg", NULL);
    assert_string_equal(dataset.photos[2].path, path);
    free(path);
    dataset_free(&dataset);
    temporary_folder_free(folder);
}

static void photos_may_lie_in_another_folder(void **state) {
    (void)state;
    char *texts = temporary_folder_new(), *photos = temporary_folder_new();
    temporary_folder_put(texts, "a.txt", "a dog");
    temporary_folder_put(photos, "a.ppm", temporary_photo);
    struct dataset dataset = read_folder(texts, photos);
    assert_photo(&dataset, 0, "a.ppm", "a.ppm", 1);
    assert_int_equal(strncmp(dataset.photos[0].path, photos, strlen(photos)), 0);
    dataset_free(&dataset);
    temporary_folder_free(texts);
    temporary_folder_free(photos);
}

static void a_folder_is_read_through_its_metadata(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_put(folder, "a.ppm", temporary_photo);
    temporary_folder_put(folder, "a.txt", "never read");
    temporary_folder_put(folder, "metadata.jsonl",
                         "{\"file_name\": \"a.ppm\", \"text\": \"A dog\"}");
    struct dataset dataset = read_folder(folder, NULL);
    assert_string_equal(dataset.format, "JSON Lines of photos");
    assert_photo(&dataset, 0, "a.ppm", "a.ppm", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_int_equal(strncmp(dataset.photos[0].path, folder, strlen(folder)), 0);
    dataset_free(&dataset);
    temporary_folder_put(folder, "metadata.jsonl", "{\"file_name\": \"a.ppm\"}");
    assert_folder_refused(folder, "metadata.jsonl: line 1: expected an object with \"captions\"");
    temporary_folder_free(folder);
}

static void folders_in_folders_are_read(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_make(folder, "10_dogs");
    temporary_folder_make(folder, "10_dogs/small");
    temporary_folder_make(folder, ".cache");
    temporary_folder_put(folder, "z.ppm", temporary_photo);
    temporary_folder_put(folder, "z.txt", "a zebra");
    temporary_folder_put(folder, "10_dogs/a.ppm", temporary_photo);
    temporary_folder_put(folder, "10_dogs/a.txt", "a dog");
    temporary_folder_put(folder, "10_dogs/small/a.ppm", temporary_photo);
    temporary_folder_put(folder, "10_dogs/small/a.txt", "a puppy");
    temporary_folder_put(folder, ".cache/a.ppm", temporary_photo);
    temporary_folder_put(folder, ".cache/a.txt", "never read");
    char *link = file_join(folder, "loop", NULL);
    assert_int_equal(symlink(".", link), 0);
    free(link);
    struct dataset dataset = read_folder(folder, NULL);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "10_dogs/a.ppm", "10_dogs/a.ppm", 1);
    assert_photo(&dataset, 1, "10_dogs/small/a.ppm", "10_dogs/small/a.ppm", 1);
    assert_caption(&dataset, 1, 0, "a puppy");
    assert_photo(&dataset, 2, "z.ppm", "z.ppm", 1);
    assert_false(dataset.split_given);
    dataset_free(&dataset);
    temporary_folder_free(folder);
}

static void folders_that_are_called_so_are_splits(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_make(folder, "train");
    temporary_folder_make(folder, "validation");
    temporary_folder_put(folder, "train/a.ppm", temporary_photo);
    temporary_folder_put(folder, "train/a.txt", "a dog");
    temporary_folder_put(folder, "validation/a.ppm", temporary_photo);
    temporary_folder_put(folder, "validation/a.txt", "a cat");
    struct dataset dataset = read_folder(folder, NULL);
    assert_true(dataset.split_given);
    assert_int_equal(dataset.photos[0].split, DATASET_TRAIN);
    assert_int_equal(dataset.photos[1].split, DATASET_VAL);
    dataset_free(&dataset);
    temporary_folder_put(folder, "b.ppm", temporary_photo);
    temporary_folder_put(folder, "b.txt", "a bird");
    dataset = read_folder(folder, NULL);
    assert_false(dataset.split_given);
    dataset_free(&dataset);
    temporary_folder_free(folder);
}

static void each_split_may_have_metadata(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_make(folder, "test");
    temporary_folder_make(folder, "train");
    temporary_folder_make(folder, "other");
    temporary_folder_put(folder, "test/metadata.csv", "file_name,id,text\na.png,1,A cat.\n");
    temporary_folder_put(folder, "train/metadata.jsonl",
                         "{\"file_name\": \"a.png\", \"id\": 1, \"text\": \"A dog.\"}\n"
                         "{\"file_name\": \"in/b.png\", \"text\": \"Dogs.\"}\n"
                         "{\"file_name\": \"a.png\", \"text\": \"It runs.\"}\n");
    temporary_folder_put(folder, "other/metadata.jsonl", "never read");
    struct dataset dataset = read_folder(folder, NULL);
    assert_string_equal(dataset.format, "folders train, validation, test");
    assert_true(dataset.split_given);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "test/a.png", "test/1", 1);
    assert_photo(&dataset, 1, "train/a.png", "train/1", 2);
    assert_photo(&dataset, 2, "train/in/b.png", "train/in/b.png", 1);
    assert_int_equal(dataset.photos[0].split, DATASET_TEST);
    assert_int_equal(dataset.photos[2].split, DATASET_TRAIN);
    char *path = file_join(folder, "train/in/b.png", NULL);
    assert_string_equal(dataset.photos[2].path, path);
    free(path);
    dataset_free(&dataset);
    temporary_folder_put(folder, "test/metadata.csv", "file_name,text\na.png,x,y\n");
    assert_folder_refused(folder, "test/metadata.csv: line 2: expected 2 fields");
    temporary_folder_put(folder, "test/metadata.csv", "once upon a time\n");
    assert_folder_refused(folder, "test/metadata.csv: expected a data set in a format");
    temporary_folder_free(folder);
}

static void captions_may_have_another_extension(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_put(folder, "a.ppm", temporary_photo);
    temporary_folder_put(folder, "a.caption", "a dog");
    temporary_folder_put(folder, "a.tags", "dog, grass\n");
    temporary_folder_put(folder, "b.ppm", temporary_photo);
    temporary_folder_put(folder, "b.json", "{\"caption\": \"A cat.\", \"score\": 0.3}");
    temporary_folder_put(folder, "c.ppm", temporary_photo);
    temporary_folder_put(folder, "c.txt", "a cow");
    temporary_folder_put(folder, "c.caption", "never read");
    struct dataset dataset = read_folder(folder, NULL);
    assert_int_equal(dataset.photo_count, 3);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_caption(&dataset, 1, 0, "a cat");
    assert_caption(&dataset, 2, 0, "a cow");
    dataset_free(&dataset);
    static const char *const extensions[] = {".tags", "tags"};
    for (size_t i = 0; i < 2; i++) {
        const struct dataset_reading how = {.sidecar = extensions[i]};
        assert_true(dataset_read(&dataset, folder, &how, NULL));
        assert_int_equal(dataset.photo_count, 1);
        assert_caption(&dataset, 0, 0, "dog grass");
        assert_int_equal(dataset.without_text, 2);
        dataset_free(&dataset);
    }
    temporary_folder_put(folder, "b.json", "{\"caption\": 7}");
    assert_folder_refused(folder, "b.json.caption: expected a string or an array of strings");
    temporary_folder_free(folder);
}

static void folders_without_photos_or_texts_are_errors(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    temporary_folder_put(folder, "a.txt", "a dog");
    assert_folder_refused(folder, "expected a folder of photos, found none in it");
    temporary_folder_put(folder, "b.ppm", temporary_photo);
    assert_folder_refused(
        folder,
        "expected captions in a .txt, .caption or .json beside a photo, found none for 1 photo");
    char *inner = file_join(folder, "b.txt", NULL);
    assert_int_equal(mkdir(inner, 0700), 0);
    assert_folder_refused(folder, "b.txt: is a directory");
    free(inner);
    temporary_folder_free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_with_texts_are_read_by_name),
        cmocka_unit_test(photos_may_lie_in_another_folder),
        cmocka_unit_test(a_folder_is_read_through_its_metadata),
        cmocka_unit_test(folders_in_folders_are_read),
        cmocka_unit_test(folders_that_are_called_so_are_splits),
        cmocka_unit_test(each_split_may_have_metadata),
        cmocka_unit_test(captions_may_have_another_extension),
        cmocka_unit_test(folders_without_photos_or_texts_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
