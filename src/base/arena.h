/* Memory for objects that live and die together, such as the weights of a model, cut from few large
 * blocks. The blocks use huge pages where the system has them: with small pages, the page faults of
 * 14 MB take as long as encoding a photo.
 *
 *     struct arena arena = {0};
 *     float *numbers = arena_take(&arena, count, sizeof *numbers, "numbers", error);
 *     ...
 *     arena_free(&arena);
 */
#ifndef CAPTION_BASE_ARENA_H
#define CAPTION_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

struct arena {
    struct arena_block *blocks;
    char *next; /* the free part of the last block */
    size_t left;
};

/* Zeroed memory for count elements of `size` bytes, aligned to 64 bytes, never NULL for count 0. It
 * does not move until arena_free. Returns NULL with `error` set ("what") on overflow or when memory
 * is short. Not thread-safe. */
void *arena_take(struct arena *arena, size_t count, size_t size, const char *what,
                 caption_error *error);
void arena_free(struct arena *arena);

#endif
