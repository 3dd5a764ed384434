/* Memory for things that live and die together, such as the weights of a model, cut from few large
 * blocks. Those lie in huge pages where the system has them: of 14 MB in small blocks the page
 * faults alone take as long as a photo's whole encoding, and walking the page tables a twelfth of
 * it.
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
    char *next; /* what is left of the last block: */
    size_t left;
};

/* Zeroed memory for count elements of `size` bytes, aligned to 64 bytes, never NULL for count 0. It
 * stays where it is until arena_free. NULL with `error` set ("what") on overflow or when memory is
 * short. For one thread at a time. */
void *arena_take(struct arena *arena, size_t count, size_t size, const char *what,
                 caption_error *error);
void arena_free(struct arena *arena);

#endif
