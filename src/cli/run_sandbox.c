#include "cli/run_sandbox.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sanitizers.h"

/* The sanitizers' runtime looks at more files than the program. */
#if SANITIZER_ADDRESS || SANITIZER_MEMORY || SANITIZER_THREAD
enum { UNUSUAL_RUNTIME = 1 };
#else
enum { UNUSUAL_RUNTIME = 0 };
#endif

bool run_sandbox_open(struct run_sandbox *run, const char *mode, caption_error *error) {
    *run = (struct run_sandbox){.wanted = strcmp(mode, "on") == 0};
    if (strcmp(mode, "off") == 0 || (UNUSUAL_RUNTIME && !run->wanted)) return true;
    run->is_open = sandbox_open(&run->rules, error);
    return run->is_open || !run->wanted;
}

static void allow(struct run_sandbox *run, const char *path, enum sandbox_access access) {
    if (run->is_open) sandbox_allow(&run->rules, path, access);
}

static void allow_folder_of(struct run_sandbox *run, const char *path, enum sandbox_access access) {
    char *folder = file_directory(path, NULL);
    if (folder) allow(run, folder, access);
    free(folder);
}

void run_sandbox_read(struct run_sandbox *run, const char *path) {
    if (path) allow(run, strcmp(path, "-") == 0 ? "/dev/stdin" : path, SANDBOX_READ);
}

void run_sandbox_write(struct run_sandbox *run, const char *path) {
    if (!path) return;
    allow(run, path, SANDBOX_WRITE);
    if (!file_is_stream(path)) allow_folder_of(run, path, SANDBOX_WRITE);
}

void run_sandbox_write_in(struct run_sandbox *run, const char *folder) {
    char *there = folder ? strdup(folder) : NULL;
    while (there && access(there, F_OK) != 0) {
        char *above = file_directory(there, NULL);
        free(there);
        there = above;
    }
    if (there) allow(run, there, SANDBOX_WRITE);
    free(there);
}

static bool is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool same_folder(const char *a, const char *b) {
    const size_t length = file_name_start(a);
    return length > 0 && length == file_name_start(b) && memcmp(a, b, length) == 0;
}

/* A photo alone is allowed by itself, photos of one folder by their folder: rules cost memory of
 * the kernel. */
void run_sandbox_photos(struct run_sandbox *run, const struct photo_list *list, bool beside) {
    const enum sandbox_access access = beside ? SANDBOX_WRITE : SANDBOX_READ;
    for (size_t i = 0; run->is_open && i < list->count; i++) {
        const char *path = list->entries[i].path;
        const bool follows = i > 0 && same_folder(path, list->entries[i - 1].path);
        const bool goes_on = i + 1 < list->count && same_folder(path, list->entries[i + 1].path);
        if (!follows && (goes_on || beside)) allow_folder_of(run, path, access);
        if (strcmp(path, "-") == 0 || (!follows && !goes_on) || is_link(path))
            run_sandbox_read(run, path);
    }
}

/* Folders that were allowed last: photos of a data set lie in turns in a handful of them. */
enum { RECENT = 64 };

struct recent_folders {
    char *folders[RECENT]; /* owned; NULL: none yet */
    size_t next;
};

static void allow_once(struct run_sandbox *run, struct recent_folders *recent, const char *path) {
    const size_t length = file_name_start(path);
    for (size_t i = 0; i < RECENT && recent->folders[i]; i++)
        if (strncmp(path, recent->folders[i], length) == 0 && !recent->folders[i][length]) return;
    char *folder = strndup(path, length);
    if (!folder) return;
    allow(run, *folder ? folder : ".", SANDBOX_READ);
    free(recent->folders[recent->next]);
    recent->folders[recent->next] = folder;
    recent->next = (recent->next + 1) % RECENT;
}

void run_sandbox_dataset(struct run_sandbox *run, const struct dataset *dataset) {
    struct recent_folders recent = {0};
    char target[PATH_MAX];
    const char *before = "";
    for (size_t i = 0; run->is_open && i < dataset->photo_count; i++) {
        const char *path = dataset->photos[i].path;
        if (!path || strcmp(path, before) == 0) continue; /* members of one archive have its path */
        before = path;
        allow_once(run, &recent, path);
        if (is_link(path) && realpath(path, target)) allow_once(run, &recent, target);
    }
    for (size_t i = 0; i < RECENT; i++) free(recent.folders[i]);
}

void run_sandbox_files(struct run_sandbox *run, const struct run_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        const struct run_file *file = &files->items[i];
        (file->kind ? run_sandbox_write : run_sandbox_read)(run, file->path);
    }
}

bool run_sandbox_enter(struct run_sandbox *run, caption_error *error) {
    if (!run->is_open) return true;
    run->is_open = false;
    return sandbox_enter(&run->rules, error) || !run->wanted;
}
