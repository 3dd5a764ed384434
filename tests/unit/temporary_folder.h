/* A folder of its own for a test that needs several files. */
#ifndef CAPTION_TESTS_TEMPORARY_FOLDER_H
#define CAPTION_TESTS_TEMPORARY_FOLDER_H

#include "temporary_file.h"

#include <dirent.h>
#include <sys/stat.h>

/* A photo of one pixel. */
static const char temporary_photo[] = "P6\n1 1\n255\nabc";

/* A new, empty folder; removed, with all that is in it, and freed with temporary_folder_free. */
static inline char *temporary_folder_new(void) {
    const char *folder = getenv("TMPDIR");
    char *path = file_join(folder && *folder ? folder : "/tmp", "caption-test-XXXXXX", NULL);
    assert_non_null(path);
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void temporary_folder_put(const char *folder, const char *name, const char *text) {
    char *path = file_join(folder, name, NULL);
    assert_non_null(path);
    temporary_file_write(path, text, strlen(text));
    free(path);
}

/* A folder in it. */
static inline void temporary_folder_make(const char *folder, const char *name) {
    char *path = file_join(folder, name, NULL);
    assert_non_null(path);
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

/* What lies in a folder, and the folder. */
static inline void temporary_folder_remove(const char *folder) {
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *path = file_join(folder, entry->d_name, NULL);
        assert_non_null(path);
        if (remove(path) != 0) temporary_folder_remove(path);
        free(path);
    }
    closedir(directory);
    assert_int_equal(rmdir(folder), 0);
}

static inline void temporary_folder_free(char *folder) {
    temporary_folder_remove(folder);
    free(folder);
}

#endif
