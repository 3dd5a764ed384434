#include "cli/photo_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/photo.h"

/* Takes `path` over, also on failure. */
static bool append(struct photo_list *list, char *path, caption_error *error) {
    if (!path) return false;
    if (!memory_grow(&list->paths, &list->capacity, list->count + 1, sizeof *list->paths,
                     "the list of photos", error)) {
        free(path);
        return false;
    }
    list->paths[list->count++] = path;
    return true;
}

static void cut(struct photo_list *list, size_t count) {
    while (list->count > count) free(list->paths[--list->count]);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool append_photos(struct photo_list *list, DIR *directory, const char *folder,
                          caption_error *error) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry) break;
        if (entry->d_name[0] == '.') continue;
        char *path = file_join(folder, entry->d_name, error);
        if (!path) return false;
        if (!photo_recognise(path))
            free(path);
        else if (!append(list, path, error))
            return false;
    }
    if (errno == 0) return true;
    return error_set(error, CAPTION_ERROR_IO, "%s: cannot read the folder: %s", folder,
                     strerror(errno));
}

static bool add_folder(struct photo_list *list, const char *folder, caption_error *error) {
    DIR *directory = opendir(folder);
    if (!directory)
        return error_set(error, CAPTION_ERROR_IO, "%s: cannot read the folder: %s", folder,
                         strerror(errno));
    size_t before = list->count;
    bool read = append_photos(list, directory, folder, error);
    closedir(directory);
    if (read && list->count == before)
        read = error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: a folder without photos (folders in it are not searched)", folder);
    if (!read) {
        cut(list, before);
        return false;
    }
    qsort(list->paths + before, list->count - before, sizeof *list->paths, by_name);
    return true;
}

bool photo_list_add(struct photo_list *list, const char *argument, caption_error *error) {
    struct stat status;
    if (stat(argument, &status) != 0 || !S_ISDIR(status.st_mode))
        return append(list, memory_string(argument, error), error);
    list->folders = true;
    return add_folder(list, argument, error);
}

void photo_list_free(struct photo_list *list) {
    cut(list, 0);
    free(list->paths);
    *list = (struct photo_list){0};
}
