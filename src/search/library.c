#include "search/library.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

static int compare_content(const struct index_photo *a, const struct index_photo *b) {
    if (a->content != b->content) return a->content < b->content ? -1 : 1;
    return (a->size > b->size) - (a->size < b->size);
}

static int by_content(const void *a, const void *b, void *context) {
    const struct index_photo *photos = context;
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    const int order = compare_content(&photos[x], &photos[y]);
    return order != 0 ? order : (x > y) - (x < y);
}

/* The place in by_content at which photos of that content begin, or would. */
static size_t find_content(const struct library *library, const struct index_photo *photo) {
    size_t low = 0, high = library->old->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct index_photo *there = &library->old->photos[library->by_content[middle]];
        if (compare_content(there, photo) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_content(const struct library *library, size_t place,
                        const struct index_photo *photo) {
    if (place == library->old->count) return false;
    return compare_content(&library->old->photos[library->by_content[place]], photo) == 0;
}

/* The real path of a folder with a / at the end. */
static char *real_folder(const char *folder, caption_error *error) {
    char *path = realpath(folder, NULL);
    if (!path) {
        file_error(error, folder, "open");
        return NULL;
    }
    char *ended = file_join(path, "x", error);
    if (ended) ended[strlen(ended) - 1] = 0;
    free(path);
    return ended;
}

bool library_open(struct library *library, const char *path, const struct index_file *old,
                  caption_error *error) {
    *library = (struct library){.path = path, .old = old};
    char *folder = file_directory(path, error);
    library->root = folder ? real_folder(folder, error) : NULL;
    free(folder);
    library->named = memory_zeroed(old->count, sizeof *library->named, "an index", error);
    library->by_content =
        memory_uninitialised(old->count, sizeof *library->by_content, "an index", error);
    if (!library->root || !library->named || !library->by_content) return false;
    for (size_t i = 0; i < old->count; i++) library->by_content[i] = i;
    qsort_r(library->by_content, old->count, sizeof *library->by_content, by_content, old->photos);
    return true;
}

void library_free(struct library *library) {
    arena_free(&library->arena);
    free(library->photos);
    free(library->by_content);
    free(library->named);
    free(library->folder);
    free(library->real_folder);
    free(library->root);
    *library = (struct library){0};
}

/* The real path of the folder that a photo is in; that of the last photo is still known. */
static const char *folder_of(struct library *library, const char *path, caption_error *error) {
    char *folder = file_directory(path, error);
    if (!folder) return NULL;
    if (library->folder && strcmp(folder, library->folder) == 0) {
        free(folder);
        return library->real_folder;
    }
    free(library->folder);
    free(library->real_folder);
    library->folder = folder;
    library->real_folder = real_folder(folder, error);
    if (library->real_folder) return library->real_folder;
    free(library->folder);
    library->folder = NULL;
    return NULL;
}

/* What the index calls the photo. */
static const char *name_of(struct library *library, const char *path, caption_error *error) {
    const char *folder = folder_of(library, path, error);
    if (!folder) return NULL;
    const char *file = path + file_name_start(path);
    const size_t root = strlen(library->root);
    if (strncmp(folder, library->root, root) == 0) folder += root;
    const size_t length = strlen(folder), size = length + strlen(file) + 1;
    if (size > PATH_MAX) {
        error_set(error, CAPTION_ERROR_LIMIT, "%s: its path is too long", path);
        return NULL;
    }
    char *name = arena_take(&library->arena, size, 1, "an index", error);
    if (!name) return NULL;
    memcpy(name, folder, length);
    strcpy(name + length, file);
    return name;
}

static uint64_t time_of(const struct stat *status) {
    return (uint64_t)status->st_mtim.tv_sec * 1000000000U + (uint64_t)status->st_mtim.tv_nsec;
}

static bool look_at(const char *path, struct stat *status, caption_error *error) {
    if (strcmp(path, "-") == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "standard input has no name to be found by: expected photos that are "
                         "files");
    if (stat(path, status) != 0) return file_error(error, path, "open");
    return S_ISREG(status->st_mode) ||
           error_set(error, CAPTION_ERROR_IO, "%s: is not a regular file", path);
}

bool library_add(struct library *library, const char *path, caption_error *error) {
    struct stat status;
    if (!look_at(path, &status, error)) return false;
    const char *name = name_of(library, path, error);
    if (!name || !memory_grow(&library->photos, &library->capacity, library->count + 1,
                              sizeof *library->photos, "an index", error))
        return false;
    struct library_photo *photo = &library->photos[library->count++];
    *photo = (struct library_photo){
        .path = path,
        .entry = {.name = name, .size = (uint64_t)status.st_size, .time = time_of(&status)},
        .state = LIBRARY_UNREAD};
    const struct index_photo *old = index_file_find(library->old, name);
    if (!old) return true;
    photo->old = (size_t)(old - library->old->photos);
    photo->was_named = library->named[photo->old] = true;
    if (old->size != photo->entry.size || old->time != photo->entry.time) return true;
    photo->entry.content = old->content;
    photo->state = LIBRARY_KEPT;
    return true;
}

bool library_knows(struct library *library, size_t number, const struct file_bytes *file) {
    struct library_photo *photo = &library->photos[number];
    photo->entry.content = hash_bytes(HASH_START, file->data, file->size);
    if (photo->entry.size != file->size) return false; /* it is being written */
    const size_t place = find_content(library, &photo->entry);
    if (!has_content(library, place, &photo->entry)) return false;
    photo->old = library->by_content[place];
    photo->state = LIBRARY_KNOWN;
    return true;
}

bool library_take(struct library *library, size_t number, const uint8_t *vector, size_t width,
                  caption_error *error) {
    struct library_photo *photo = &library->photos[number];
    photo->state = LIBRARY_FAILED;
    if (!vector) return true;
    photo->vector = arena_take(&library->arena, width, 2, "an index", error);
    if (!photo->vector) return false;
    memcpy(photo->vector, vector, 2 * width);
    photo->state = LIBRARY_ENCODED;
    return true;
}

/* *gone: a photo of the old index is not there any more, for sure. False when memory is short. */
static bool look_for(const struct library *library, size_t old, bool *gone, caption_error *error) {
    struct stat status;
    char *place = index_file_place(library->path, library->old->photos[old].name, error);
    if (!place) return false;
    *gone = stat(place, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
    free(place);
    return true;
}

/* The rows of the new index while they are collected. */
struct new_rows {
    struct index_row *items; /* [count] */
    size_t count;
    bool *gone; /* [old->count]: the photo is, and none was found that it moved to */
};

static void add_old(const struct library *library, struct new_rows *rows, size_t old) {
    rows->items[rows->count++] = (struct index_row){.photo = library->old->photos[old], .old = old};
}

/* Photos of the old index that were not added: they stay or are gone. */
static bool add_others(struct library *library, struct new_rows *rows, caption_error *error) {
    for (size_t i = 0; i < library->old->count; i++) {
        if (library->named[i]) continue;
        if (!look_for(library, i, &rows->gone[i], error)) return false;
        if (rows->gone[i]) continue;
        add_old(library, rows, i);
        library->kept++;
    }
    return true;
}

static void add_photo(struct library *library, struct new_rows *rows,
                      const struct library_photo *photo) {
    const bool stays = photo->state == LIBRARY_UNREAD && photo->was_named;
    if (photo->state == LIBRARY_KEPT || stays) {
        add_old(library, rows, photo->old);
        library->kept++;
        return;
    }
    if (photo->state != LIBRARY_KNOWN && photo->state != LIBRARY_ENCODED) return;
    rows->items[rows->count++] = (struct index_row){photo->entry, photo->vector, photo->old};
    if (photo->state == LIBRARY_KNOWN)
        library->known++;
    else
        library->encoded++;
}

/* One of the photos that are gone and had this content has moved here. */
static void find_moved(struct library *library, struct new_rows *rows,
                       const struct library_photo *photo) {
    if (photo->state != LIBRARY_KNOWN || photo->was_named) return;
    for (size_t at = find_content(library, &photo->entry); has_content(library, at, &photo->entry);
         at++) {
        bool *gone = &rows->gone[library->by_content[at]];
        if (!*gone) continue;
        *gone = false;
        library->moved++;
        return;
    }
}

static int by_name(const void *a, const void *b) {
    const struct index_row *x = a, *y = b;
    return strcmp(x->photo.name, y->photo.name);
}

/* Sorts the rows; of two with one name, which only a change of the folder meanwhile gives, one
 * stays. */
static void sort(struct new_rows *rows) {
    size_t count = 0;
    qsort(rows->items, rows->count, sizeof *rows->items, by_name);
    for (size_t i = 0; i < rows->count; i++)
        if (count == 0 || by_name(&rows->items[count - 1], &rows->items[i]) != 0)
            rows->items[count++] = rows->items[i];
    rows->count = count;
}

static bool collect(struct library *library, struct new_rows *rows, caption_error *error) {
    library->kept = library->encoded = library->known = library->moved = library->gone = 0;
    if (!add_others(library, rows, error)) return false;
    for (size_t i = 0; i < library->count; i++) {
        add_photo(library, rows, &library->photos[i]);
        find_moved(library, rows, &library->photos[i]);
    }
    for (size_t i = 0; i < library->old->count; i++) library->gone += rows->gone[i];
    sort(rows);
    return true;
}

/* Another run may have replaced the index that was read: its photos would be lost. */
static bool check_unchanged(const struct library *library, caption_error *error) {
    struct stat old, now;
    if (library->old->count == 0 || fstat(library->old->file.descriptor, &old) != 0) return true;
    if (stat(library->path, &now) == 0 && now.st_dev == old.st_dev && now.st_ino == old.st_ino)
        return true;
    return error_set(error, CAPTION_ERROR_IO,
                     "%s: another run has changed or removed the index meanwhile: it stays as it "
                     "is; the same command again adds to it",
                     library->path);
}

bool library_write(struct library *library, uint64_t model, size_t width, caption_error *error) {
    const size_t old = library->old->count;
    struct new_rows rows = {
        .items = memory_zeroed(library->count + old, sizeof *rows.items, "an index", error),
        .gone = memory_zeroed(old, sizeof *rows.gone, "an index", error)};
    bool ok = rows.items && rows.gone && collect(library, &rows, error);
    const struct index_content content = {.model = model,
                                          .width = width,
                                          .count = rows.count,
                                          .rows = rows.items,
                                          .old = library->old};
    const bool same = rows.count == old && library->kept == old && old > 0;
    ok = ok && (same || (check_unchanged(library, error) &&
                         index_file_write(library->path, &content, error)));
    free(rows.items);
    free(rows.gone);
    return ok;
}
