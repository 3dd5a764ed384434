/* Photos and what people say of them. */
#ifndef CAPTION_DATA_DATASET_H
#define CAPTION_DATA_DATASET_H

#include <stdint.h>

#include "base/error.h"
#include "text/tokenizer.h"

enum dataset_split { DATASET_TRAIN, DATASET_VAL, DATASET_TEST, DATASET_OTHER };

struct dataset_photo {
    char *name; /* as the data set writes it: file name or relative path; owned */
    char *path; /* where the photo lies; owned */
    char *id;   /* image id as text ("imgid", "cocoid"); owned; may equal the name */
    enum dataset_split split;
    size_t first; /* its captions are captions[first .. first + count) */
    size_t count;
};

struct dataset {
    char *name;                   /* of the file read; owned */
    struct dataset_photo *photos; /* [photo_count] */
    size_t photo_count;
    struct tokens *captions; /* [caption_count] in words */
    size_t caption_count;
};

/* Reads a data set. Its format is told by its content; for now Karpathy's dataset_*.json ("restval"
 * counts as train). Sentences with "tokens" are used as they are, others are tokenized from "raw".
 * Photos lie in `images`, or beside the file when `images` is NULL ("filepath" of a photo, where
 * given, is put between). Errors name file and field; a photo without captions is kept (count 0).
 */
bool dataset_read(struct dataset *dataset, const char *path, const char *images,
                  caption_error *error);
void dataset_free(struct dataset *dataset);

/* "train", "val", "test" (or "all" with *every true) to a split; false for any other word. */
bool dataset_split_parse(const char *word, enum dataset_split *split, bool *every);

/* The photos of a split as a newly allocated list of indices into photos, in the file's order.
 * An empty list is an error. `every` takes all. */
bool dataset_select(const struct dataset *dataset, enum dataset_split split, bool every,
                    size_t **indices, size_t *count, caption_error *error);

/* True when a caption of the photo says left or right: such a photo must not be mirrored. */
bool dataset_photo_is_sided(const struct dataset *dataset, const struct dataset_photo *photo);

#endif
