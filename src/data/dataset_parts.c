#include "data/dataset_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static const char what[] = "the parts of a data set";

/* Names are printed in tables separated by tabs. */
static void make_printable(char *name) {
    for (; *name; name++) {
        if ((unsigned char)*name <= ' ' || *name == 0x7f) *name = '_';
    }
}

/* The last part of a path, without extension. */
static char *stem_of(const char *path, caption_error *error) {
    char *copy = memory_string(path, error);
    if (!copy) return NULL;
    for (size_t end = strlen(copy); end > 1 && copy[end - 1] == '/';) copy[--end] = '\0';
    copy[file_stem_length(copy)] = '\0';
    const char *stem = copy + file_name_start(copy);
    static const char prefix[] = "dataset_";
    if (strncmp(stem, prefix, strlen(prefix)) == 0 && stem[strlen(prefix)]) stem += strlen(prefix);
    memmove(copy, stem, strlen(stem) + 1);
    make_printable(copy);
    return copy;
}

static bool is_taken(char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

/* Takes ownership of `stem`, also on failure; returns a name that is not among names[count]. */
static char *unlike(char *const *names, size_t count, char *stem, caption_error *error) {
    if (!is_taken(names, count, stem)) return stem;
    const size_t size = strlen(stem) + sizeof "-18446744073709551615";
    char *name = memory_uninitialised(size, 1, "a name", error);
    for (size_t number = 2; name; number++) {
        snprintf(name, size, "%s-%zu", stem, number);
        if (!is_taken(names, count, name)) break;
    }
    free(stem);
    return name;
}

char **dataset_names(const char *const *paths, size_t count, caption_error *error) {
    char **names = memory_zeroed(count, sizeof *names, "names", error);
    for (size_t i = 0; names && i < count; i++) {
        char *stem = stem_of(paths[i], error);
        names[i] = stem ? unlike(names, i, stem, error) : NULL;
        if (names[i]) continue;
        dataset_names_free(names, count);
        return NULL;
    }
    return names;
}

void dataset_names_free(char **names, size_t count) {
    for (size_t i = 0; names && i < count; i++) free(names[i]);
    free(names);
}

void dataset_parts_free(struct dataset_parts *parts) {
    for (size_t i = 0; i < parts->count; i++) {
        free(parts->items[i].name);
        free(parts->items[i].set);
    }
    free(parts->items);
    *parts = (struct dataset_parts){0};
}

static bool same_source(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* "name/source", or the name alone. */
static char *part_name(const char *name, const char *source, caption_error *error) {
    if (!source) return memory_string(name, error);
    const size_t size = strlen(name) + strlen(source) + 2;
    char *text = memory_uninitialised(size, 1, what, error);
    if (!text) return NULL;
    snprintf(text, size, "%s/%s", name, source);
    make_printable(text);
    return text;
}

static bool add_part(struct dataset_parts *parts, const char *name, const char *source,
                     size_t count, caption_error *error) {
    if (!memory_grow(&parts->items, &parts->capacity, parts->count + 1, sizeof *parts->items, what,
                     error)) {
        return false;
    }
    const struct dataset_part *last = parts->count ? &parts->items[parts->count - 1] : NULL;
    struct dataset_part part = {.name = part_name(name, source, error),
                                .set = memory_string(name, error),
                                .first = last ? last->first + last->count : 0,
                                .count = count};
    if (part.name && part.set) {
        parts->items[parts->count++] = part;
        return true;
    }
    free(part.name);
    free(part.set);
    return false;
}

const char *dataset_common_source(const struct dataset *dataset, const size_t *photos,
                                  size_t count) {
    const char *source = count > 0 ? dataset->photos[photos[0]].source : NULL;
    for (size_t i = 1; source && i < count; i++) {
        if (!same_source(dataset->photos[photos[i]].source, source)) return NULL;
    }
    return source;
}

static bool sources_error(const struct dataset *dataset, caption_error *error) {
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: expected at most %d different sources, found more: without --by-source it "
        "is scored as a whole",
        dataset->name, DATASET_PARTS_MOST);
}

/* Moves the photos of the first one's source to the front, all in their order; `rest` is scratch.
 * Returns how many they are. */
static size_t gather(const struct dataset *dataset, size_t *photos, size_t count, size_t *rest) {
    const char *source = dataset->photos[photos[0]].source;
    size_t gathered = 0, left = 0;
    for (size_t i = 0; i < count; i++) {
        const bool same = same_source(dataset->photos[photos[i]].source, source);
        if (same) {
            photos[gathered++] = photos[i];
        } else {
            rest[left++] = photos[i];
        }
    }
    memcpy(photos + gathered, rest, left * sizeof *photos);
    return gathered;
}

bool dataset_parts_add(struct dataset_parts *parts, size_t count, const char *name,
                       caption_error *error) {
    return add_part(parts, name, NULL, count, error);
}

bool dataset_parts_add_sources(struct dataset_parts *parts, const struct dataset *dataset,
                               size_t *photos, size_t count, const char *name,
                               caption_error *error) {
    const size_t before = parts->count;
    size_t *rest = memory_uninitialised(count, sizeof *rest, what, error);
    bool ok = rest != NULL;
    for (size_t first = 0, found; ok && first < count; first += found) {
        found = gather(dataset, photos + first, count - first, rest);
        const char *source = dataset->photos[photos[first]].source;
        ok = parts->count - before < DATASET_PARTS_MOST
                 ? add_part(parts, name, source, found, error)
                 : sources_error(dataset, error);
    }
    free(rest);
    return ok;
}
