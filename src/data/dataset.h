/* Photos and what people say of them. */
#ifndef CAPTION_DATA_DATASET_H
#define CAPTION_DATA_DATASET_H

#include <stdint.h>

#include "base/error.h"
#include "data/text_faults.h"
#include "text/tokenizer.h"

/* DATASET_OTHER: the data set names a split that is none of the three. DATASET_NONE: it names none;
 * see dataset_split_seeded. */
enum dataset_split { DATASET_TRAIN, DATASET_VAL, DATASET_TEST, DATASET_OTHER, DATASET_NONE };

struct dataset_photo {
    char *name; /* as the data set writes it: file name or relative path; owned */
    char *path; /* where the photo lies; owned */
    char *id;   /* image id as text; owned; the name where the data set has no id */
    char
        *source; /* where the photo comes from, as "coco"; owned; NULL: the data set does not say */
    enum dataset_split split;
    size_t first; /* its captions are captions[first .. first + count) */
    size_t count;
};

struct dataset {
    char *name;                   /* of the file or folder read; owned */
    const char *format;           /* in words, as "COCO captions" */
    struct dataset_photo *photos; /* [photo_count] */
    size_t photo_count;
    struct tokens *captions; /* [caption_count] in words */
    size_t caption_count;
    bool split_given;    /* every photo has a split in the file; else all are DATASET_NONE */
    bool split_seeded;   /* its val photos were chosen by dataset_split_seeded */
    size_t wordless;     /* captions that were left out because no word is in them */
    size_t failed;       /* rows that were left out: an error is in them in place of a caption */
    size_t without_text; /* photos of a folder that were left out: no .txt lies beside them */
    struct text_faults faults; /* of the texts that were read */
};

/* Reads a data set. Its format is told by its content, never by its name:
 *
 *     karpathy.h    Karpathy's dataset_*.json
 *     coco.h        COCO captions: "images" and "annotations"
 *     rows.h        a JSON array, JSON Lines or a table (CSV) of photos with their captions
 *     token_text.h  Flickr8k's token.txt
 *     folder.h      a folder of photos with .txt beside them
 *
 * A folder with a metadata.jsonl or metadata.csv in it is read through that file. A photo's path is
 * taken as it is where it is absolute, else from `images`, or from the folder of the file when
 * `images` is NULL. A photo without captions is kept (count 0). Errors name file and field or line.
 */
bool dataset_read(struct dataset *dataset, const char *path, const char *images,
                  caption_error *error);
void dataset_free(struct dataset *dataset);

/* Moves the photos and captions of `other` behind those of `dataset`; `other` is empty then. An
 * empty data set becomes `other` as it was; another keeps its name and format. After a failure both
 * are as they were. */
bool dataset_append(struct dataset *dataset, struct dataset *other, caption_error *error);

/* "train", "val", "test" (or "all" with *every true) to a split; false for any other word. */
bool dataset_split_parse(const char *word, enum dataset_split *split, bool *every);

/* Gives a data set a split of its own where it has none: a tenth of the photos that have captions
 * (at least 1, at most 1,000) becomes val and all others train. Which ones hangs on the seed and
 * the photos' names alone, not on their order, and few change sides when photos are added.
 *
 * In a data set that has splits but no val photo with a caption, that tenth is taken from the train
 * photos and the rest stays as it is. One that has such val photos is left alone. Fewer than two
 * photos with captions to divide are an error. */
bool dataset_split_seeded(struct dataset *dataset, uint64_t seed, caption_error *error);

/* The photos of a split as a newly allocated list of indices into photos, in the file's order.
 * An empty list is an error. `every` takes all. */
bool dataset_select(const struct dataset *dataset, enum dataset_split split, bool every,
                    size_t **indices, size_t *count, caption_error *error);

/* Takes the photos without captions, which neither teach nor can be scored, out of a list; returns
 * how many remain, perhaps none. */
size_t dataset_keep_captioned(const struct dataset *dataset, size_t *indices, size_t count);

/* What was read, in a line: format, photos, captions, splits, and what was left out. Newly
 * allocated. */
char *dataset_summary(const struct dataset *dataset, caption_error *error);

/* True when a caption of the photo says left or right: such a photo must not be mirrored. */
bool dataset_photo_is_sided(const struct dataset *dataset, const struct dataset_photo *photo);

#endif
