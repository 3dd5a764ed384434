/* Decodes and augments photos ahead of their use, on threads of its own. The photos are in a ring
 * buffer in the order of their numbers; consecutive numbers are contiguous, except where the ring
 * wraps around. */
#ifndef CAPTION_DATA_LOADER_H
#define CAPTION_DATA_LOADER_H

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

#endif
