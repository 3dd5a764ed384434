/* Files: read whole or refused with a reason, written whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

/* A folder of our own for each test. */
static int make_folder(void **state) {
    const char *base = getenv("TMPDIR");
    char *folder = file_join(base && *base ? base : "/tmp", "caption-file-XXXXXX", NULL);
    if (!folder || !mkdtemp(folder)) return -1;
    *state = folder;
    return 0;
}

/* Removes the folder and what is in it; the number of files that were there. */
static size_t empty_folder(const char *folder) {
    size_t files = 0;
    DIR *directory = opendir(folder);
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *path = file_join(folder, entry->d_name, NULL);
        if (path) remove(path);
        free(path);
        files++;
    }
    closedir(directory);
    return files;
}

static int remove_folder(void **state) {
    char *folder = *state;
    chmod(folder, 0700);
    empty_folder(folder);
    rmdir(folder);
    free(folder);
    return 0;
}

static char *path_in(void **state, const char *name) {
    char *path = file_join(*state, name, NULL);
    assert_non_null(path);
    return path;
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect_content(const char *path, const char *expected) {
    struct file_bytes bytes;
    caption_error error = {0};
    if (!file_read(path, 1000, &bytes, &error)) fail_msg("%s", error.message);
    assert_string_equal((const char *)bytes.data, expected);
    assert_int_equal(bytes.size, strlen(expected));
    file_bytes_free(&bytes);
}

static void expect_refusal(const char *path, size_t limit, caption_status status,
                           const char *reason) {
    struct file_bytes bytes;
    caption_error error = {0};
    assert_false(file_read(path, limit, &bytes, &error));
    assert_null(bytes.data);
    assert_int_equal(error.status, status);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, reason));
}

static void a_file_is_read_whole(void **state) {
    char *path = path_in(state, "a");
    write_text(path, "");
    expect_content(path, "");
    write_text(path, "two\nlines\n");
    expect_content(path, "two\nlines\n");

    enum { LARGE = 100000 };
    static char large[LARGE];
    for (size_t i = 0; i < LARGE; i++) large[i] = (char)(i * 7);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(large, 1, LARGE, file), LARGE);
    fclose(file);
    struct file_bytes bytes;
    assert_true(file_read(path, LARGE, &bytes, NULL)); /* exactly the limit */
    assert_int_equal(bytes.size, LARGE);
    assert_memory_equal(bytes.data, large, LARGE);
    assert_int_equal(bytes.data[LARGE], 0);
    file_bytes_free(&bytes);
    free(path);
}

static void what_cannot_be_read_is_named_with_its_reason(void **state) {
    char *path = path_in(state, "missing");
    expect_refusal(path, 10, CAPTION_ERROR_IO, "No such file");
    expect_refusal(*state, 10, CAPTION_ERROR_IO, "directory");
    write_text(path, "12345678901");
    expect_refusal(path, 10, CAPTION_ERROR_LIMIT, "10 bytes");
    free(path);
}

static void a_pipe_is_read_to_its_end_or_its_limit(void **state) {
    (void)state;
    for (size_t limit = 5; limit <= 6; limit++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "photo!", 6), 6);
        close(ends[1]);
        FILE *stream = fdopen(ends[0], "rb");
        struct file_bytes bytes;
        caption_error error = {0};
        assert_int_equal(file_read_stream(stream, "stdin", limit, &bytes, &error), limit == 6);
        if (limit == 6) {
            assert_string_equal((const char *)bytes.data, "photo!");
        } else {
            assert_int_equal(error.status, CAPTION_ERROR_LIMIT);
            assert_non_null(strstr(error.message, "stdin"));
        }
        file_bytes_free(&bytes);
        fclose(stream);
    }
}

/* /dev/zero took twice its limit of memory, as what grows by doubling does. */
static void no_more_is_read_than_shows_that_it_is_too_large(void **state) {
    enum { LIMIT = 100000 };
    char *path = path_in(state, "large");
    FILE *stream = fopen(path, "w+b");
    assert_non_null(stream);
    assert_int_equal(ftruncate(fileno(stream), 3 * LIMIT), 0);
    struct file_bytes bytes;
    caption_error error = {0};
    assert_false(file_read_stream(stream, path, LIMIT, &bytes, &error));
    assert_int_equal(error.status, CAPTION_ERROR_LIMIT);
    assert_int_equal(ftell(stream), LIMIT + 1);
    fclose(stream);
    free(path);
}

