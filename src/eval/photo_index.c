#include "eval/photo_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *key_of(const struct dataset_photo *photo, enum photo_index_key key) {
    if (key == PHOTO_INDEX_ID) return photo->id;
    return key == PHOTO_INDEX_NAME ? photo->name : file_name(photo->name);
}

static int compare_entries(const void *a, const void *b) {
    const struct photo_index_entry *first = a, *second = b;
    return strcmp(first->text, second->text);
}

bool photo_index_init(struct photo_index *index, const struct dataset *dataset,
                      caption_error *error) {
    *index = (struct photo_index){.count = dataset->photo_count};
    for (enum photo_index_key key = 0; key < PHOTO_INDEX_KEYS; key++) {
        struct photo_index_entry *entries =
            memory_uninitialised(index->count, sizeof *entries, "an index of photos", error);
        index->entries[key] = entries;
        if (!entries) return false;
        for (size_t i = 0; i < index->count; i++) {
            entries[i] = (struct photo_index_entry){key_of(&dataset->photos[i], key), i};
        }
        qsort(entries, index->count, sizeof *entries, compare_entries);
    }
    return true;
}

void photo_index_free(struct photo_index *index) {
    for (size_t key = 0; key < PHOTO_INDEX_KEYS; key++) free(index->entries[key]);
    *index = (struct photo_index){0};
}

size_t photo_index_find(const struct photo_index *index, enum photo_index_key key, const char *text,
                        size_t *photo) {
    const struct photo_index_entry *entries = index->entries[key];
    const char *wanted = key == PHOTO_INDEX_FILE ? file_name(text) : text;
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(entries[middle].text, wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t found = 0;
    while (low + found < index->count && strcmp(entries[low + found].text, wanted) == 0) found++;
    if (found) *photo = entries[low].photo;
    return found;
}
