#include "base/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void names_free(struct names *names) {
    for (size_t i = 0; i < names->count; i++) free(names->names[i]);
    free(names->names);
}

static bool add(struct names *names, const char *name, caption_error *error) {
    if (!memory_grow(&names->names, &names->capacity, names->count + 1, sizeof *names->names,
                     "a folder's names", error)) {
        return false;
    }
    names->names[names->count] = memory_string(name, error);
    return names->names[names->count] && ++names->count;
}

static bool folder_error(const char *folder, caption_error *error) {
    return error_set(error, CAPTION_ERROR_IO, "%s: cannot read the folder: %s", folder,
                     strerror(errno));
}

static bool read_all(struct names *names, DIR *directory, const char *folder,
                     caption_error *error) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry) return errno == 0 || folder_error(folder, error);
        if (entry->d_name[0] == '.') continue;
        if (!add(names, entry->d_name, error)) return false;
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool names_read(struct names *names, const char *folder, caption_error *error) {
    *names = (struct names){0};
    DIR *directory = opendir(folder);
    if (!directory) return folder_error(folder, error);
    const bool ok = read_all(names, directory, folder, error);
    closedir(directory);
    if (ok && names->count > 0) qsort(names->names, names->count, sizeof *names->names, by_name);
    return ok;
}
