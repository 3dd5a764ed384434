#include "cli/photo_list.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/run_files.h"
#include "decode/decode.h"
#include "image/image.h"
#include "image/photo.h"

/* More of --files-from is no list of photos. */
static const size_t largest_list = (size_t)1 << 30;

struct file_id {
    uint64_t device, number;
    bool used;
    const char *link; /* the path of an entry that is a symbolic link to it, or NULL */
};

/* Different files may have one inode number where a file system shows others (bindfs, mergerfs). */
static uint64_t number_of(const struct stat *file) {
    const uint64_t facts[] = {file->st_ino, (uint64_t)file->st_size, (uint64_t)file->st_mtim.tv_sec,
                              (uint64_t)file->st_mtim.tv_nsec};
    return hash_bytes(HASH_START, facts, sizeof facts);
}

static struct file_id *find_number(struct file_id *table, size_t capacity, uint64_t device,
                                   uint64_t number) {
    size_t at = (size_t)((number * 0x9e3779b97f4a7c15U) ^ device) & (capacity - 1);
    while (table[at].used && (table[at].device != device || table[at].number != number))
        at = (at + 1) & (capacity - 1);
    return &table[at];
}

static struct file_id *find_id(const struct photo_list *list, const struct stat *file) {
    return find_number(list->seen, list->seen_capacity, file->st_dev, number_of(file));
}

bool photo_list_holds(const struct photo_list *list, const struct stat *file) {
    if (list->seen_capacity == 0) return false;
    return find_id(list, file)->used;
}

const char *photo_list_input(const struct photo_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->entries[i].path, "-") == 0) return "/dev/stdin";
    return NULL;
}

static bool grow_seen(struct photo_list *list, caption_error *error) {
    const size_t capacity = list->seen_capacity > 0 ? 2 * list->seen_capacity : 64;
    struct file_id *table = memory_zeroed(capacity, sizeof *table, "the list of photos", error);
    if (!table) return false;
    for (size_t i = 0; i < list->seen_capacity; i++) {
        const struct file_id *id = &list->seen[i];
        if (id->used) *find_number(table, capacity, id->device, id->number) = *id;
    }
    free(list->seen);
    list->seen = table;
    list->seen_capacity = capacity;
    return true;
}

/* Remembers a file or folder; *fresh: it had not been seen before. */
static bool see(struct photo_list *list, const struct stat *status, bool *fresh,
                caption_error *error) {
    if (2 * list->seen_count >= list->seen_capacity && !grow_seen(list, error)) return false;
    struct file_id *id = find_id(list, status);
    *fresh = !id->used;
    if (*fresh) list->seen_count++;
    if (*fresh) *id = (struct file_id){status->st_dev, number_of(status), true, NULL};
    return true;
}

/* Takes `path` over, also on failure. Below a folder that was named is nothing of its own path. */
static bool append(struct photo_list *list, char *path, size_t relative,
                   const caption_error *problem, caption_error *error) {
    struct photo_entry entry = {.path = path};
    if (path) entry.relative = (unsigned)size_smaller(relative, strlen(path));
    bool ok = path && memory_grow(&list->entries, &list->capacity, list->count + 1,
                                  sizeof *list->entries, "the list of photos", error);
    if (ok && problem) {
        entry.problem = memory_zeroed(1, sizeof *entry.problem, "the list of photos", error);
        ok = entry.problem != NULL;
    }
    if (!ok) {
        free(path);
        return false;
    }
    if (problem)
        *entry.problem = *problem;
    else
        list->photos++;
    list->entries[list->count++] = entry;
    return true;
}

static bool append_problem(struct photo_list *list, const char *path, size_t relative,
                           const caption_error *problem, caption_error *error) {
    return append(list, memory_string(path, error), relative, problem, error);
}

static bool matches(const struct photo_list *list, const char *name) {
    for (size_t i = 0; i < list->glob_count; i++)
        if (fnmatch(list->globs[i], name, 0) == 0) return true;
    return list->glob_count == 0;
}

/* What a folder names and cannot be looked at: reported, unless its name is enough to pass it over.
 */
