#include "data/formats.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { FIRST_SLOTS = 64 };

void name_index_free(struct name_index *index) {
    free(index->slots);
    *index = (struct name_index){0};
}

/* The slot of the name, or the free one where it belongs. */
static struct name_index_slot *slot_of(const struct name_index *index, const char *name) {
    size_t at = (size_t)siphash_string(index->key, name) & (index->slot_count - 1);
    while (index->slots[at].name && strcmp(index->slots[at].name, name) != 0) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

size_t name_index_find(const struct name_index *index, const char *name) {
    if (index->count == 0) return NAME_INDEX_NONE;
    const struct name_index_slot *slot = slot_of(index, name);
    return slot->name ? slot->photo : NAME_INDEX_NONE;
}

static bool grow(struct name_index *index, caption_error *error) {
    struct name_index larger = {
        .slot_count = FIRST_SLOTS, .count = index->count, .key = siphash_key_new()};
    if (index->slot_count && !size_multiply(index->slot_count, 2, &larger.slot_count)) {
        return error_memory(error, "an index of photos");
    }
    larger.slots =
        memory_zeroed(larger.slot_count, sizeof *larger.slots, "an index of photos", error);
    if (!larger.slots) return false;
    for (size_t i = 0; i < index->slot_count; i++) {
        if (index->slots[i].name) *slot_of(&larger, index->slots[i].name) = index->slots[i];
    }
    free(index->slots);
    *index = larger;
    return true;
}

bool name_index_add(struct name_index *index, const char *name, size_t photo,
                    caption_error *error) {
    /* At most half full, so that a search is short. */
    if (index->count >= index->slot_count / 2 && !grow(index, error)) return false;
    *slot_of(index, name) = (struct name_index_slot){name, photo};
    index->count++;
    return true;
}

bool builder_init(struct builder *builder, struct dataset *dataset, const char *path,
                  const char *beside, const struct dataset_reading *how, caption_error *error) {
    *builder = (struct builder){.dataset = dataset, .how = how};
    *dataset = (struct dataset){0};
    dataset->name = memory_string(path, error);
    builder->images =
        dataset->name ? memory_string(how->images ? how->images : beside, error) : NULL;
    return builder->images != NULL;
}

void builder_free(struct builder *builder) {
    free(builder->images);
    free(builder->owners);
    name_index_free(&builder->photos);
    name_index_free(&builder->words);
    dataset_words_free(&builder->kept);
    *builder = (struct builder){0};
}

void builder_enter(struct builder *builder, const char *folder, enum dataset_split split) {
    builder->inside = folder;
    builder->split = split;
}

/* A name or id as it is in the data set: newly allocated. */
static char *name_inside(const struct builder *builder, const char *name, caption_error *error) {
    return builder->inside ? file_join(builder->inside, name, error) : memory_string(name, error);
}

/* images/folder/name */
static char *photo_path(const struct builder *builder, const char *folder, const char *name,
                        caption_error *error) {
    if (!folder || !*folder) return file_join(builder->images, name, error);
    char *directory = file_join(builder->images, folder, error);
    char *path = directory ? file_join(directory, name, error) : NULL;
    free(directory);
    return path;
}

/* A new photo with its name and id, the current one; NULL with `error` set. */
static struct dataset_photo *add_photo(struct builder *builder, const char *name, const char *id,
                                       enum dataset_split split, caption_error *error) {
    struct dataset *dataset = builder->dataset;
    if (!memory_grow(&dataset->photos, &builder->photo_capacity, dataset->photo_count + 1,
                     sizeof *dataset->photos, "the photos of a data set", error)) {
        return NULL;
    }
    builder->current = dataset->photo_count++;
    struct dataset_photo *photo = &dataset->photos[builder->current];
    *photo = (struct dataset_photo){.split = builder->inside ? builder->split : split};
    photo->name = name_inside(builder, name, error);
    photo->id = photo->name ? name_inside(builder, id, error) : NULL;
    return photo->id ? photo : NULL;
}

bool builder_photo(struct builder *builder, const char *name, const char *folder, const char *id,
                   enum dataset_split split, caption_error *error) {
    struct dataset_photo *photo = add_photo(builder, name, id, split, error);
    if (!photo) return false;
    photo->path = photo_path(builder, folder, photo->name, error);
    if (!photo->path) return false;
    windows_path_try(photo->path);
    return true;
}

bool builder_member(struct builder *builder, const struct photo_file *file, caption_error *error) {
    struct dataset_photo *photo =
        add_photo(builder, file->member, file->member, DATASET_NONE, error);
    if (!photo) return false;
    photo->path = memory_string(file->path, error);
    photo->member = photo->path ? memory_string(file->member, error) : NULL;
    photo->offset = file->offset;
    photo->size = file->size;
    return photo->member != NULL;
}

bool builder_photo_once(struct builder *builder, const char *name, const char *id,
                        enum dataset_split split, caption_error *error) {
    char *whole = name_inside(builder, name, error);
    if (!whole) return false;
    const size_t known = name_index_find(&builder->photos, whole);
    free(whole);
    if (known != NAME_INDEX_NONE) {
        builder_turn_to(builder, known);
        return true;
    }
    return builder_photo(builder, name, NULL, id, split, error) &&
           name_index_add(&builder->photos, builder->dataset->photos[builder->current].name,
                          builder->current, error);
}

bool builder_source(struct builder *builder, const char *source, caption_error *error) {
    struct dataset_photo *photo = &builder->dataset->photos[builder->current];
    photo->source = memory_string(source, error);
    return photo->source != NULL;
}

void builder_turn_to(struct builder *builder, size_t photo) {
    builder->current = photo;
}

/* The one copy of a word; NULL with `error` set. */
static char *keep_word(struct builder *builder, const char *word, caption_error *error) {
    struct dataset_words *kept = &builder->kept;
    const size_t known = name_index_find(&builder->words, word);
    if (known != NAME_INDEX_NONE) return kept->distinct[known];
    if (!memory_grow(&kept->distinct, &builder->distinct_capacity, kept->distinct_count + 1,
                     sizeof *kept->distinct, "the words of a data set", error)) {
        return NULL;
    }
    char *copy = memory_string(word, error);
    if (!copy) return NULL;
    kept->distinct[kept->distinct_count++] = copy;
    return name_index_add(&builder->words, copy, kept->distinct_count - 1, error) ? copy : NULL;
}

bool builder_word(struct builder *builder, const char *word, caption_error *error) {
    struct dataset_words *kept = &builder->kept;
    char *copy = keep_word(builder, word, error);
    if (!copy || !memory_grow(&kept->words, &builder->word_capacity, builder->word_count + 1,
                              sizeof *kept->words, "the captions of a data set", error)) {
        return false;
    }
    kept->words[builder->word_count++] = copy;
    return true;
}

bool builder_caption(struct builder *builder, caption_error *error) {
    struct dataset *dataset = builder->dataset;
    const size_t words = builder->word_count - builder->begun;
    if (words == 0) {
        dataset->wordless++;
        return true;
    }
    const size_t needed = dataset->caption_count + 1;
    if (!memory_grow(&dataset->captions, &builder->caption_capacity, needed,
                     sizeof *dataset->captions, "the captions of a data set", error) ||
        !memory_grow(&builder->owners, &builder->owner_capacity, needed, sizeof *builder->owners,
                     "the captions of a data set", error)) {
        return false;
    }
    builder->begun = builder->word_count;
    builder->owners[dataset->caption_count] = builder->current;
    dataset->captions[dataset->caption_count++] = (struct tokens){.count = words};
    dataset->photos[builder->current].count++;
    return true;
}

static bool take_word(void *builder, const char *word, caption_error *error) {
    return builder_word(builder, word, error);
}

bool builder_sentence(struct builder *builder, const char *sentence, caption_error *error) {
    return tokenize_each(sentence, take_word, builder, error) && builder_caption(builder, error);
}

/* Pointers into one array: where the strings are equal, the earlier photo comes first. */
static int compare_paths(const void *a, const void *b) {
    const struct dataset_photo *first = *(const struct dataset_photo *const *)a;
    const struct dataset_photo *second = *(const struct dataset_photo *const *)b;
    const int order = strcmp(first->path, second->path);
    if (order) return order;
    if (first->offset != second->offset) return first->offset < second->offset ? -1 : 1;
    return first < second ? -1 : first > second;
}

static int compare_ids(const void *a, const void *b) {
    const struct dataset_photo *first = *(const struct dataset_photo *const *)a;
    const struct dataset_photo *second = *(const struct dataset_photo *const *)b;
    const int order = strcmp(first->id, second->id);
    return order ? order : first < second ? -1 : first > second;
}

static bool twice_error(const struct dataset *dataset, const struct dataset_photo *first,
                        const struct dataset_photo *second, const char *what, const char *value,
                        caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: photos %zu and %zu (counted from 0) have the same %s: %s", dataset->name,
                     (size_t)(first - dataset->photos), (size_t)(second - dataset->photos), what,
                     value);
}

