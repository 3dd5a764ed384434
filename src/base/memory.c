#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One cache line, and enough for the widest vector. */
enum { ALIGNMENT = 64 };

/* Requests huge pages for blocks that fill one: a model or a photo then takes a few page faults
 * instead of thousands. Without huge pages in the system, nothing changes. */
enum { HUGE_PAGE = 2 << 20 };

bool size_multiply(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

bool size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

void *memory_uninitialised(size_t count, size_t size, const char *what, caption_error *error) {
    size_t bytes;
    void *memory = NULL;
    /* An allocator may add up to the alignment. */
    const bool fits = size_multiply(count, size, &bytes) && bytes <= SIZE_MAX - HUGE_PAGE;
    const bool huge = fits && bytes >= HUGE_PAGE;
    if (!fits || posix_memalign(&memory, huge ? HUGE_PAGE : ALIGNMENT, bytes ? bytes : 1) != 0) {
        error_memory(error, what);
        return NULL;
    }
    if (huge) (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

void *memory_zeroed(size_t count, size_t size, const char *what, caption_error *error) {
    void *memory = memory_uninitialised(count, size, what, error);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

bool memory_grow(void *array, size_t *capacity, size_t needed, size_t size, const char *what,
                 caption_error *error) {
    if (needed <= *capacity) return true;
    size_t larger = *capacity < 8 ? 8 : *capacity;
    while (larger < needed) {
        if (!size_multiply(larger, 2, &larger)) return error_memory(error, what);
    }
    size_t bytes;
    if (!size_multiply(larger, size, &bytes)) return error_memory(error, what);
    void *old;
    memcpy(&old, array, sizeof old); /* the address of any kind of pointer */
    void *grown = realloc(old, bytes);
    if (!grown) return error_memory(error, what);
    memcpy(array, &grown, sizeof grown);
    *capacity = larger;
    return true;
}

char *memory_substring(const char *string, size_t length, caption_error *error) {
    char *copy = length < SIZE_MAX ? malloc(length + 1) : NULL;
    if (!copy) {
        error_memory(error, "a string");
        return NULL;
    }
    memcpy(copy, string, length);
    copy[length] = '\0';
    return copy;
}

char *memory_string(const char *string, caption_error *error) {
    return memory_substring(string, strlen(string), error);
}

char *memory_join(const char *first, const char *second, const char *third, caption_error *error) {
    const size_t one = strlen(first), two = strlen(second), three = strlen(third) + 1;
    char *whole = memory_uninitialised(one + two + three, 1, "a string", error);
    if (!whole) return NULL;
    memcpy(whole, first, one);
    memcpy(whole + one, second, two);
    memcpy(whole + one + two, third, three);
    return whole;
}

/* A block reserves address space; only the used part costs memory. AddressSanitizer pays for all of
 * a block, and finds what reaches past its memory in an arena, too: a gap lies between two. */
#if SANITIZER_ADDRESS
#include <sanitizer/asan_interface.h>
enum { BLOCK = 64 << 10, BLOCK_START = ALIGNMENT, GAP = 64 };
#else
enum { BLOCK = 16 << 20, BLOCK_START = HUGE_PAGE, GAP = 0 };
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* At the start of an allocation, before the place where what is taken begins. */
struct arena_block {
    struct arena_block *before;
    size_t used; /* bytes, of all blocks but the last */
};

static char *block_start(struct arena_block *block) {
    const uintptr_t behind = (uintptr_t)(block + 1) % BLOCK_START;
    return (char *)(block + 1) + (BLOCK_START - behind) % BLOCK_START;
}

static size_t used_in_last(const struct arena *arena) {
    return arena->blocks ? (size_t)(arena->next - block_start(arena->blocks)) : 0;
}

static bool add_block(struct arena *arena, size_t bytes, const char *what, caption_error *error) {
    if (bytes < BLOCK) bytes = BLOCK;
    size_t whole;
    /* calloc knows that what it just got from the system is zero; memory_zeroed would touch it. */
    struct arena_block *block =
        size_add(bytes, BLOCK_START + sizeof *block, &whole) ? calloc(1, whole) : NULL;
    if (!block) return error_memory(error, what);
    if (arena->blocks) arena->blocks->used = used_in_last(arena);
    block->before = arena->blocks;
    arena->blocks = block;
    arena->next = block_start(block);
    arena->left = bytes;
    if (!arena->sparse) (void)madvise(arena->next, bytes, MADV_HUGEPAGE);
    ASAN_POISON_MEMORY_REGION(arena->next, bytes);
    return true;
}

void *arena_take(struct arena *arena, size_t count, size_t size, const char *what,
                 caption_error *error) {
    size_t wanted, bytes;
    if (!size_multiply(count, size, &wanted) || !size_add(wanted, ALIGNMENT + GAP, &bytes)) {
        error_memory(error, what);
        return NULL;
    }
    bytes -= bytes % ALIGNMENT; /* every allocation has a distinct address, even one of 0 bytes */
    if (bytes > arena->left && arena->is_filled) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: packed for another program", what);
        return NULL;
    }
    if (bytes > arena->left && !add_block(arena, bytes, what, error)) return NULL;
    char *taken = arena->next;
    ASAN_UNPOISON_MEMORY_REGION(taken, wanted);
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
    if (arena->mapping) munmap(arena->mapping, arena->mapped);
    *arena = (struct arena){0};
}

size_t arena_size(const struct arena *arena) {
    size_t size = used_in_last(arena);
    for (const struct arena_block *block = arena->blocks; block && block->before;
         block = block->before)
        size += block->before->used;
    return size;
}

static bool write_blocks(struct arena_block *block, size_t used, FILE *stream) {
    if (!block) return true;
    if (block->before && !write_blocks(block->before, block->before->used, stream)) return false;
    ASAN_UNPOISON_MEMORY_REGION(block_start(block), used);
    return fwrite(block_start(block), 1, used, stream) == used;
}

bool arena_write(const struct arena *arena, FILE *stream) {
    return write_blocks(arena->blocks, used_in_last(arena), stream);
}

bool arena_map(struct arena *arena, int file, size_t offset, size_t size, caption_error *error) {
    /* Read-only at first: else each page would be copied at once, because it may be changed. */
    void *mapping = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, (off_t)offset);
    if (mapping == MAP_FAILED) return error_memory(error, "packed weights");
    *arena = (struct arena){
        .next = mapping, .left = size, .is_filled = true, .mapping = mapping, .mapped = size};
    if (mprotect(mapping, size, PROT_READ | PROT_WRITE) == 0) return true;
    arena_free(arena);
    return error_memory(error, "packed weights");
}
