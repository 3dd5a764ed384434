#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/formats.h"
#include "data/source.h"

/* The first format that recognises a source reads it. */
static const struct dataset_format {
    const char *name;
    bool (*recognises)(const struct source *source);
    bool (*read)(const struct source *source, struct builder *builder, caption_error *error);
} formats[] = {
    {"Karpathy's dataset_*.json", karpathy_recognises, karpathy_read},
    {"COCO captions", coco_recognises, coco_read},
    {"kohya's metadata", kohya_recognises, kohya_read},
    {"JSON array of photos", rows_recognises_array, rows_read_array},
    {"JSON Lines of photos", rows_recognises_lines, rows_read_lines},
    {"Flickr8k's token.txt", token_text_recognises, token_text_read},
    {"CSV of photos", rows_recognises_table, rows_read_table},
    {"tar shards of WebDataset", shards_recognises, shards_read},
    {"folders train, validation, test", split_folders_recognises, split_folders_read},
    {"folder of photos with texts", folder_recognises, folder_read},
};

enum { FORMATS = sizeof formats / sizeof *formats };

static const struct dataset_format *find_format(const struct source *source) {
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats[i].recognises(source)) return &formats[i];
    }
    return NULL;
}

static bool refuse(const struct source *source, caption_error *error) {
    char names[384] = "";
    for (size_t i = 0; i < FORMATS; i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", formats[i].name);
    }
    return source_refuse(source, names, error);
}

static void add_faults(struct dataset *dataset, const struct text_faults *more) {
    dataset->faults.zeros += more->zeros;
    dataset->faults.foreign += more->foreign;
}

static bool read_source(struct dataset *dataset, const struct source *source,
                        caption_error *error) {
    const struct dataset_format *format = find_format(source);
    if (!format) return refuse(source, error);
    struct builder builder;
    bool ok = builder_init(&builder, dataset, source->path, source->beside, source->how, error) &&
              format->read(source, &builder, error) && builder_finish(&builder, error);
    dataset->format = format->name;
    add_faults(dataset, &source->faults);
    builder_free(&builder);
    if (!ok) dataset_free(dataset);
    return ok;
}

bool dataset_read(struct dataset *dataset, const char *path, const struct dataset_reading *how,
                  caption_error *error) {
    static const struct dataset_reading usual = {0};
    *dataset = (struct dataset){0};
    struct source source;
    if (!source_open(&source, path, how ? how : &usual, error)) return false;
    bool ok = read_source(dataset, &source, error);
    source_close(&source);
    return ok;
}

void dataset_words_free(struct dataset_words *words) {
    for (size_t i = 0; i < words->distinct_count; i++) free(words->distinct[i]);
    free(words->distinct);
    free(words->words);
}

void dataset_free(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        free(dataset->photos[i].name);
        free(dataset->photos[i].path);
        free(dataset->photos[i].member);
        free(dataset->photos[i].id);
        free(dataset->photos[i].source);
    }
    for (size_t i = 0; i < dataset->words_count; i++) dataset_words_free(&dataset->words[i]);
    free(dataset->words);
    free(dataset->photos);
    free(dataset->captions);
    free(dataset->name);
    *dataset = (struct dataset){0};
}

struct photo_file dataset_photo_file(const struct dataset_photo *photo) {
    return (struct photo_file){photo->path, photo->member, photo->offset, photo->size};
}

/* Reserves memory for `more` photos and captions after the existing ones. */
static bool make_room(struct dataset *dataset, const struct dataset *more, caption_error *error) {
    size_t photos, captions, photo_room = dataset->photo_count;
    size_t caption_room = dataset->caption_count, word_room = dataset->words_count;
    if (!size_add(dataset->photo_count, more->photo_count, &photos) ||
        !size_add(dataset->caption_count, more->caption_count, &captions)) {
        return error_memory(error, "a data set");
    }
    return memory_grow(&dataset->photos, &photo_room, photos, sizeof *dataset->photos, "a data set",
                       error) &&
           memory_grow(&dataset->captions, &caption_room, captions, sizeof *dataset->captions,
                       "a data set", error) &&
           memory_grow(&dataset->words, &word_room, dataset->words_count + more->words_count,
                       sizeof *dataset->words, "a data set", error);
}