static void a_file_is_found_from_the_folder_of_another(void **state) {
    (void)state;
    char path[24] = "/usr/bin/caption", other[24] = "caption";
    assert_true(file_beside("../share/model", path, sizeof path)); /* as long as can be */
    assert_string_equal(path, "/usr/bin/../share/model");
    assert_false(file_beside("1234567", path, sizeof path));
    assert_string_equal(path, "/usr/bin/../share/model");
    assert_false(file_beside("model", other, sizeof other)); /* in no folder */
    char program[4096];
    assert_true(file_beside_program("test_base_file", program, sizeof program));
    assert_int_equal(access(program, X_OK), 0);
    assert_false(file_beside_program("test_base_file", program, 8));
}

/* Which /dev/stdin does not open: as a program in Node or behind systemd has it. */
static void standard_streams_may_be_sockets(void **state) {
    (void)state;
    int ends[2];
    const int input = dup(STDIN_FILENO), output = dup(STDOUT_FILENO);
    struct file_bytes bytes = {0};
    struct file_writer writer;
    caption_error error = {0};
    char answer[8] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[0], "photo", 5), 5);
    assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
    fflush(stdout);
    dup2(ends[1], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const bool read_whole = file_read("/dev/stdin", 100, &bytes, &error);
    const bool opened = read_whole && file_writer_open(&writer, "/dev/stdout", &error);
    const bool written =
        opened && fputs("caption", writer.stream) >= 0 && file_writer_commit(&writer, &error);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    if (!written) fail_msg("%s", error.message);
    assert_string_equal((char *)bytes.data, "photo");
    assert_int_equal(read(ends[0], answer, sizeof answer), 7);
    assert_string_equal(answer, "caption");
    file_bytes_free(&bytes);
    const int all[] = {input, output, ends[0], ends[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) close(all[i]);
}

static void parts_of_a_file_are_read_in_any_order(void **state) {
    char *path = path_in(state, "a");
    write_text(path, "in parts");
    const int standard_input = fcntl(STDIN_FILENO, F_GETFD);
    struct file_parts file;
    assert_true(file_parts_open(&file, path, NULL));
    assert_int_equal(file.size, 8);
    char bytes[8];
    assert_true(file_parts_read(&file, path, 3, 5, bytes, NULL));
    assert_memory_equal(bytes, "parts", 5);
    assert_true(file_parts_read(&file, path, 0, 2, bytes, NULL));
    assert_memory_equal(bytes, "in", 2);
    assert_true(file_parts_read(&file, path, 8, 0, bytes, NULL));
    file_parts_close(&file);
    assert_false(file.is_open);
    file_parts_close(&file); /* harmless: descriptor 0 is somebody else's */
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), standard_input);
    free(path);
}

static void a_file_cut_short_while_it_is_read_is_an_error(void **state) {
    char *path = path_in(state, "a");
    write_text(path, "in parts");
    struct file_parts file;
    assert_true(file_parts_open(&file, path, NULL));
    assert_int_equal(truncate(path, 5), 0);
    char bytes[8];
    caption_error error = {0};
    assert_false(file_parts_read(&file, path, 3, 5, bytes, &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message,
                           "cut short while it is read: it ends at byte 5, had 8 bytes when it "
                           "was opened"));
    assert_true(file_parts_read(&file, path, 3, 2, bytes, NULL));
    file_parts_close(&file);
    free(path);
}

static void what_cannot_be_opened_is_named_with_its_reason(void **state) {
    char *path = path_in(state, "a");
    struct file_parts file;
    caption_error error = {0};
    assert_false(file_parts_open(&file, path, &error));
    assert_non_null(strstr(error.message, path));
    write_text(path, "");
    assert_false(file_parts_open(&file, path, &error));
    assert_non_null(strstr(error.message, "empty"));
    assert_false(file_parts_open(&file, *state, &error));
    assert_non_null(strstr(error.message, "directory"));
    assert_false(file_parts_open(&file, "/dev/null", &error));
    assert_non_null(strstr(error.message, "/dev/null"));
    assert_false(file.is_open);
    free(path);
}

static void a_commit_puts_the_new_file_in_place(void **state) {
    char *path = path_in(state, "a");
    struct file_writer writer;
    for (int i = 0; i < 2; i++) { /* a new file, then one over it */
        assert_true(file_writer_open(&writer, path, NULL));
        fprintf(writer.stream, "version %d", i);
        assert_true(file_writer_commit(&writer, NULL));
        expect_content(path, i ? "version 1" : "version 0");
        file_writer_abandon(&writer); /* harmless after a commit */
    }
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(status.st_mode & 0777, 0666 & ~mask); /* not mkstemp's private mode */
    assert_int_equal(empty_folder(*state), 1);
    free(path);
}

