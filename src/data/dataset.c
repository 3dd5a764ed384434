#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/builder.h"
#include "data/coco.h"
#include "data/folder.h"
#include "data/karpathy.h"
#include "data/kohya.h"
#include "data/rows.h"
#include "data/shards.h"
#include "data/source.h"
#include "data/split_folders.h"
#include "data/token_text.h"

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

void dataset_free(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        free(dataset->photos[i].name);
        free(dataset->photos[i].path);
        free(dataset->photos[i].member);
        free(dataset->photos[i].id);
        free(dataset->photos[i].source);
    }
    for (size_t i = 0; i < dataset->caption_count; i++) tokens_free(&dataset->captions[i]);
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
    size_t caption_room = dataset->caption_count;
    if (!size_add(dataset->photo_count, more->photo_count, &photos) ||
        !size_add(dataset->caption_count, more->caption_count, &captions)) {
        return error_memory(error, "a data set");
    }
    return memory_grow(&dataset->photos, &photo_room, photos, sizeof *dataset->photos, "a data set",
                       error) &&
           memory_grow(&dataset->captions, &caption_room, captions, sizeof *dataset->captions,
                       "a data set", error);
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
    dataset->photo_count += other->photo_count;
    dataset->caption_count += other->caption_count;
    dataset->wordless += other->wordless;
    dataset->failed += other->failed;
    dataset->without_text += other->without_text;
    dataset->without_photo += other->without_photo;
    dataset->orphans += other->orphans;
    dataset->not_plain += other->not_plain;
    add_faults(dataset, &other->faults);
    other->photo_count = other->caption_count = 0; /* theirs no more */
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
