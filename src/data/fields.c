#include "data/fields.h"

#include <stdio.h>
#include <string.h>

static bool empty_error(const char *key, const char *expected, const char *name, const char *place,
                        caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s.%s: expected %s, found an empty string",
                     name, place, key, expected);
}

const char *fields_file_name(const cJSON *object, const char *key, const char *name,
                             const char *place, caption_error *error) {
    const char *file_name = json_string(object, key, name, place, error);
    if (!file_name || *file_name) return file_name;
    empty_error(key, "a file name", name, place, error);
    return NULL;
}

const char *fields_id(const cJSON *object, const char *key, const char *name, const char *place,
                      char digits[FIELDS_DIGITS], caption_error *error) {
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    if (id && !*id) {
        empty_error(key, "an id", name, place, error);
        return NULL;
    }
    if (id) return id;
    size_t number;
    if (!json_size(object, key, name, place, &number, error)) return NULL;
    snprintf(digits, FIELDS_DIGITS, "%zu", number);
    return digits;
}

enum dataset_split fields_split_word(const char *word) {
    static const struct {
        const char *word;
        enum dataset_split split;
    } spellings[] = {
        {"train", DATASET_TRAIN},    {"training", DATASET_TRAIN}, {"restval", DATASET_TRAIN},
        {"val", DATASET_VAL},        {"valid", DATASET_VAL},      {"dev", DATASET_VAL},
        {"validation", DATASET_VAL}, {"test", DATASET_TEST},      {"testing", DATASET_TEST},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strcmp(word, spellings[i].word) == 0) return spellings[i].split;
    }
    return DATASET_OTHER;
}

bool fields_split(const cJSON *object, const char *name, const char *place,
                  enum dataset_split *split, caption_error *error) {
    *split = DATASET_NONE;
    if (!cJSON_GetObjectItemCaseSensitive(object, "split")) return true;
    const char *word = json_string(object, "split", name, place, error);
    if (word) *split = fields_split_word(word);
    return word != NULL;
}