static bool is_same_file(const struct dataset_photo *a, const struct dataset_photo *b) {
    return strcmp(a->path, b->path) == 0 && a->offset == b->offset;
}

static bool check_twice(const struct dataset *dataset, const struct dataset_photo **sorted,
                        caption_error *error) {
    for (size_t i = 0; i < dataset->photo_count; i++) sorted[i] = &dataset->photos[i];
    qsort(sorted, dataset->photo_count, sizeof *sorted, compare_paths);
    for (size_t i = 1; i < dataset->photo_count; i++) {
        if (is_same_file(sorted[i - 1], sorted[i])) {
            return twice_error(dataset, sorted[i - 1], sorted[i], "file", sorted[i]->path, error);
        }
    }
    qsort(sorted, dataset->photo_count, sizeof *sorted, compare_ids);
    for (size_t i = 1; i < dataset->photo_count; i++) {
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0) {
            return twice_error(dataset, sorted[i - 1], sorted[i], "id", sorted[i]->id, error);
        }
    }
    return true;
}

static bool check_photos(const struct dataset *dataset, caption_error *error) {
    const struct dataset_photo **sorted =
        memory_uninitialised(dataset->photo_count, sizeof *sorted, "a data set", error);
    bool ok = sorted && check_twice(dataset, sorted, error);
    free(sorted);
    return ok;
}