static bool add_unseen(struct photo_list *list, const char *path, const char *name, size_t relative,
                       caption_error *error) {
    const int reason = errno;
    if (!list->recursive && !matches(list, name)) return true;
    caption_error problem;
    error_set(&problem, CAPTION_ERROR_IO, "%s: cannot look at it: %s", path, strerror(reason));
    return append_problem(list, path, relative, &problem, error);
}

static bool is_below(const char *path, const char *root) {
    const size_t length = strlen(root);
    if (strncmp(path, root, length) != 0) return false;
    return root[length - 1] == '/' || path[length] == '/' || path[length] == 0;
}

/* Whether a folder is a link that leads, or may lead, out of the folder that was named. */
static bool leads_outside(const struct photo_list *list, const char *path) {
    struct stat status;
    if (!list->stays_inside || (lstat(path, &status) == 0 && !S_ISLNK(status.st_mode)))
        return false;
    char *target = realpath(path, NULL);
    const bool inside = target && list->root && is_below(target, list->root);
    free(target);
    return !inside;
}

static bool add_outside(struct photo_list *list, const char *path, size_t relative,
                        caption_error *error) {
    caption_error problem;
    error_set(&problem, CAPTION_ERROR_ARGUMENT,
              "%s: a link out of the folder that was named, where no files are written beside "
              "photos: name the folder it leads to, or give --output-dir",
              path);
    return append_problem(list, path, relative, &problem, error);
}

/* A folder, and where the paths of its photos go on within the folder that was named. */
static bool search(struct photo_list *list, const char *folder, size_t relative,
                   caption_error *error);

static bool search_within(struct photo_list *list, const char *folder, size_t relative,
                          caption_error *error) {
    if (!list->recursive) return true;
    return leads_outside(list, folder) ? add_outside(list, folder, relative, error)
                                       : search(list, folder, relative, error);
}

/* Takes `path` over. */
static bool add_photo(struct photo_list *list, char *path, size_t relative,
                      const struct stat *status, caption_error *error) {
    if (status && file_is_link(path)) find_id(list, status)->link = path;
    return append(list, path, relative, NULL, error);
}

/* Counts another name of a photo. Where that in the list is a link's, and this one is not, it takes
 * its place, and `path` is taken over: true. */
static bool add_double(struct photo_list *list, const struct stat *status, char *path,
                       size_t relative) {
    list->doubles++;
    struct file_id *id = find_id(list, status);
    if (!id->link || file_is_link(path)) return false;
    for (size_t i = list->count; i-- > 0;) {
        struct photo_entry *entry = &list->entries[i];
        if (entry->path != id->link) continue;
        free(entry->path);
        entry->path = path;
        entry->relative = (unsigned)size_smaller(relative, strlen(path));
        id->link = NULL;
        return true;
    }
    return false;
}

/* Takes `path` over. */
static bool add_found(struct photo_list *list, char *path, const char *name, size_t relative,
                      caption_error *error) {
    struct stat status;
    const bool there = stat(path, &status) == 0;
    bool fresh = true, ok = true;
    if (!there && errno != ENOENT) {
        ok = add_unseen(list, path, name, relative, error);
    } else if (there && S_ISDIR(status.st_mode)) {
        ok = search_within(list, path, relative, error);
    } else if (matches(list, name)) {
        if (photo_recognise(path)) {
            ok = !there || see(list, &status, &fresh, error);
            if (ok && fresh) return add_photo(list, path, relative, there ? &status : NULL, error);
            if (ok && add_double(list, &status, path, relative)) return true;
        } else {
            list->others++;
        }
    }
    free(path);
    return ok;
}

static bool is_file_in(const char *folder, const char *name) {
    struct stat status;
    char *path = file_join(folder, name, NULL);
    const bool is_file = path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
    free(path);
    return is_file;
}

/* Whether name i is a raw photo and the same photo is to be added as the camera developed it, under
 * a name that differs in its extension alone. */
