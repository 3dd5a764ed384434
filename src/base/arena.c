#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/memory.h"

/* A block reserves address space; only the used part costs memory. */
enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, BLOCK = 16 << 20 };

/* At the start of an allocation, before the first huge page. */
struct arena_block {
    struct arena_block *before;
};

static bool add_block(struct arena *arena, size_t bytes, const char *what, caption_error *error) {
    if (bytes < BLOCK) bytes = BLOCK;
    size_t whole;
    /* calloc knows that what it just got from the system is zero; memory_zeroed would touch it. */
    struct arena_block *block =
        size_add(bytes, HUGE_PAGE + sizeof *block, &whole) ? calloc(1, whole) : NULL;
    if (!block) return error_memory(error, what);
    block->before = arena->blocks;
    arena->blocks = block;
    const uintptr_t behind = (uintptr_t)(block + 1) % HUGE_PAGE;
    arena->next = (char *)(block + 1) + (HUGE_PAGE - behind) % HUGE_PAGE;
    arena->left = bytes;
    (void)madvise(arena->next, bytes, MADV_HUGEPAGE);
    return true;
}

void *arena_take(struct arena *arena, size_t count, size_t size, const char *what,
                 caption_error *error) {
    size_t bytes;
    if (!size_multiply(count, size, &bytes) || !size_add(bytes, ALIGNMENT, &bytes)) {
        error_memory(error, what);
        return NULL;
    }
    bytes -= bytes % ALIGNMENT; /* every allocation has a distinct address, even one of 0 bytes */
    if (bytes > arena->left && !add_block(arena, bytes, what, error)) return NULL;
    char *taken = arena->next;
    arena->next += bytes;
    arena->left -= bytes;
    return taken;
}

void arena_free(struct arena *arena) {
    while (arena->blocks) {
        struct arena_block *before = arena->blocks->before;
        free(arena->blocks);
        arena->blocks = before;
    }
    *arena = (struct arena){0};
}
