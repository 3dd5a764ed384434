#include "cli/run_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/tar.h"
#include "image/photo.h"
#include "model/model.h"
#include "report/caption_page.h"
#include "report/caption_table.h"
#include "report/score_table.h"
#include "report/training_report.h"
#include "search/index_file.h"
#include "train/checkpoint.h"
#include "train/features.h"

static bool anything(const char *path) {
    (void)path;
    return true;
}

const struct run_files_kind RUN_FILES_PAGE = {"a page of captions", caption_page_recognise, false},
                            RUN_FILES_REPORT = {"a training report", training_report_recognise,
                                                false},
                            RUN_FILES_SCORES = {"a page of scores", score_page_recognise, false},
                            RUN_FILES_ROWS = {"rows of captions (JSON)", caption_vis_recognise,
                                              false},
                            RUN_FILES_TAR = {"a tar archive", tar_file_recognise, false},
                            RUN_FILES_MODEL = {"a model of caption", model_recognise, true},
                            RUN_FILES_CHECKPOINT = {"a checkpoint", checkpoint_recognise, true},
                            RUN_FILES_FEATURES = {"features", features_recognise, true},
                            RUN_FILES_INDEX = {"an index of photos", index_file_recognise, true},
                            RUN_FILES_FOUND = {"a page of photos that were found",
                                               found_page_recognise, false},
                            RUN_FILES_RESUMED = {"a checkpoint", anything, true};

static bool add(struct run_files *files, struct run_file file, caption_error *error) {
    if (!file.path) return true;
    if (!memory_grow(&files->items, &files->capacity, files->count + 1, sizeof *files->items,
                     "a list of files", error)) {
        return false;
    }
    files->items[files->count++] = file;
    return true;
}

bool run_files_read(struct run_files *files, const char *name, const char *path,
                    caption_error *error) {
    return add(files, (struct run_file){name, path, NULL}, error);
}

bool run_files_read_model(struct run_files *files, const char *named, caption_error *error) {
    return run_files_read(files, "model", model_path(named, &files->model, NULL), error);
}

bool run_files_write(struct run_files *files, const char *flag, const char *path,
                     const struct run_files_kind *kind, caption_error *error) {
    return add(files, (struct run_file){flag, path, kind}, error);
}

void run_files_free(struct run_files *files) {
    free(files->items);
    *files = (struct run_files){0};
}

static bool same_status(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whether `path` is one of the texts of a data set that is a folder. */
static bool is_text_in(const char *path, const struct stat *folder) {
    struct stat status;
    char *directory = file_directory(path, NULL);
    const bool inside = directory && stat(directory, &status) == 0 && same_status(&status, folder);
    free(directory);
    const char *name = path + file_name_start(path);
    return inside && (ends_with(name, ".txt") || strncmp(name, "metadata.", 9) == 0);
}

/* A device, as /dev/null, can be everything at once. */
static bool clashes(const char *path, const char *other) {
    struct stat a, b;
    const bool a_there = stat(path, &a) == 0, b_there = stat(other, &b) == 0;
    if (a_there && S_ISCHR(a.st_mode)) return false;
    if (a_there && b_there && same_status(&a, &b)) return true;
    return file_same(path, other) || (b_there && S_ISDIR(b.st_mode) && is_text_in(path, &b));
}

static bool clash_error(const struct run_file *output, const struct run_file *other,
                        caption_error *error) {
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: is to be both --%s and %s%s of the run: expected two files", output->path,
                     output->name, other->kind ? "--" : "the ", other->name);
}

static bool check_clashes(const struct run_files *files, size_t index, caption_error *error) {
    const struct run_file *output = &files->items[index];
    for (size_t i = 0; i < files->count; i++) {
        const struct run_file *other = &files->items[i];
        if ((other->kind && i <= index) || !clashes(output->path, other->path)) continue;
        return clash_error(output, other, error);
    }
    return true;
}

static void describe(const char *path, char out[IMAGE_DESCRIPTION]) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, IMAGE_SIGNATURE, &beginning)) {
        strcpy(out, "a file that cannot be read");
        return;
    }
    if (beginning.size > 0)
        image_describe(beginning.data, beginning.size, out);
    else
        strcpy(out, "an empty file");
    file_bytes_free(&beginning);
}