static bool has_twin(const struct photo_list *list, const struct names *names, const char *folder,
                     size_t i) {
    const char *name = names->names[i], *dot = strrchr(name, '.');
    if (!dot || !photo_named_raw(name)) return false;
    const size_t stem = (size_t)(dot + 1 - name);
    size_t first = i;
    while (first > 0 && strncmp(names->names[first - 1], name, stem) == 0) first--;
    for (size_t k = first; k < names->count && strncmp(names->names[k], name, stem) == 0; k++) {
        const char *twin = names->names[k];
        if (!strchr(twin + stem, '.') && photo_named(twin) && !photo_named_raw(twin) &&
            matches(list, twin) && is_file_in(folder, twin))
            return true;
    }
    return false;
}

static bool add_names(struct photo_list *list, const struct names *names, const char *folder,
                      size_t relative, caption_error *error) {
    for (size_t i = 0; i < names->count; i++) {
        if (has_twin(list, names, folder, i)) {
            list->others++;
            continue;
        }
        char *path = file_join(folder, names->names[i], error);
        if (!path || !add_found(list, path, names->names[i], relative, error)) return false;
    }
    return true;
}

static bool search(struct photo_list *list, const char *folder, size_t relative,
                   caption_error *error) {
    struct stat status;
    bool fresh = true;
    if (stat(folder, &status) == 0 && !see(list, &status, &fresh, error)) return false;
    if (!fresh) return true; /* a loop, or the folder was named twice */
    struct names names;
    caption_error problem;
    const bool ok = names_read(&names, folder, &problem)
                        ? add_names(list, &names, folder, relative, error)
                        : append_problem(list, folder, relative, &problem, error);
    names_free(&names);
    return ok;
}

static int by_path(const void *a, const void *b) {
    const struct photo_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static bool search_root(struct photo_list *list, const char *folder, size_t relative,
                        caption_error *error) {
    if (list->stays_inside) list->root = realpath(folder, NULL);
    const bool ok = search(list, folder, relative, error);
    free(list->root);
    list->root = NULL;
    return ok;
}

static bool add_folder(struct photo_list *list, const char *folder, caption_error *error) {
    const size_t before = list->count, seen = list->seen_count, length = strlen(folder);
    const size_t relative = length + (length > 0 && folder[length - 1] != '/');
    list->folders = true;
    if (!search_root(list, folder, relative, error)) return false;
    if (list->count > before) {
        qsort(list->entries + before, list->count - before, sizeof *list->entries, by_path);
        return true;
    }
    if (list->seen_count == seen) return true; /* searched before */
    caption_error problem;
    error_set(&problem, CAPTION_ERROR_FORMAT, "%s: a folder without photos%s%s", folder,
              list->glob_count > 0 ? " whose names match" : "",
              list->recursive ? "" : " (folders in it are searched with -r)");
    return append_problem(list, folder, length, &problem, error);
}

static bool add(struct photo_list *list, const char *argument, caption_error *error) {
    struct stat status;
    bool fresh = true;
    const bool is_input = strcmp(argument, "-") == 0;
    if (!is_input && stat(argument, &status) == 0) {
        if (S_ISDIR(status.st_mode)) return add_folder(list, argument, error);
        if (S_ISREG(status.st_mode) && !see(list, &status, &fresh, error)) return false;
    }
    if (!fresh) return true;
    return append(list, memory_string(argument, error), file_name_start(argument), NULL, error);
}

bool photo_list_add(struct photo_list *list, const char *argument, caption_error *error) {
    if (!strchr(argument, '\\')) return add(list, argument, error);
    char *path = memory_string(argument, error);
    if (!path) return false;
    windows_path_try(path);
    const bool ok = add(list, path, error);
    free(path);
    return ok;
}

/* A line that Windows has ended, unless a file is called so. */
static void end_windows_line(char *line, size_t length) {
    if (length > 0 && line[length - 1] == '\r' && access(line, F_OK) != 0) line[length - 1] = 0;
}

bool photo_list_add_from(struct photo_list *list, const char *file, bool zeros,
                         caption_error *error) {
    struct file_bytes bytes;
    const bool is_input = strcmp(file, "-") == 0;
    if (is_input ? !file_read_stream(stdin, "standard input", largest_list, &bytes, error)
                 : !file_read(file, largest_list, &bytes, error))
        return false;
    char *text = (char *)bytes.data;
    const int end_of_line = zeros || memchr(text, 0, bytes.size) ? 0 : '\n';
    bool ok = true;
    for (size_t at = end_of_line ? utf8_mark(text, bytes.size) : 0; ok && at < bytes.size;) {
        char *end = memchr(text + at, end_of_line, bytes.size - at);
        const size_t length = end ? (size_t)(end - text) - at : bytes.size - at;
        text[at + length] = 0; /* there is room: a 0 follows the last byte */
        if (end_of_line) end_windows_line(text + at, length);
        if (text[at]) ok = photo_list_add(list, text + at, error);
        at += length + 1;
    }
    file_bytes_free(&bytes);
    return ok;
}

void photo_list_free(struct photo_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].path);
        free(list->entries[i].problem);
    }
    free(list->entries);
    free(list->seen);
    *list = (struct photo_list){0};
}