static void until_the_commit_the_old_file_is_whole(void **state) {
    char *path = path_in(state, "a");
    write_text(path, "old");
    struct file_writer writer;
    assert_true(file_writer_open(&writer, path, NULL));
    fputs("half of the new", writer.stream);
    fflush(writer.stream);
    expect_content(path, "old");
    file_writer_abandon(&writer);
    expect_content(path, "old");
    assert_int_equal(empty_folder(*state), 1); /* nothing else is left behind */
    free(path);
}

static void a_full_disk_is_an_error_and_leaves_the_old_file(void **state) {
    char *path = path_in(state, "a");
    write_text(path, "old");
    struct file_writer writer;
    assert_true(file_writer_open(&writer, path, NULL));
    FILE *full = fopen("/dev/full", "wb");
    if (!full) {
        file_writer_abandon(&writer);
        free(path);
        print_message("no /dev/full here: skipped\n");
        skip();
    }
    fclose(writer.stream);
    writer.stream = full; /* the disk is full from here on */
    fputs("new", writer.stream);
    caption_error error = {0};
    assert_false(file_writer_commit(&writer, &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "No space"));
    expect_content(path, "old");
    assert_int_equal(empty_folder(*state), 1);
    free(path);
}

static void a_folder_that_cannot_be_written_is_named(void **state) {
    struct file_writer writer;
    caption_error error = {0};
    char *missing = path_in(state, "missing/model");
    assert_false(file_writer_open(&writer, missing, &error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    assert_non_null(strstr(error.message, missing));
    assert_non_null(strstr(error.message, "No such file"));
    free(missing);
    file_writer_abandon(&writer); /* harmless */

    char *file = path_in(state, "a"), *below = path_in(state, "a/model");
    write_text(file, "no folder");
    assert_false(file_writer_open(&writer, below, &error));
    assert_non_null(strstr(error.message, below));
    free(below);
    free(file);

    if (geteuid() == 0) return; /* for root there is no folder without permission */
    char *forbidden = path_in(state, "model");
    chmod(*state, 0500);
    assert_false(file_writer_open(&writer, forbidden, &error));
    assert_non_null(strstr(error.message, forbidden));
    assert_non_null(strstr(error.message, "Permission"));
    free(forbidden);
}

/* The name that two runs would share, as a run that is killed leaves it behind. */
static char *first_temporary(void **state, const char *path) {
    char digits[HASH_TEXT], name[64];
    hash_text(hash_string(HASH_START, path + file_name_start(path)), digits);
    snprintf(name, sizeof name, ".caption-%s.part", digits);
    return path_in(state, name);
}

static void two_writers_of_one_path_do_not_meet(void **state) {
    char *path = path_in(state, "a");
    struct file_writer first, second;
    assert_true(file_writer_open(&first, path, NULL));
    assert_true(file_writer_open(&second, path, NULL));
    fputs("first", first.stream);
    fputs("second", second.stream);
    assert_true(file_write(path, "third", 5, NULL));
    expect_content(path, "third");
    assert_true(file_writer_commit(&second, NULL));
    expect_content(path, "second");
    assert_true(file_writer_commit(&first, NULL));
    expect_content(path, "first");
    assert_int_equal(empty_folder(*state), 1);
    free(path);
}

static void what_lies_in_the_way_is_not_written_through(void **state) {
    char *path = path_in(state, "a"), *old = path_in(state, "old");
    char *temporary = first_temporary(state, path);
    write_text(old, "somebody's");
    assert_int_equal(link(old, temporary), 0);
    assert_true(file_write(path, "new", 3, NULL));
    expect_content(old, "somebody's");
    expect_content(path, "new");

    assert_int_equal(symlink("old", temporary), 0);
    assert_true(file_write(path, "newer", 5, NULL));
    expect_content(old, "somebody's");
    expect_content(path, "newer");
    assert_int_equal(unlink(temporary), 0);

    assert_int_equal(mkfifo(temporary, 0600), 0);
    alarm(20); /* a pipe must not be waited for */
    assert_true(file_write(path, "newest", 6, NULL));
    alarm(0);
    expect_content(path, "newest");
    free(temporary);
    free(old);
    free(path);
    assert_int_equal(empty_folder(*state), 3);
}

static void what_a_killed_run_left_behind_is_removed(void **state) {
    char *path = path_in(state, "a"), *temporary = first_temporary(state, path);
    write_text(temporary, "half of");
    assert_true(file_write(path, "new", 3, NULL));
    assert_int_not_equal(access(temporary, F_OK), 0);
    expect_content(path, "new");
    free(temporary);
    free(path);
}

static void a_private_file_stays_private(void **state) {
    char *path = path_in(state, "a");
    struct file_writer writer;
    struct stat status;
    write_text(path, "old");
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(file_write(path, "new", 3, NULL));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(file_writer_open(&writer, path, NULL));
    assert_true(file_writer_commit(&writer, NULL));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    free(path);
}

static void a_folder_in_the_files_place_is_an_error(void **state) {
    char *path = path_in(state, "folder");
    assert_int_equal(mkdir(path, 0700), 0);
    struct file_writer writer;
    caption_error error = {0};
    assert_true(file_writer_open(&writer, path, &error));
    fputs("new", writer.stream);
    assert_false(file_writer_commit(&writer, &error));
    assert_non_null(strstr(error.message, path));
    assert_int_equal(empty_folder(*state), 1); /* the folder alone */
    free(path);
}

static void expect_path(char *found, const char *expected) {
    assert_string_equal(found, expected);
    free(found);
}

static void paths_are_joined_and_taken_apart(void **state) {
    (void)state;
    expect_path(file_join("photos", "a.jpg", NULL), "photos/a.jpg");
    expect_path(file_join("photos/", "a.jpg", NULL), "photos/a.jpg");
    expect_path(file_join("photos", "/a.jpg", NULL), "/a.jpg");
    expect_path(file_join("", "a.jpg", NULL), "a.jpg");
    expect_path(file_join("/", "a.jpg", NULL), "/a.jpg");
    expect_path(file_directory("photos/2020/a.jpg", NULL), "photos/2020");
    expect_path(file_directory("/a.jpg", NULL), "/");
    expect_path(file_directory("a.jpg", NULL), ".");
}

static void paths_that_name_one_entry_are_the_same(void **state) {
    char *here = file_join(*state, "model", NULL), *there = file_join(*state, "./model", NULL);
    char *other = file_join(*state, "other", NULL);
    assert_true(file_same(here, here)); /* it need not be there */
    assert_true(file_same(here, there));
    assert_true(file_same("model", "./model"));
    assert_false(file_same(here, other));
    assert_false(file_same(here, "model"));
    assert_false(file_same("/nowhere/model", "/nowhere/model")); /* nobody can write there */
    assert_int_equal(symlink("model", other), 0);
    assert_false(file_same(here, other)); /* a link that is replaced leaves what it led to */
    assert_int_equal(unlink(other), 0);
    free(here);
    free(there);
    free(other);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_file_is_read_whole),
        IN_A_FOLDER(what_cannot_be_read_is_named_with_its_reason),
        cmocka_unit_test(a_pipe_is_read_to_its_end_or_its_limit),
        IN_A_FOLDER(no_more_is_read_than_shows_that_it_is_too_large),
        cmocka_unit_test(a_file_is_found_from_the_folder_of_another),
        cmocka_unit_test(standard_streams_may_be_sockets),
        IN_A_FOLDER(parts_of_a_file_are_read_in_any_order),
        IN_A_FOLDER(a_file_cut_short_while_it_is_read_is_an_error),
        IN_A_FOLDER(what_cannot_be_opened_is_named_with_its_reason),
        IN_A_FOLDER(a_commit_puts_the_new_file_in_place),
        IN_A_FOLDER(until_the_commit_the_old_file_is_whole),
        IN_A_FOLDER(a_full_disk_is_an_error_and_leaves_the_old_file),
        IN_A_FOLDER(a_folder_that_cannot_be_written_is_named),
        IN_A_FOLDER(two_writers_of_one_path_do_not_meet),
        IN_A_FOLDER(what_lies_in_the_way_is_not_written_through),
        IN_A_FOLDER(what_a_killed_run_left_behind_is_removed),
        IN_A_FOLDER(a_private_file_stays_private),
        IN_A_FOLDER(a_folder_in_the_files_place_is_an_error),
        cmocka_unit_test(paths_are_joined_and_taken_apart),
        IN_A_FOLDER(paths_that_name_one_entry_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
