#include "data/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "data/rows.h"
#include "image/photo.h"

/* Places are a fixed word and a number. */
enum { PLACE_SIZE = 64 };

static bool has_text(const cJSON *entry, const struct dataset_reading *how) {
    const char *key = how->caption_key ? how->caption_key : "caption";
    return cJSON_GetObjectItemCaseSensitive(entry, key) ||
           cJSON_GetObjectItemCaseSensitive(entry, "tags");
}

bool kohya_recognises(const struct source *source) {
    const cJSON *first = cJSON_IsObject(source->json) ? source->json->child : NULL;
    return !source->more && cJSON_IsObject(first) && has_text(first, source->how);
}

static bool is_there(const struct builder *builder, const char *name) {
    char *path = file_join(builder->images, name, NULL);
    const bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* stem.EXTENSION where there is such a file in the folder of photos, else the stem; newly
 * allocated. */
static char *complete(const struct builder *builder, const char *stem, caption_error *error) {
    static const char *const extensions[] = {"",      ".png", ".jpg",  ".jpeg", ".webp", ".bmp",
                                             ".avif", ".gif", ".heic", ".tif",  ".tiff"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        char *name = memory_join(stem, extensions[i], "", error);
        if (!name || is_there(builder, name)) return name;
        free(name);
    }
    return memory_string(stem, error);
}

static bool add_photo(const char *key, const char *place, struct builder *builder,
                      caption_error *error) {
    if (!*key) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected a photo's path as the key, found an empty one",
                         builder->dataset->name, place);
    }
    char *name = photo_named(key) ? memory_string(key, error) : complete(builder, key, error);
    bool ok = name && builder_photo_once(builder, name, name, DATASET_NONE, error);
    free(name);
    return ok;
}

static bool read_tags(const cJSON *entry, const char *place, struct builder *builder,
                      caption_error *error) {
    if (!cJSON_GetObjectItemCaseSensitive(entry, "tags")) return true;
    const char *tags = json_string(entry, "tags", builder->dataset->name, place, error);
    return tags && builder_sentence(builder, tags, error);
}

static bool read_entry(const cJSON *entry, const char *place, struct builder *builder,
                       caption_error *error) {
    if (!cJSON_IsObject(entry)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected an object with \"caption\" or \"tags\", found %s",
                         builder->dataset->name, place, json_type(entry));
    }
    bool found;
    return add_photo(entry->string, place, builder, error) &&
           rows_read_captions(entry, place, builder, &found, error) &&
           (found || read_tags(entry, place, builder, error));
}

bool kohya_read(const struct source *source, struct builder *builder, caption_error *error) {
    const cJSON *entry;
    size_t index = 0;
    cJSON_ArrayForEach(entry, source->json) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "photo %zu", index++);
        if (!read_entry(entry, place, builder, error)) return false;
    }
    return true;
}
