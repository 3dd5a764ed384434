/* Data sets in a file, of every format. */
#include "data/dataset.h"
#include "fuzz.h"

static void check(const struct dataset *dataset) {
    size_t captions = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        const struct dataset_photo *photo = &dataset->photos[i];
        FUZZ_MUST(photo->name && photo->path && photo->id);
        FUZZ_MUST(photo->first == captions);
        captions += photo->count;
        FUZZ_MUST(captions <= dataset->caption_count);
        dataset_photo_is_sided(dataset, photo);
    }
    FUZZ_MUST(captions == dataset->caption_count);
}

/* In a table: neither empty nor with white space. */
static bool is_one_word(const char *name) {
    return name[0] != '\0' && name[strcspn(name, " \t\r\n\v\f")] == '\0';
}

/* Parts by their source: each photo is in one of them. */
static void part(const struct dataset *dataset, size_t *photos, size_t count) {
    struct dataset_parts parts = {0};
    caption_error error = {0};
    const char *common = dataset_common_source(dataset, photos, count);
    if (dataset_parts_add_sources(&parts, dataset, photos, count, "set", &error)) {
        size_t sum = 0;
        for (size_t i = 0; i < parts.count; i++) {
            const struct dataset_part *part = &parts.items[i];
            FUZZ_MUST(part->first == sum && part->count > 0 && strcmp(part->set, "set") == 0);
            FUZZ_MUST(is_one_word(part->name));
            sum += part->count;
        }
        FUZZ_MUST(sum == count && (!common || parts.count == 1));
    } else {
        fuzz_check_error(&error);
    }
    dataset_parts_free(&parts);
}

/* Files may be called anything, and alike: in tables their names stay one word each, and differ. */
static void name(const struct dataset *dataset) {
    enum { FILES = 3 };
    const char *paths[FILES];
    for (size_t i = 0; i < FILES; i++) paths[i] = dataset->photos[i % dataset->photo_count].name;
    caption_error error = {0};
    char **names = dataset_names(paths, FILES, &error);
    FUZZ_MUST(names != NULL);
    for (size_t i = 0; i < FILES; i++) {
        FUZZ_MUST(is_one_word(names[i]));
        for (size_t j = 0; j < i; j++) FUZZ_MUST(strcmp(names[i], names[j]) != 0);
    }
    dataset_names_free(names, FILES);
}

static void divide(struct dataset *dataset) {
    caption_error error = {0};
    if (!dataset_split_seeded(dataset, 1, &error)) fuzz_check_error(&error);
    for (int split = DATASET_TRAIN; split <= DATASET_NONE; split++) {
        size_t *photos, count;
        if (!dataset_select(dataset, (enum dataset_split)split, split == DATASET_NONE, &photos,
                            &count, &error)) {
            fuzz_check_error(&error);
            continue;
        }
        FUZZ_MUST(count > 0 && count <= dataset->photo_count);
        part(dataset, photos, count);
        FUZZ_MUST(dataset_keep_captioned(dataset, photos, count) <= count);
        free(photos);
    }
}

/* Twice as much, for the same once more. */
static void append(struct dataset *dataset, const char *path) {
    struct dataset more;
    caption_error error = {0};
    const size_t photos = dataset->photo_count, captions = dataset->caption_count;
    FUZZ_MUST(dataset_read(&more, path, NULL, &error));
    FUZZ_MUST(dataset_append(dataset, &more, &error));
    FUZZ_MUST(dataset->photo_count == 2 * photos && dataset->caption_count == 2 * captions);
    check(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct dataset dataset;
    caption_error error = {0};
    if (!dataset_read(&dataset, fuzz_file(0, bytes, size), NULL, &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    check(&dataset);
    char *summary = dataset_summary(&dataset, &error);
    FUZZ_MUST(summary != NULL);
    free(summary);
    name(&dataset);
    divide(&dataset);
    append(&dataset, fuzz_file(0, bytes, size));
    dataset_free(&dataset);
    return 0;
}