static bool photo_error(const struct run_file *output, caption_error *error) {
    char found[IMAGE_DESCRIPTION];
    describe(output->path, found);
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: --%s writes %s, found a photo there (%s): photos are never written over",
                     output->path, output->name, output->kind->what, found);
}

static bool other_error(const struct run_file *output, caption_error *error) {
    char found[IMAGE_DESCRIPTION];
    describe(output->path, found);
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: --%s writes %s, found %s there: --force writes over it", output->path,
                     output->name, output->kind->what, found);
}

/* A file that is there, recognised by its content and its name. */
static bool check_content(const struct run_files *files, const struct run_file *output,
                          const struct stat *status, caption_error *error) {
    if (files->photos && photo_list_holds(files->photos, status) &&
        !photo_recognise(output->path)) {
        const struct run_file named = {"file to caption", output->path, NULL};
        return clash_error(output, &named, error);
    }
    if (status->st_size == 0 && !photo_named(output->path)) return true;
    if (output->kind->recognise(output->path)) return true;
    if (photo_recognise(output->path)) return photo_error(output, error);
    return files->force || other_error(output, error);
}

static bool can_be_created(const char *path, caption_error *error) {
    struct file_writer writer;
    if (!file_writer_open(&writer, path, error)) return false;
    file_writer_abandon(&writer);
    return true;
}

/* Opened by its name, the /dev/null that stands for a closed standard output could be written. */
static bool is_closed_output(const char *path) {
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);
    return strcmp(path, "/dev/stdout") == 0 && (flags & O_ACCMODE) == O_RDONLY;
}

static bool check_output(const struct run_files *files, const struct run_file *output,
                         caption_error *error) {
    struct stat status;
    if (is_closed_output(output->path))
        return error_set(error, CAPTION_ERROR_IO,
                         "standard output: is closed, expected one to write to (--%s)",
                         output->name);
    if (stat(output->path, &status) != 0) {
        if (lstat(output->path, &status) == 0 && !files->force)
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "%s: --%s names a link that leads to no file: --force replaces it",
                             output->path, output->name);
        return can_be_created(output->path, error);
    }
    if (S_ISDIR(status.st_mode))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: is a directory, expected the name of a file to write (--%s)",
                         output->path, output->name);
    const bool stream = file_is_stream(output->path);
    if (stream && output->kind->read_again)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: is a pipe or device, expected a regular file (--%s)", output->path,
                         output->name);
    if (S_ISREG(status.st_mode) && !check_content(files, output, &status, error)) return false;
    return stream || can_be_created(output->path, error);
}

/* `caption photo.jpg >>photo.jpg` */
static bool check_standard_output(const struct run_files *files, caption_error *error) {
    struct stat output, input;
    if (fstat(STDOUT_FILENO, &output) != 0 || !S_ISREG(output.st_mode)) return true;
    bool is_input = files->photos && photo_list_holds(files->photos, &output);
    for (size_t i = 0; !is_input && i < files->count; i++) {
        const struct run_file *file = &files->items[i];
        is_input = !file->kind && stat(file->path, &input) == 0 && same_status(&output, &input);
    }
    if (!is_input) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "standard output: is a file that this run reads: expected another one");
}

bool run_files_check(const struct run_files *files, caption_error *error) {
    if (!check_standard_output(files, error)) return false;
    for (size_t i = 0; i < files->count; i++) {
        const struct run_file *file = &files->items[i];
        if (!file->kind) continue;
        if (!check_clashes(files, i, error) || !check_output(files, file, error)) return false;
    }
    return true;
}

bool run_files_check_reading(const char *path, caption_error *error) {
    struct run_file file = {"file", path, NULL};
    const struct run_files files = {.items = &file, .count = 1};
    return !path || check_standard_output(&files, error);
}

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
        if (strcmp(path, "-") == 0 || (!follows && !goes_on) || file_is_link(path))
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
        if (file_is_link(path) && realpath(path, target)) allow_once(run, &recent, target);
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
