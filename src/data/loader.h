/* Photos decoded and augmented ahead of their use, on threads of the loader's own, so that who
 * needs them does not wait. They lie in a ring in the order of their numbers; numbers that follow
 * one another lie side by side, but for where the ring begins anew. */
#ifndef CAPTION_DATA_LOADER_H
#define CAPTION_DATA_LOADER_H

#include "image/photo.h"

struct loader;

/* Which photo has this number, and what is done to it. False: this number is not wanted, and is
 * passed over. Called on the loader's threads; must give the same answer each time. */
typedef bool loader_plan(void *context, size_t number, const char **path, struct augment *augment);

/* A ring for `capacity` photos, filled by `threads` (at least 1) threads. NULL with `error` set. */
struct loader *loader_new(const struct preprocessing *preprocessing, size_t capacity,
                          size_t threads, caption_error *error);
void loader_free(struct loader *loader);

/* Begins to load photos [first, end), as many ahead as the ring holds. Whatever was under way is
 * abandoned. */
void loader_start(struct loader *loader, size_t first, size_t end, loader_plan *plan,
                  void *context);

/* Waits for photos [first, first + count), which must lie side by side: (count, S, S, 3), or NULL
 * with the `error` of the first that could not be read. Several threads may wait at a time. */
const float *loader_wait(struct loader *loader, size_t first, size_t count, caption_error *error);

/* Gives the places of photos [first, first + count) to those that come later. */
void loader_release(struct loader *loader, size_t first, size_t count);

#endif
