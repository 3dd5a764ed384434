/* Photos with captions. */
#ifndef CAPTION_DATA_DATASET_H
#define CAPTION_DATA_DATASET_H

#include <stdint.h>

#include "data/table.h"
#include "image/photo.h"
#include "text/tokenizer.h"

/* DATASET_OTHER: the data set names another split than these three. DATASET_NONE: it names none;
 * see dataset_split_seeded. */
enum dataset_split { DATASET_TRAIN, DATASET_VAL, DATASET_TEST, DATASET_OTHER, DATASET_NONE };

struct dataset_photo {
    char *name;   /* in the data set: file name or relative path; owned */
    char *path;   /* of the photo's file; owned */
    char *member; /* its name in the archive `path`, whose bytes are offset .. offset + size; owned;
                     NULL: the photo is the file */
    size_t offset, size;
    char *id;     /* image id as text; owned; the name where the data set has no id */
    char *source; /* where the photo comes from, such as "coco"; owned; NULL: not given */
    enum dataset_split split;
    size_t first; /* its captions are captions[first .. first + count) */
    size_t count;
};

/* The words of captions: each that is different once. */
struct dataset_words {
    char **distinct; /* [distinct_count], owned */
    size_t distinct_count;
    char **words; /* of all captions, one after the other: pointers to those */
};

struct dataset {
    char *name;                   /* of the file or folder read; owned */
    const char *format;           /* in words, such as "COCO captions" */
    struct dataset_photo *photos; /* [photo_count] */
    size_t photo_count;
    struct tokens *captions; /* [caption_count] in words, which lie in `words` */
    size_t caption_count;
    struct dataset_words *words; /* [words_count]: more than one after dataset_append */
    size_t words_count;
    bool split_given;     /* every photo has a split in the file; else all are DATASET_NONE */
    bool split_seeded;    /* its val photos were chosen by dataset_split_seeded */
    size_t wordless;      /* captions that were left out because no word is in them */
    size_t failed;        /* rows that were left out: an error is in them in place of a caption */
    size_t without_text;  /* photos that were left out: no captions lie beside them */
    size_t without_photo; /* conversations that were left out: they show no photo */
    size_t orphans;       /* annotations that were left out: their photo is not in the data set */
    size_t not_plain; /* members of archives that were passed over: links, devices and the like */
    struct text_faults faults; /* of the texts that were read */
};

/* Some of a data set's photos. Borrows both. */
struct dataset_selection {
    const struct dataset *dataset;
    const size_t *photos; /* [count], indices into dataset->photos */
    size_t count;
};

/* How a data set is read; all zeros: in the usual way. */
struct dataset_reading {
    const char *images;           /* folder of the photos; NULL: that of the data set */
    const char *photo_key;        /* column or field with a photo's name; NULL: as in formats.h */
    const char *caption_key;      /* the same of the captions */
    const char *sidecar;          /* extension of captions beside photos; NULL: as in formats.h */
    const struct file_stop *stop; /* what may end the wait for a pipe; NULL: nothing */
};

/* Reads a data set. Its format (formats.h) is detected from its content, never from its name:
 *
 *     formats.c        Karpathy's dataset_*.json, COCO captions ("images" and "annotations"),
 *                      metadata of kohya's sd-scripts, Flickr8k's token.txt, and a JSON
 *                      array, JSON Lines or a table (CSV) of photos with their captions
 *     shards.c         tar archives of photos with captions beside them (WebDataset)
 *     folder.c         a folder of photos with captions beside them
 *     folder.c         a folder of folders train, validation and test, each with its metadata
 *
 * A folder with a metadata.jsonl or metadata.csv in it is read through that file. A photo's path is
 * taken as it is where it is absolute, else from `images`, or from the folder of the file when
 * there is none. A photo without captions is kept (count 0). `how` may be NULL: in the usual way.
 * Errors name file and field or line.
 */