/* A split for only some photos is an error: the others would be lost. */
static bool check_splits(struct dataset *dataset, caption_error *error) {
    size_t without = 0, first = 0;
    for (size_t i = dataset->photo_count; i-- > 0;) {
        if (dataset->photos[i].split != DATASET_NONE) continue;
        without++;
        first = i;
    }
    dataset->split_given = without == 0;
    if (without == 0 || without == dataset->photo_count) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a \"split\" for every photo or for none, found none for %zu of "
                     "%zu, first for photo %zu (counted from 0): %s",
                     dataset->name, without, dataset->photo_count, first,
                     dataset->photos[first].name);
}

/* Hands the words to the data set; they do not move any more, and the captions point to theirs. */
static bool place_words(struct builder *builder, caption_error *error) {
    struct dataset *dataset = builder->dataset;
    dataset->words = memory_zeroed(1, sizeof *dataset->words, "the words of a data set", error);
    if (!dataset->words) return false;
    dataset->words[0] = builder->kept;
    dataset->words_count = 1;
    builder->kept = (struct dataset_words){0};
    char **words = dataset->words[0].words;
    for (size_t i = 0; i < dataset->caption_count; i++) {
        dataset->captions[i].words = words;
        words += dataset->captions[i].count;
    }
    return true;
}

/* Captions may come in any order; those of one photo keep theirs. */
static bool order_captions(struct builder *builder, caption_error *error) {
    struct dataset *dataset = builder->dataset;
    struct tokens *ordered = memory_uninitialised(dataset->caption_count, sizeof *ordered,
                                                  "the captions of a data set", error);
    if (!ordered) return false;
    size_t next = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        struct dataset_photo *photo = &dataset->photos[i];
        photo->first = next;
        next += photo->count;
        photo->count = 0;
    }
    for (size_t i = 0; i < dataset->caption_count; i++) {
        struct dataset_photo *photo = &dataset->photos[builder->owners[i]];
        ordered[photo->first + photo->count++] = dataset->captions[i];
    }
    free(dataset->captions);
    dataset->captions = ordered;
    return true;
}

bool builder_finish(struct builder *builder, caption_error *error) {
    struct dataset *dataset = builder->dataset;
    if (dataset->photo_count == 0) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: expected photos, found none",
                         dataset->name);
    }
    return check_photos(dataset, error) && check_splits(dataset, error) &&
           place_words(builder, error) && order_captions(builder, error);
}
