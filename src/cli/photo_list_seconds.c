/* Which photos of a list would have a file of one name. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/photo_list.h"

/* What photos are compared by: the folder they lie in, and their name in it. */
struct key {
    uint64_t device, inode; /* 0 where they are not told apart by folders */
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
    if (order == 0) order = memcmp(x->name, y->name, x->stem < y->stem ? x->stem : y->stem);
    if (order == 0) order = compare(x->stem, y->stem);
    return order ? order : strcmp(x->name, y->name);
}

static bool same_stem(const struct key *a, const struct key *b) {
    return a->device == b->device && a->inode == b->inode && a->stem == b->stem &&
           memcmp(a->name, b->name, a->stem) == 0;
}

/* Names count from the folder on, where that can be looked at: it may be spelt in several ways. */
static struct key key_in_folder(const char *path) {
    struct stat status;
    char *folder = file_directory(path, NULL);
    const bool found = folder && stat(folder, &status) == 0;
    free(folder);
    if (!found) return (struct key){.name = path};
    return (struct key){status.st_dev, status.st_ino, path + file_name_start(path), 0, 0};
}

static size_t make_keys(const struct photo_list *list, bool from_below, struct key *keys) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct photo_entry *entry = &list->entries[i];
        if (entry->problem) continue;
        struct key *key = &keys[count++];
        *key = from_below ? (struct key){.name = entry->path + entry->below}
                          : key_in_folder(entry->path);
        key->stem = file_stem_length(key->name);
        key->entry = i;
    }
    return count;
}

/* Whether the stem of a photo's name is the whole name of one that is marked. Those with shorter
 * stems have been looked at. */
static bool is_name_of_second(const struct photo_list *list, const struct key *keys, size_t count,
                              const struct key *key, caption_error *error, bool *failed) {
    char *stem = memory_substring(key->name, key->stem, error);
    *failed = !stem;
    if (!stem) return false;
    const struct key wanted = {key->device, key->inode, stem, file_stem_length(stem), 0};
    const struct key *found = bsearch(&wanted, keys, count, sizeof *keys, by_stem);
    free(stem);
    return found && list->entries[found->entry].second;
}

static bool mark_seconds(struct photo_list *list, const struct key *keys, size_t count,
                         bool from_below, caption_error *error) {
    bool failed = false;
    for (size_t i = 0; i < count && !failed; i++) {
        struct photo_entry *entry = &list->entries[keys[i].entry];
        entry->second = (i > 0 && same_stem(&keys[i - 1], &keys[i])) ||
                        is_name_of_second(list, keys, count, &keys[i], error, &failed);
        if (from_below && i > 0 && strcmp(keys[i - 1].name, keys[i].name) == 0)
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "%s and %s would be written to the same file",
                             list->entries[keys[i - 1].entry].path, entry->path);
    }
    return !failed;
}

bool photo_list_find_seconds(struct photo_list *list, bool from_below, caption_error *error) {
    struct key *keys = memory_zeroed(list->photos, sizeof *keys, "the list of photos", error);
    if (!keys) return false;
    const size_t count = make_keys(list, from_below, keys);
    qsort(keys, count, sizeof *keys, by_stem);
    const bool ok = mark_seconds(list, keys, count, from_below, error);
    free(keys);
    return ok;
}