/* Which photos of a list would have a file of one name. */

/* What photos are compared by: the folder they lie in, and their name in it. */
struct key {
    uint64_t device, inode; /* 0 where folders do not separate them */
    const char *name;
    size_t stem; /* bytes of the name before the extension */
    size_t entry;
};

static int compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int by_stem(const void *a, const void *b) {
    const struct key *x = a, *y = b;
    int order = compare(x->device, y->device);
    if (order == 0) order = compare(x->inode, y->inode);
    if (order == 0) order = strncasecmp(x->name, y->name, size_smaller(x->stem, y->stem));
    if (order == 0) order = compare(x->stem, y->stem);
    return order ? order : strcmp(x->name, y->name);
}

/* Whether the folder of photo a has it under the stem of b, too: on file systems that ignore case
 * (exFAT, SMB). */
static bool ignores_case(const struct photo_list *list, const struct key *a, const struct key *b,
                         caption_error *error, bool *failed) {
    const char *path = list->entries[a->entry].path;
    char *other = memory_string(path, error);
    struct stat one, two;
    *failed = !other;
    if (other) memcpy(other + (a->name - path), b->name, b->stem);
    const bool same = other && stat(path, &one) == 0 && stat(other, &two) == 0 &&
                      one.st_dev == two.st_dev && one.st_ino == two.st_ino;
    free(other);
    return same;
}

static bool same_stem(const struct photo_list *list, const struct key *a, const struct key *b,
                      caption_error *error, bool *failed) {
    if (a->device != b->device || a->inode != b->inode || a->stem != b->stem) return false;
    return memcmp(a->name, b->name, a->stem) == 0 ||
           (strncasecmp(a->name, b->name, a->stem) == 0 && ignores_case(list, a, b, error, failed));
}

/* Names count from the folder on, where that can be looked at: it may be spelt in several ways. */
static bool key_in_folder(const char *path, struct key *key, caption_error *error) {
    struct stat status;
    char *folder = file_directory(path, error);
    if (!folder) return false;
    *key = (struct key){.name = path};
    if (stat(folder, &status) == 0)
        *key = (struct key){status.st_dev, status.st_ino, path + file_name_start(path), 0, 0};
    free(folder);
    return true;
}

static bool make_keys(const struct photo_list *list, bool by_relative_path, struct key *keys,
                      size_t *count, caption_error *error) {
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct photo_entry *entry = &list->entries[i];
        if (entry->problem) continue;
        struct key *key = &keys[(*count)++];
        if (by_relative_path)
            *key = (struct key){.name = entry->path + entry->relative};
        else if (!key_in_folder(entry->path, key, error))
            return false;
        key->stem = file_stem_length(key->name);
        key->entry = i;
    }
    return true;
}

/* Whether the stem of a photo's name is the whole name of one that is marked. Those with shorter
 * stems have been looked at. */
static bool is_taken_name(const struct photo_list *list, const struct key *keys, size_t count,
                          const struct key *key, caption_error *error, bool *failed) {
    char *stem = memory_substring(key->name, key->stem, error);
    *failed = !stem;
    if (!stem) return false;
    const struct key wanted = {key->device, key->inode, stem, file_stem_length(stem), 0};
    const struct key *found = bsearch(&wanted, keys, count, sizeof *keys, by_stem);
    free(stem);
    return found && list->entries[found->entry].name_taken;
}

