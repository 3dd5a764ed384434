/* Splits: the photos for training, for validation and for testing. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "data/name_hash.h"

static const char *const split_names[] = {"train", "val", "test", "other", "none"};

bool dataset_split_parse(const char *word, enum dataset_split *split, bool *every) {
    *split = DATASET_OTHER;
    *every = strcmp(word, "all") == 0;
    if (*every) return true;
    for (enum dataset_split i = DATASET_TRAIN; i < DATASET_OTHER; i++) {
        if (strcmp(word, split_names[i]) != 0) continue;
        *split = i;
        return true;
    }
    return false;
}

bool dataset_select(const struct dataset *dataset, enum dataset_split split, bool every,
                    size_t **indices, size_t *count, caption_error *error) {
    *count = 0;
    *indices =
        memory_uninitialised(dataset->photo_count, sizeof **indices, "a list of photos", error);
    if (!*indices) return false;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        if (every || dataset->photos[i].split == split) (*indices)[(*count)++] = i;
    }
    if (*count > 0) return true;
    free(*indices);
    *indices = NULL;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: no photo in the split \"%s\"%s",
                     dataset->name, every ? "all" : split_names[split],
                     dataset->split_given ? "" : ": it names no splits");
}

size_t dataset_keep_captioned(const struct dataset *dataset, size_t *indices, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (dataset->photos[indices[i]].count > 0) indices[kept++] = indices[i];
    }
    return kept;
}

/* Most validation photos of a seeded split: more would only make scoring slower. */
static const size_t most_held = 1000;

/* A photo that may become val. */
struct split_candidate {
    uint64_t hash;
    struct dataset_photo *photo;
};

/* By the hash, which is pseudo-random; equal hashes by name. */
static int compare_candidates(const void *a, const void *b) {
    const struct split_candidate *first = a, *second = b;
    if (first->hash != second->hash) return first->hash < second->hash ? -1 : 1;
    int order = strcmp(first->photo->name, second->photo->name);
    return order ? order : strcmp(first->photo->path, second->photo->path);
}

static bool has_held(const struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        const struct dataset_photo *photo = &dataset->photos[i];
        if (photo->split == DATASET_VAL && photo->count > 0) return true;
    }
    return false;
}

/* The photos of `split` that have captions; returns how many. */
static size_t find_candidates(struct dataset *dataset, uint64_t seed, enum dataset_split split,
                              struct split_candidate *candidates) {
    size_t count = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        struct dataset_photo *photo = &dataset->photos[i];
        if (photo->split != split || photo->count == 0) continue;
        candidates[count++] = (struct split_candidate){name_hash(photo->name, seed), photo};
    }
    return count;
}

static void hold_out(struct split_candidate *candidates, size_t count) {
    qsort(candidates, count, sizeof *candidates, compare_candidates);
    size_t held = count / 10;
    if (held == 0) held = 1;
    if (held > most_held) held = most_held;
    for (size_t i = 0; i < held; i++) candidates[i].photo->split = DATASET_VAL;
}

bool dataset_split_seeded(struct dataset *dataset, uint64_t seed, caption_error *error) {
    if (has_held(dataset)) return true;
    struct split_candidate *candidates =
        memory_uninitialised(dataset->photo_count, sizeof *candidates, "a split", error);
    if (!candidates) return false;
    const enum dataset_split from = dataset->split_given ? DATASET_TRAIN : DATASET_NONE;
    const size_t count = find_candidates(dataset, seed, from, candidates);
    if (count >= 2) hold_out(candidates, count);
    free(candidates);
    if (count < 2) {
        return error_set(
            error, CAPTION_ERROR_FORMAT,
            "%s: expected at least two photos with captions%s, one to learn from and "
            "one to validate on, found %zu",
            dataset->name,
            dataset->split_given ? " in the split \"train\", for want of one in \"val\"" : "",
            count);
    }
    dataset->split_seeded = true;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        if (dataset->photos[i].split == DATASET_NONE) dataset->photos[i].split = DATASET_TRAIN;
    }
    return true;
}