bool dataset_append(struct dataset *dataset, struct dataset *other, caption_error *error) {
    if (!dataset->name) {
        *dataset = *other;
        *other = (struct dataset){0};
        return true;
    }
    if (!make_room(dataset, other, error)) return false;
    for (size_t i = 0; i < other->photo_count; i++) {
        struct dataset_photo *photo = &dataset->photos[dataset->photo_count + i];
        *photo = other->photos[i];
        photo->first += dataset->caption_count;
    }
    if (other->caption_count > 0) {
        memcpy(dataset->captions + dataset->caption_count, other->captions,
               other->caption_count * sizeof *other->captions);
    }
    for (size_t i = 0; i < other->words_count; i++)
        dataset->words[dataset->words_count++] = other->words[i];
    dataset->photo_count += other->photo_count;
    dataset->caption_count += other->caption_count;
    dataset->wordless += other->wordless;
    dataset->failed += other->failed;
    dataset->without_text += other->without_text;
    dataset->without_photo += other->without_photo;
    dataset->orphans += other->orphans;
    dataset->not_plain += other->not_plain;
    add_faults(dataset, &other->faults);
    other->photo_count = other->caption_count = other->words_count = 0; /* theirs no more */
    dataset_free(other);
    return true;
}

/* "left", "leftmost", "left-handed"; not "leftover". */
static bool is_side(const char *word, const char *side) {
    const size_t length = strlen(side);
    if (strncmp(word, side, length) != 0) return false;
    return word[length] == '\0' || word[length] == '-' || strcmp(word + length, "most") == 0 ||
           strcmp(word + length, "hand") == 0;
}

bool dataset_photo_is_sided(const struct dataset *dataset, const struct dataset_photo *photo) {
    for (size_t i = photo->first; i < photo->first + photo->count; i++) {
        const struct tokens *caption = &dataset->captions[i];
        for (size_t j = 0; j < caption->count; j++) {
            if (is_side(caption->words[j], "left") || is_side(caption->words[j], "right")) {
                return true;
            }
        }
    }
    return false;
}

/* Splits: the photos for training, for validation and for testing. */

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

/* A summary of a data set in one line. */

static void write_count(FILE *stream, const char *before, size_t count, const char *what) {
    fprintf(stream, "%s%zu %s%s", before, count, what, count == 1 ? "" : "s");
}

static void write_splits(FILE *stream, const struct dataset *dataset) {
    static const char *const names[] = {"train", "val", "test", "other splits", "no split"};
    size_t counts[sizeof names / sizeof *names] = {0};
    for (size_t i = 0; i < dataset->photo_count; i++) counts[dataset->photos[i].split]++;
    const char *before = " (";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (counts[i] == 0) continue;
        fprintf(stream, "%s%s %zu", before, names[i], counts[i]);
        before = ", ";
    }
    fputc(')', stream);
}

static void write_left_out(FILE *stream, const struct dataset *dataset) {
    size_t uncaptioned = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) uncaptioned += dataset->photos[i].count == 0;
    if (uncaptioned) write_count(stream, "; without captions: ", uncaptioned, "photo");
    if (dataset->without_text) {
        write_count(stream, "; no captions beside it: ", dataset->without_text, "photo");
    }
    if (dataset->without_photo) {
        write_count(stream, "; left out, without a photo: ", dataset->without_photo, "row");
    }
    if (dataset->orphans) {
        write_count(stream, "; left out, of no photo: ", dataset->orphans, "annotation");
    }
    if (dataset->failed) write_count(stream, "; left out, with an error: ", dataset->failed, "row");
    if (dataset->not_plain) {
        write_count(stream, "; passed over, no plain file: ", dataset->not_plain, "member");
    }
    if (dataset->wordless) {
        write_count(stream, "; left out, without words: ", dataset->wordless, "caption");
    }
    text_faults_write(&dataset->faults, stream);
}

char *dataset_summary(const struct dataset *dataset, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a summary", error)) return NULL;
    FILE *stream = text.stream;
    fprintf(stream, "%s (%s): ", dataset->name, dataset->format);
    write_count(stream, "", dataset->photo_count, "photo");
    write_splits(stream, dataset);
    write_count(stream, ", ", dataset->caption_count, "caption");
    write_left_out(stream, dataset);
    return text_stream_close(&text, error);
}

static const char what[] = "the parts of a data set";

/* Names are printed in tables separated by tabs. */
static void make_printable(char *name) {
    for (; *name; name++) {
        if ((unsigned char)*name <= ' ' || *name == 0x7f) *name = '_';
    }
}

/* The last part of a path, without extension; "/" has none. */
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
    if (*copy) return copy;
    free(copy);
    return memory_string("data", error);
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
