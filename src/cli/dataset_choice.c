#include "cli/dataset_choice.h"

#include <stdlib.h>

static bool select_photos(struct dataset_choice *choice, const char *split, caption_error *error) {
    enum dataset_split parsed = DATASET_OTHER;
    bool every = false;
    if (!dataset_split_parse(split, &parsed, &every))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--split: '%s' is not one of train, val, test, all", split);
    return dataset_select(&choice->dataset, parsed, every, &choice->photos, &choice->count, error);
}

bool dataset_choice_open(struct dataset_choice *choice, const char *path, const char *images,
                         const char *split, caption_error *error) {
    *choice = (struct dataset_choice){0};
    if (!dataset_read(&choice->dataset, path, images, error)) return false;
    if (!select_photos(choice, split, error)) {
        dataset_free(&choice->dataset);
        return false;
    }
    for (size_t i = 0; i < choice->count; i++)
        choice->references += choice->dataset.photos[choice->photos[i]].count;
    return true;
}

void dataset_choice_free(struct dataset_choice *choice) {
    free(choice->photos);
    dataset_free(&choice->dataset);
    *choice = (struct dataset_choice){0};
}
