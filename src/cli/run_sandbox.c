#include "cli/run_sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sandbox.h"

/* The sanitizers' runtime looks at more files than the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { UNUSUAL_RUNTIME = 1 };
#else
enum { UNUSUAL_RUNTIME = 0 };
#endif

static bool is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool same_folder(const struct photo_entry *a, const struct photo_entry *b) {
    const size_t length = file_name_start(a->path);
    return length > 0 && length == file_name_start(b->path) &&
           memcmp(a->path, b->path, length) == 0;
}

static void allow_folder_of(struct sandbox *sandbox, const char *path, enum sandbox_access access) {
    char *folder = file_directory(path, NULL);
    if (folder) sandbox_allow(sandbox, folder, access);
    free(folder);
}

/* A photo alone is allowed by itself, photos of one folder by their folder: rules cost memory of
 * the kernel. */
static void allow_photos(struct sandbox *sandbox, const struct run_sandbox *run) {
    const struct photo_list *list = run->list;
    const enum sandbox_access access = run->writes_beside ? SANDBOX_WRITE : SANDBOX_READ;
    for (size_t i = 0; i < list->count; i++) {
        const struct photo_entry *entry = &list->entries[i], *next = entry + 1;
        const bool follows = i > 0 && same_folder(entry, entry - 1);
        const bool goes_on = i + 1 < list->count && same_folder(entry, next);
        if (!follows && (goes_on || run->writes_beside))
            allow_folder_of(sandbox, entry->path, access);
        if (strcmp(entry->path, "-") == 0)
            sandbox_allow(sandbox, "/dev/stdin", SANDBOX_READ);
        else if ((!follows && !goes_on) || is_link(entry->path))
            sandbox_allow(sandbox, entry->path, SANDBOX_READ);
    }
}

/* A folder that is made during the run: by the nearest one that is there. */
static void allow_made_folder(struct sandbox *sandbox, const char *path) {
    char *folder = strdup(path);
    while (folder && access(folder, F_OK) != 0) {
        char *above = file_directory(folder, NULL);
        free(folder);
        folder = above;
    }
    if (folder) sandbox_allow(sandbox, folder, SANDBOX_WRITE);
    free(folder);
}

bool run_sandbox_enter(const struct run_sandbox *run, caption_error *error) {
    const bool wanted = strcmp(run->mode, "on") == 0;
    if (strcmp(run->mode, "off") == 0 || (UNUSUAL_RUNTIME && !wanted)) return true;
    struct sandbox sandbox;
    if (!sandbox_open(&sandbox, error)) return !wanted;
    allow_photos(&sandbox, run);
    if (run->folder) allow_made_folder(&sandbox, run->folder);
    for (size_t i = 0; i < sizeof run->outputs / sizeof *run->outputs; i++) {
        if (!run->outputs[i]) continue;
        sandbox_allow(&sandbox, run->outputs[i], SANDBOX_WRITE);
        if (!file_is_stream(run->outputs[i]))
            allow_folder_of(&sandbox, run->outputs[i], SANDBOX_WRITE);
    }
    return sandbox_enter(&sandbox, error) || !wanted;
}
