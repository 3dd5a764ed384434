/* Photos of a data set that are scored, as `caption eval` and `caption score` are told to. */
#ifndef CAPTION_CLI_DATASET_CHOICE_H
#define CAPTION_CLI_DATASET_CHOICE_H

#include <stdio.h>

#include "data/photo_check.h"

/* What DATASET may be, for the help texts. */
#define DATASET_CHOICE_FORMATS                                                                     \
    "DATASET, told by its content, is Karpathy's dataset_*.json, COCO captions, a JSON array,\n"   \
    "JSON Lines or CSV of photos with captions, what `caption` prints of photos, Flickr8k's\n"     \
    "token.txt, or a folder of photos with .txt beside them.\n"

/* What the flags say. */
struct dataset_choice_options {
    const char *path;   /* of the data set */
    const char *images; /* folder of the photos; NULL: beside the data set */
    const char *split;  /* "train", "val", "test" or "all" */
    uint64_t seed;      /* of dataset_split_seeded, where the data set has no such split */
};

/* What is opened: the data set and the photos of one split that have captions. */
struct dataset_choice {
    struct dataset dataset;
    size_t *photos; /* [count], indices into dataset.photos */
    size_t count;
    size_t references;  /* captions of those photos */
    size_t uncaptioned; /* photos of the split that were left out: they have no captions */
};

/* Reads the data set and selects photos. On failure there is nothing to free. */
bool dataset_choice_open(struct dataset_choice *choice,
                         const struct dataset_choice_options *options, caption_error *error);
void dataset_choice_free(struct dataset_choice *choice);

/* Takes the photos that cannot be read out of the choice, or fails; see photo_check. */
bool dataset_choice_check(struct dataset_choice *choice, const struct photo_check_options *options,
                          struct photo_check *check, caption_error *error);

/* Tells what is not as the user may think, each in a line that begins with `command`: a split made
 * by the seed, captions and photos that were left out. */
void dataset_choice_tell(const struct dataset_choice *choice,
                         const struct dataset_choice_options *options, const char *command,
                         FILE *stream);

#endif
