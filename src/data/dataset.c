#include "data/dataset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "data/builder.h"
#include "data/karpathy.h"

static const size_t largest_file = (size_t)2 << 30;

static bool format_error(const char *path, const char *found, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a data set in a format that is read (Karpathy's dataset_*.json: "
                     "{\"images\": [{\"filename\", \"split\", \"sentences\"}]}), found %s",
                     path, found);
}

static const char *format_found(const cJSON *root) {
    if (!cJSON_IsObject(root)) return json_type(root);
    if (!cJSON_GetObjectItemCaseSensitive(root, "images")) return "an object without \"images\"";
    return "\"images\" and \"annotations\" (COCO's format)";
}

/* The JSON of the file, or NULL: not one of a data set's formats, or broken. */
static cJSON *read_json(const char *path, caption_error *error) {
    struct file_bytes file;
    if (!file_read(path, largest_file, &file, error)) return NULL;
    size_t start = 0;
    while (start < file.size && isspace(file.data[start])) start++;
    cJSON *root = NULL;
    if (start == file.size) {
        format_error(path, "an empty file", error);
    } else if (file.data[start] != '{' && file.data[start] != '[') {
        format_error(path, "something else than JSON", error);
    } else {
        root = json_parse((const char *)file.data, file.size, path, error);
    }
    file_bytes_free(&file);
    return root;
}

bool dataset_read(struct dataset *dataset, const char *path, const char *images,
                  caption_error *error) {
    *dataset = (struct dataset){0};
    cJSON *root = read_json(path, error);
    if (!root) return false;
    struct builder builder = {0};
    bool ok = karpathy_recognises(root) || format_error(path, format_found(root), error);
    ok = ok && builder_init(&builder, dataset, path, images, error) &&
         karpathy_read(root, &builder, error) && builder_check(&builder, error);
    builder_free(&builder);
    cJSON_Delete(root);
    if (!ok) dataset_free(dataset);
    return ok;
}

void dataset_free(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        free(dataset->photos[i].name);
        free(dataset->photos[i].path);
        free(dataset->photos[i].id);
    }
    for (size_t i = 0; i < dataset->caption_count; i++) tokens_free(&dataset->captions[i]);
    free(dataset->photos);
    free(dataset->captions);
    free(dataset->name);
    *dataset = (struct dataset){0};
}

static const char *const split_names[] = {"train", "val", "test", "other"};

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
    return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: no photo in the split \"%s\"",
                     dataset->name, every ? "all" : split_names[split]);
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
