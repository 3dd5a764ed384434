/* Photos of a data set that are scored, as `caption eval` and `caption score` are told to. */
#ifndef CAPTION_CLI_DATASET_CHOICE_H
#define CAPTION_CLI_DATASET_CHOICE_H

#include "data/dataset.h"

/* What is opened: the data set and the photos of one split. */
struct dataset_choice {
    struct dataset dataset;
    size_t *photos; /* [count], indices into dataset.photos */
    size_t count;
    size_t references; /* captions of those photos */
};

/* Reads the data set and selects a split by its name ("all": every photo). On failure there is
 * nothing to free. */
bool dataset_choice_open(struct dataset_choice *choice, const char *path, const char *images,
                         const char *split, caption_error *error);
void dataset_choice_free(struct dataset_choice *choice);

#endif
