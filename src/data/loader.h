/* Photos of a data set, checked before work begins and loaded while it runs. The loader decodes and
 * augments them ahead of their use, on threads of its own. The photos are in a ring
 * buffer in the order of their numbers; consecutive numbers are contiguous, except where the ring
 * wraps around. */
#ifndef CAPTION_DATA_LOADER_H
#define CAPTION_DATA_LOADER_H

#include <stdio.h>

#include "base/threads.h"
#include "data/dataset.h"
#include "image/photo.h"

struct loader;

/* The file and augmentation of the photo with this number. False: the number is skipped. Called on
 * the loader's threads; must return the same each time. */
typedef bool loader_plan(void *context, size_t number, struct photo_file *file,
                         struct augment *augment);

/* A ring for `capacity` photos, filled by `threads` (at least 1) threads. NULL with `error` set. */
struct loader *loader_new(const struct preprocessing *preprocessing, size_t capacity,
                          size_t threads, caption_error *error);
void loader_free(struct loader *loader);

/* Begins to load photos [first, end), as many ahead as the ring holds. Loading in progress is
 * abandoned. */
void loader_start(struct loader *loader, size_t first, size_t end, loader_plan *plan,
                  void *context);

/* Waits for photos [first, first + count), which must be contiguous in the ring: (count, S, S, 3),
 * or NULL with the `error` of the first that could not be read. Several threads may wait at a time.
 */
const float *loader_wait(struct loader *loader, size_t first, size_t count, caption_error *error);

/* Releases the places of photos [first, first + count) for later ones. */
void loader_release(struct loader *loader, size_t first, size_t count);

/* Checks photos before work begins, so that a bad one is reported now and not after hours. */

enum photo_missing {
    PHOTO_MISSING_SKIP, /* photos that cannot be read are left out */
    PHOTO_MISSING_FAIL  /* they are an error */
};

/* "skip" or "fail", the values of --missing, to a policy; any other value is skip. */
enum photo_missing photo_missing_parse(const char *word);

struct photo_check {
    size_t missing;                            /* photos that cannot be opened or read as a file */
    size_t broken;                             /* files that cannot be decoded */
    caption_error first_missing, first_broken; /* in the order of the list */
    caption_error first;                       /* the one of the two that comes first */
};

/* How photos are checked. */
struct photo_check_options {
    enum photo_missing missing;
    struct threads *threads;
    FILE *progress; /* a progress bar; NULL: none */
};

/* Reads and decodes the photos of a list of indices into dataset->photos, in parallel. Bad ones are
 * removed from the list, which keeps its order, and counted in `out`. With fail, a bad photo is an
 * error: that of the first one, with their number; with skip, only if no photo is left. Short
 * memory and system failures are errors with both. The result is the same for any number of
 * threads.
 */
bool photo_check(const struct dataset *dataset, size_t *photos, size_t *count,
                 const struct photo_check_options *options, struct photo_check *out,
                 caption_error *error);

/* What was left out, in a line of at most `size` bytes, its end included; false where nothing was.
 */
bool photo_check_message(const struct photo_check *check, char *text, size_t size);

#endif
