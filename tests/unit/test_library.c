/* An index brought up to date after its photos were added, changed, moved, copied and removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "search/library.h"

enum { WIDTH = 4, MODEL = 99, MOST = 16 };

struct fixture {
    char folder[64], index[96];
    char *paths[MOST]; /* of the photos that are added: the library points to them */
    struct index_file old;
    struct library library;
};

static void in_folder(const struct fixture *f, const char *name, char *out, size_t size) {
    snprintf(out, size, "%s/%s", f->folder, name);
}

static void write_photo(const struct fixture *f, const char *name, const char *text) {
    char path[128];
    in_folder(f, name, path, sizeof path);
    assert_true(file_write(path, text, strlen(text), NULL));
}

static void rename_photo(const struct fixture *f, const char *from, const char *to) {
    char a[128], b[128];
    in_folder(f, from, a, sizeof a);
    in_folder(f, to, b, sizeof b);
    assert_int_equal(rename(a, b), 0);
}

static void remove_photo(const struct fixture *f, const char *name) {
    char path[128];
    in_folder(f, name, path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

/* Another time of its last change. */
static void touch(const struct fixture *f, const char *name) {
    char path[128];
    const struct timespec times[] = {{12345, 6}, {12345, 6}};
    in_folder(f, name, path, sizeof path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* What stands for encoding: a vector that begins with the first byte of the file. */
static void encode(struct library *library, size_t number, const struct file_bytes *file) {
    const uint8_t vector[2 * WIDTH] = {file->data[0], 0x3c};
    assert_true(library_take(library, number, vector, WIDTH, NULL));
}

static void begin(struct fixture *f) {
    struct stat status;
    caption_error error = {0};
    f->old = (struct index_file){0};
    if (stat(f->index, &status) == 0 && !index_file_open(&f->old, f->index, &error))
        fail_msg("%s", error.message);
    if (!library_open(&f->library, f->index, &f->old, &error)) fail_msg("%s", error.message);
}

static void add(struct fixture *f, const char *name) {
    caption_error error = {0};
    char *path = file_join(f->folder, name, NULL);
    f->paths[f->library.count] = path;
    if (!library_add(&f->library, path, &error)) fail_msg("%s", error.message);
}

/* Reads what must be read, and writes. */
static void finish(struct fixture *f) {
    caption_error error = {0};
    for (size_t i = 0; i < f->library.count; i++) {
        struct file_bytes file;
        if (f->library.photos[i].state != LIBRARY_UNREAD) continue;
        assert_true(file_read(f->library.photos[i].path, 1 << 20, &file, NULL));
        if (!library_knows(&f->library, i, &file)) encode(&f->library, i, &file);
        file_bytes_free(&file);
    }
    if (!library_write(&f->library, MODEL, WIDTH, &error)) fail_msg("%s", error.message);
}

static void end(struct fixture *f) {
    for (size_t i = 0; i < f->library.count; i++) free(f->paths[i]);
    library_free(&f->library);
    index_file_close(&f->old);
}

/* Names of photos, ended by NULL. */
static void update(struct fixture *f, const char *const *names) {
    begin(f);
    for (; *names; names++) add(f, *names);
    finish(f);
}

/* The index has these photos, each with the vector of that byte; "a.jpg=A", ended by NULL. */
static void expect(const struct fixture *f, const char *const *photos) {
    struct index_file index;
    caption_error error = {0};
    size_t count = 0;
    if (!index_file_open(&index, f->index, &error)) fail_msg("%s", error.message);
    for (; photos[count]; count++) {
        uint8_t vector[2 * WIDTH];
        assert_true(count < index.count);
        assert_true(index_file_vectors(&index, count, 1, vector, NULL));
        char found[128];
        snprintf(found, sizeof found, "%s=%c", index.photos[count].name, vector[0]);
        assert_string_equal(found, photos[count]);
    }
    assert_int_equal(index.count, count);
    index_file_close(&index);
}

static void expect_counts(const struct fixture *f, size_t kept, size_t encoded, size_t known,
                          size_t moved, size_t gone) {
    assert_int_equal(f->library.kept, kept);
    assert_int_equal(f->library.encoded, encoded);
    assert_int_equal(f->library.known, known);
    assert_int_equal(f->library.moved, moved);
    assert_int_equal(f->library.gone, gone);
}

#define PHOTOS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->folder, "/tmp/caption-library-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->index, sizeof f->index, "%s/photos.index", f->folder);
    write_photo(f, "a.jpg", "A photo");
    write_photo(f, "b.jpg", "B photo");
    write_photo(f, "c.jpg", "C photo");
    update(f, PHOTOS("a.jpg", "b.jpg", "c.jpg"));
    expect_counts(f, 0, 3, 0, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=B", "c.jpg=C"));
    end(f);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void test_photos_as_they_were_are_not_read(void **state) {
    struct fixture *f = *state;
    update(f, PHOTOS("a.jpg", "b.jpg", "c.jpg"));
    expect_counts(f, 3, 0, 0, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=B", "c.jpg=C"));
    end(f);
}

static void test_new_and_changed_photos_are_encoded(void **state) {
    struct fixture *f = *state;
    write_photo(f, "b.jpg", "X photo, and longer");
    write_photo(f, "d.jpg", "D photo");
    update(f, PHOTOS("a.jpg", "b.jpg", "c.jpg", "d.jpg"));
    expect_counts(f, 2, 2, 0, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=X", "c.jpg=C", "d.jpg=D"));
    end(f);
}

static void test_a_photo_of_the_same_size_and_another_time_is_read(void **state) {
    struct fixture *f = *state;
    write_photo(f, "b.jpg", "Y photo");
    touch(f, "b.jpg");
    touch(f, "c.jpg");
    update(f, PHOTOS("a.jpg", "b.jpg", "c.jpg"));
    expect_counts(f, 1, 1, 1, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=Y", "c.jpg=C"));
    end(f);
    update(f, PHOTOS("a.jpg", "b.jpg", "c.jpg")); /* the new time is known now */
    expect_counts(f, 3, 0, 0, 0, 0);
    end(f);
}

static void test_moved_and_copied_photos_are_known_by_their_content(void **state) {
    struct fixture *f = *state;
    rename_photo(f, "a.jpg", "z.jpg");
    write_photo(f, "copy.jpg", "B photo");
    update(f, PHOTOS("b.jpg", "c.jpg", "copy.jpg", "z.jpg"));
    expect_counts(f, 2, 0, 2, 1, 0);
    expect(f, PHOTOS("b.jpg=B", "c.jpg=C", "copy.jpg=B", "z.jpg=A"));
    end(f);
}

static void test_photos_that_are_gone_are_dropped_and_others_stay(void **state) {
    struct fixture *f = *state;
    remove_photo(f, "a.jpg");
    update(f, PHOTOS("b.jpg"));
    expect_counts(f, 2, 0, 0, 0, 1);
    expect(f, PHOTOS("b.jpg=B", "c.jpg=C"));
    end(f);
}

static void test_a_photo_that_cannot_be_read_now_is_dropped(void **state) {
    struct fixture *f = *state;
    write_photo(f, "b.jpg", "broken now");
    begin(f);
    add(f, "a.jpg");
    add(f, "b.jpg");
    assert_int_equal(f->library.photos[1].state, LIBRARY_UNREAD);
    assert_true(library_take(&f->library, 1, NULL, WIDTH, NULL));
    assert_true(library_write(&f->library, MODEL, WIDTH, NULL));
    expect(f, PHOTOS("a.jpg=A", "c.jpg=C"));
    end(f);
}

static void test_an_interrupted_run_keeps_what_it_did_not_look_at(void **state) {
    struct fixture *f = *state;
    write_photo(f, "b.jpg", "changed, not read");
    write_photo(f, "d.jpg", "D photo");
    begin(f);
    add(f, "b.jpg");
    add(f, "d.jpg");
    assert_true(library_write(&f->library, MODEL, WIDTH, NULL));
    expect(f, PHOTOS("a.jpg=A", "b.jpg=B", "c.jpg=C"));
    end(f);
    update(f, PHOTOS("b.jpg", "d.jpg")); /* and sees then that they changed */
    expect_counts(f, 2, 2, 0, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=c", "c.jpg=C", "d.jpg=D"));
    end(f);
}

static void test_of_two_runs_at_once_the_later_one_writes_nothing(void **state) {
    struct fixture *f = *state, other = *f;
    caption_error error = {0};
    const struct file_bytes photo = {(uint8_t[]){'E'}, 1};
    write_photo(f, "e.jpg", "E photo");
    begin(f);
    add(f, "e.jpg");
    encode(&f->library, 0, &photo);
    write_photo(&other, "d.jpg", "D photo");
    update(&other, PHOTOS("a.jpg", "b.jpg", "c.jpg", "d.jpg"));
    end(&other);
    assert_false(library_write(&f->library, MODEL, WIDTH, &error));
    assert_non_null(strstr(error.message, "another run has changed"));
    end(f);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=B", "c.jpg=C", "d.jpg=D"));
}

static void test_names_do_not_depend_on_how_a_path_is_spelt(void **state) {
    struct fixture *f = *state;
    char folder[128];
    in_folder(f, "sub", folder, sizeof folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    write_photo(f, "sub/e.jpg", "E photo");
    update(f, PHOTOS("sub/../b.jpg", "./c.jpg", "sub//e.jpg"));
    expect_counts(f, 3, 1, 0, 0, 0);
    expect(f, PHOTOS("a.jpg=A", "b.jpg=B", "c.jpg=C", "sub/e.jpg=E"));
    end(f);
}

static void test_photos_elsewhere_have_absolute_names(void **state) {
    struct fixture *f = *state;
    char folder[128], expected[160];
    in_folder(f, "sub", folder, sizeof folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    snprintf(f->index, sizeof f->index, "%s/sub/other.index", f->folder);
    update(f, PHOTOS("a.jpg"));
    char *whole = realpath(f->folder, NULL);
    snprintf(expected, sizeof expected, "%s/a.jpg=A", whole);
    expect(f, PHOTOS(expected));
    free(whole);
    end(f);
}

static void test_what_is_no_file_is_refused(void **state) {
    struct fixture *f = *state;
    caption_error error = {0};
    begin(f);
    assert_false(library_add(&f->library, "-", &error));
    assert_non_null(strstr(error.message, "standard input"));
    assert_false(library_add(&f->library, "/no/such/photo.jpg", &error));
    assert_non_null(strstr(error.message, "/no/such/photo.jpg"));
    assert_false(library_add(&f->library, "/dev/null", &error));
    assert_non_null(strstr(error.message, "regular file"));
    assert_int_equal(f->library.count, 0);
    end(f);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_photos_as_they_were_are_not_read),
        TEST(test_new_and_changed_photos_are_encoded),
        TEST(test_a_photo_of_the_same_size_and_another_time_is_read),
        TEST(test_moved_and_copied_photos_are_known_by_their_content),
        TEST(test_photos_that_are_gone_are_dropped_and_others_stay),
        TEST(test_a_photo_that_cannot_be_read_now_is_dropped),
        TEST(test_an_interrupted_run_keeps_what_it_did_not_look_at),
        TEST(test_of_two_runs_at_once_the_later_one_writes_nothing),
        TEST(test_names_do_not_depend_on_how_a_path_is_spelt),
        TEST(test_photos_elsewhere_have_absolute_names),
        TEST(test_what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
