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
