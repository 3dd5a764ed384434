/* Text as a file in the folder for temporary files, and the shared data of the tests. */
#ifndef CAPTION_TESTS_TEMPORARY_FILE_H
#define CAPTION_TESTS_TEMPORARY_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* A new, empty file; removed and freed with temporary_file_free. */
static inline char *temporary_file_new(void) {
    const char *folder = getenv("TMPDIR");
    char *path = file_join(folder && *folder ? folder : "/tmp", "caption-test-XXXXXX", NULL);
    assert_non_null(path);
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    return path;
}

static inline void temporary_file_write(const char *path, const void *bytes, size_t size) {
    unlink(path); /* some file systems wait for the disk when a file is overwritten */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static inline char *temporary_file_with(const char *text) {
    char *path = temporary_file_new();
    temporary_file_write(path, text, strlen(text));
    return path;
}

static inline void temporary_file_free(char *path) {
    unlink(path);
    free(path);
}

/* Path of a shared file; skips the test, loudly, where it is absent. Freed with free(). */
static inline char *shared_file(const char *name) {
    const char *folder = getenv("CAPTION_SHARED");
    char *path = file_join(folder ? folder : "../shared", name, NULL);
    assert_non_null(path);
    if (access(path, R_OK) == 0) return path;
    fprintf(stderr, "SKIPPED: %s is absent\n", path);
    free(path);
    skip();
    return NULL;
}

/* The messages of errors are promises too. */
static inline void assert_message_has(const caption_error *error, const char *part) {
    if (!strstr(error->message, part)) {
        fail_msg("expected a message with \"%s\", found \"%s\"", part, error->message);
    }
}

#endif