static bool mark_taken_names(struct photo_list *list, const struct key *keys, size_t count,
                             bool by_relative_path, caption_error *error) {
    bool failed = false;
    for (size_t i = 0; i < count && !failed; i++) {
        struct photo_entry *entry = &list->entries[keys[i].entry];
        entry->name_taken = (i > 0 && same_stem(list, &keys[i - 1], &keys[i], error, &failed)) ||
                            (!failed && is_taken_name(list, keys, count, &keys[i], error, &failed));
        if (by_relative_path && i > 0 && strcmp(keys[i - 1].name, keys[i].name) == 0)
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "%s and %s would be written to the same file",
                             list->entries[keys[i - 1].entry].path, entry->path);
    }
    return !failed;
}

bool photo_list_find_taken_names(struct photo_list *list, bool by_relative_path,
                                 caption_error *error) {
    struct key *keys = memory_zeroed(list->photos, sizeof *keys, "the list of photos", error);
    if (!keys) return false;
    size_t count;
    bool ok = make_keys(list, by_relative_path, keys, &count, error);
    if (ok) {
        qsort(keys, count, sizeof *keys, by_stem);
        ok = mark_taken_names(list, keys, count, by_relative_path, error);
    }
    free(keys);
    return ok;
}

void photo_options_init(struct photo_options *options, caption_options *caption,
                        struct options_row out[PHOTO_OPTIONS_ROWS]) {
    *options = (struct photo_options){.sandbox = "auto"};
    const struct options_row rows[PHOTO_OPTIONS_ROWS] = {
        {'r', "recursive", OPTIONS_ON, &options->recursive, NULL, 0, 0,
         "the folders in a folder, too; loops of symbolic links end, and a link out of the folder "
         "is not followed where files are written beside photos",
         NULL},
        {0, "glob", OPTIONS_REPEATED, &options->globs, "PATTERN", 0, 0,
         "of a folder, only files whose names match, as '*.jpg'; may be given several times", NULL},
        {0, "files-from", OPTIONS_STRING, &options->files_from, "FILE", 0, 0,
         "photos and folders that FILE names, one a line; -: standard input. A file that holds "
         "0 bytes is divided at those (find -print0)",
         NULL},
        {'0', "null", OPTIONS_ON, &options->zeros, NULL, 0, 0,
         "it is divided at 0 bytes in any case", NULL},
        {0, "max-pixels", OPTIONS_SIZE, &caption->max_pixels, "N", 1, (double)IMAGE_MAX_PIXELS,
         "photos that have more pixels are refused, not decoded", NULL},
        {0, "accept-truncated", OPTIONS_ON, &caption->accept_truncated, NULL, 0, 0,
         "half a JPEG is captioned as far as it goes, the rest grey; without it, it is an error",
         NULL},
        {0, "memory", OPTIONS_SIZE, &caption->memory, "MB", 0, PLAN_MAX_MEMORY,
         "megabytes that the photos being decoded may take, of all threads together; a thread "
         "whose "
         "photo is too much waits. 0: a quarter of the machine's memory",
         NULL},
        RUN_SANDBOX_FLAG(options->sandbox),
    };
    memcpy(out, rows, sizeof rows);
}

bool photo_options_list(const struct photo_options *options, char *const *arguments, int count,
                        struct photo_list *list, caption_error *error) {
    const bool files_on_input = options->files_from && strcmp(options->files_from, "-") == 0;
    list->recursive = options->recursive;
    list->globs = options->globs.items;
    list->glob_count = options->globs.count;
    if (!arguments_check(arguments, count, error)) return false;
    for (int i = 0; i < count; i++) {
        if (files_on_input && strcmp(arguments[i], "-") == 0)
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "standard input cannot be a photo and --files-from at once");
        if (!photo_list_add(list, arguments[i], error)) return false;
    }
    return !options->files_from ||
           photo_list_add_from(list, options->files_from, options->zeros, error);
}

const char *photo_options_file(const struct photo_options *options) {
    const char *file = options->files_from;
    return file && strcmp(file, "-") == 0 ? "/dev/stdin" : file;
}