bool dataset_read(struct dataset *dataset, const char *path, const struct dataset_reading *how,
                  caption_error *error);
void dataset_free(struct dataset *dataset);
void dataset_words_free(struct dataset_words *words);

/* Moves the photos and captions of `other` after those of `dataset`; `other` is then empty. An
 * empty data set becomes `other`; another keeps its name and format. After a failure both are
 * unchanged. */
bool dataset_append(struct dataset *dataset, struct dataset *other, caption_error *error);

/* "train", "val", "test" (or "all" with *every true) to a split; false for any other word. */
bool dataset_split_parse(const char *word, enum dataset_split *split, bool *every);

/* Splits a data set that has no split: a tenth of the photos that have captions (at least 1, at
 * most 1,000) becomes val and all others train. The choice depends on the seed and the photos'
 * names alone, not on their order, and changes little when photos are added.
 *
 * In a data set that has splits but no val photo with a caption, that tenth is taken from the train
 * photos and everything else is unchanged. One with such val photos is not changed. Fewer than two
 * photos with captions to divide are an error. */
bool dataset_split_seeded(struct dataset *dataset, uint64_t seed, caption_error *error);

/* Where a photo's bytes are; it borrows from the photo. */
struct photo_file dataset_photo_file(const struct dataset_photo *photo);

/* The photos of a split as a newly allocated list of indices into photos, in the file's order.
 * An empty list is an error. `every` takes all. */
bool dataset_select(const struct dataset *dataset, enum dataset_split split, bool every,
                    size_t **indices, size_t *count, caption_error *error);

/* Removes photos without captions, which can neither be trained on nor scored, from a list; returns
 * how many remain, perhaps none. */
size_t dataset_keep_captioned(const struct dataset *dataset, size_t *indices, size_t count);

/* What was read, in a line: format, photos, captions, splits, and what was left out. Newly
 * allocated. */
char *dataset_summary(const struct dataset *dataset, caption_error *error);

/* True when a caption of the photo contains left or right: such a photo must not be mirrored. */
bool dataset_photo_is_sided(const struct dataset *dataset, const struct dataset_photo *photo);

/* Data sets of one run: their short names, and the parts of their photos that are scored
 * separately. */

/* Parts of one data set at most: a "source" that differs for every photo is useless. */
enum { DATASET_PARTS_MOST = 32 };

/* Photos [first, first + count) of a list that holds all parts one after the other. */
struct dataset_part {
    char *name; /* "flickr8k", or "everyday/coco" for photos of one source; owned */
    char *set;  /* "everyday", the data set's name; owned */
    size_t first, count;
};

/* Starts as {0}. */
struct dataset_parts {
    struct dataset_part *items; /* [count] */
    size_t count, capacity;
};
void dataset_parts_free(struct dataset_parts *parts);

/* Names of the data sets at `paths`: the file's or folder's name without extension and without
 * Karpathy's "dataset_"; duplicates get "-2" and so on; no white space. A newly allocated list of
 * `count`, freed with dataset_names_free. NULL with `error` set. */
char **dataset_names(const char *const *paths, size_t count, caption_error *error);
void dataset_names_free(char **names, size_t count);

/* Adds `count` photos after the existing parts, as one part. */
bool dataset_parts_add(struct dataset_parts *parts, size_t count, const char *name,
                       caption_error *error);

/* Adds photos[count], indices into the data set's photos, as one part for each source, for which
 * the list is sorted by source; sources and the photos of each stay in the order in which they
 * come. Photos without a source are a part with the data set's own name. More than
 * DATASET_PARTS_MOST sources are an error. */
bool dataset_parts_add_sources(struct dataset_parts *parts, const struct dataset *dataset,
                               size_t *photos, size_t count, const char *name,
                               caption_error *error);

/* The source that all the photos share, or NULL; photos[count] as above. */
const char *dataset_common_source(const struct dataset *dataset, const size_t *photos,
                                  size_t count);

#endif
