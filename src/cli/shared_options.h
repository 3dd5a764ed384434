/* The flags that say how captions are made: the same for every command that makes some. */
#ifndef CAPTION_CLI_SHARED_OPTIONS_H
#define CAPTION_CLI_SHARED_OPTIONS_H

#include <stdio.h>

#include "base/error.h"
#include "caption.h"
#include "cli/options.h"
#include "data/loader.h"

enum { DECODING_OPTIONS_ROWS = 20 };

struct decoding_options {
    const char *model; /* NULL: the shipped one */
    const char *precision, *repeat_words, *unsure;
    caption_options caption;
    bool beam_size_given;
    struct options_row rows[DECODING_OPTIONS_ROWS]; /* [row_count] */
    size_t row_count;
};

/* Sets the defaults and the rows. The rows point into `options`, which must stay where it is. */
void decoding_options_init(struct decoding_options *options);

/* Takes away the row of a flag that would change nothing in a command. */
void decoding_options_remove(struct decoding_options *options, const char *name);

/* For use as a group of an options_command. */
struct options_group decoding_options_group(const struct decoding_options *options);

/* The rows of a command that encodes photos and makes no captions: model, precision, threads. */
enum { DECODING_OPTIONS_ENCODING = 3 };
void decoding_options_encoding(struct decoding_options *options,
                               struct options_row out[DECODING_OPTIONS_ENCODING]);

/* After parsing: a beam as wide as the captions asked for, unless a width was given; the
 * precision by its name. */
void decoding_options_settle(struct decoding_options *options);

/* Photos of a data set that are scored, by the flags of `caption eval` and `caption score`. */

/* What DATASET may be, for the help texts. */
#define DATASET_CHOICE_FORMATS                                                                     \
    "DATASET, recognised by its content, is Karpathy's dataset_*.json, COCO captions, a JSON "     \
    "array,\n"                                                                                     \
    "JSON Lines or CSV of photos with captions, what `caption` prints of photos, Flickr8k's\n"     \
    "token.txt, kohya's metadata, tar archives of photos with texts (WebDataset), or a folder "    \
    "of\n"                                                                                         \
    "photos with .txt, .caption or .json beside them.\n"

/* Rows of flags for the targets of a struct dataset_reading. */
#define DATASET_CHOICE_FLAGS(how)                                                                  \
    {0,                                                                                            \
     "photo-key",                                                                                  \
     OPTIONS_STRING,                                                                               \
     &(how).photo_key,                                                                             \
     "NAME",                                                                                       \
     0,                                                                                            \
     0,                                                                                            \
     "field or column of rows that names the photo (default: the first of file_name, file_path, "  \
     "image, image_path, image_name, filename, path)",                                             \
     NULL},                                                                                        \
        {0,                                                                                        \
         "caption-key",                                                                            \
         OPTIONS_STRING,                                                                           \
         &(how).caption_key,                                                                       \
         "NAME",                                                                                   \
         0,                                                                                        \
         0,                                                                                        \
         "the same of its captions (default: the first of captions, caption, text, comment)",      \
         NULL},                                                                                    \
    {                                                                                              \
        0, "sidecar", OPTIONS_STRING, &(how).sidecar, ".EXT", 0, 0,                                \
            "extension of the captions beside the photos of a folder (default: .txt, else "        \
            ".caption or .json)",                                                                  \
            NULL                                                                                   \
    }

/* What the flags say. */
struct dataset_choice_options {
    const char *path; /* of the data set */
    struct dataset_reading how;
    const char *split; /* "train", "val", "test" or "all" */
    uint64_t seed;     /* of dataset_split_seeded, where the data set has no such split */
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

/* Counts the references anew, after photos were removed. */
void dataset_choice_recount(struct dataset_choice *choice);

/* Reports what is not as the user may think, each in a line that begins with `command`: a split
 * made by the seed, captions and photos that were left out. */
void dataset_choice_tell(const struct dataset_choice *choice,
                         const struct dataset_choice_options *options, const char *command,
                         FILE *stream);

/* Lists of flags that belong to data sets in their order: one value each, or one for all. */

/* Whether --`flag` has a value for each of `sets` data sets, or none, or, `one_for_all`, just one;
 * the error names the flag. */
bool set_lists_check(const struct options_list *list, const char *flag, size_t sets,
                     bool one_for_all, caption_error *error);

/* The value of a data set, or NULL. */
const char *set_lists_value(const struct options_list *list, size_t set);

#endif
