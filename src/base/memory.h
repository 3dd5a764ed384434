/* Checked sizes, allocation, arenas, and numbers in bytes. Nothing in the library calls malloc with
 * an unchecked product. */
#ifndef CAPTION_BASE_MEMORY_H
#define CAPTION_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* *out = a * b, or a + b; false on overflow. */
bool size_multiply(size_t a, size_t b, size_t *out);
bool size_add(size_t a, size_t b, size_t *out);

static inline size_t size_smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t size_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Zeroed memory for count elements of `size` bytes, aligned to 64 bytes; never NULL for count 0.
 * NULL with `error` set ("what") on overflow or when memory is short. Freed with free(). */
void *memory_zeroed(size_t count, size_t size, const char *what, caption_error *error);

/* The same, content undefined: for buffers that are written before they are read. */
void *memory_uninitialised(size_t count, size_t size, const char *what, caption_error *error);

/* Grows `*array` (of `size`-byte elements, capacity `*capacity`) to hold at least `needed`
 * elements, doubling. False with `error` set when memory is short; the array stays valid.
 * Not aligned; freed with free(). */
bool memory_grow(void *array, size_t *capacity, size_t needed, size_t size, const char *what,
                 caption_error *error);

/* A copy of the string, or NULL with `error` set. Freed with free(). */
char *memory_string(const char *string, caption_error *error);
/* The same for the first `length` bytes; a terminating 0 is added. */
char *memory_substring(const char *string, size_t length, caption_error *error);

/* Three strings in one, any of which may be empty. */
char *memory_join(const char *first, const char *second, const char *third, caption_error *error);

/* Memory for objects that live and die together, such as the weights of a model, cut from few large
 * blocks. The blocks use huge pages where the system has them: with small pages, the page faults of
 * 14 MB take as long as encoding a photo. An arena that is `sparse` has small ones: for memory that
 * is planned for the most there may be, and mostly not touched.
 *
 *     struct arena arena = {0};
 *     float *numbers = arena_take(&arena, count, sizeof *numbers, "numbers", error);
 *     ...
 *     arena_free(&arena);
 */
struct arena {
    struct arena_block *blocks;
    char *next; /* the free part of the last block */
    size_t left;
    bool sparse;    /* set before the first use */
    bool is_filled; /* what is taken holds what the same calls put there before: arena_map */
    void *mapping;  /* of a file, `mapped` bytes, or NULL */
    size_t mapped;
};

/* Zeroed memory for count elements of `size` bytes, aligned to 64 bytes, never NULL for count 0. It
 * does not move until arena_free. Returns NULL with `error` set ("what") on overflow or when memory
 * is short. Not thread-safe. */
void *arena_take(struct arena *arena, size_t count, size_t size, const char *what,
                 caption_error *error);
void arena_free(struct arena *arena);

/* Writes all that was taken, in its order. */
bool arena_write(const struct arena *arena, FILE *stream);
/* Bytes that arena_write writes. */
size_t arena_size(const struct arena *arena);

/* Makes an empty arena's memory of `size` bytes of a file from `offset` on, a multiple of 64 KiB,
 * that arena_write wrote. Calls that take as much as those before find what those put there, and
 * need not put it there again; there is no more memory than that. What is changed is not written
 * to the file. Processes share what none of them changes. False with `error` set if it cannot be
 * mapped. */
bool arena_map(struct arena *arena, int file, size_t offset, size_t size, caption_error *error);

/* Numbers in the bytes of a file, of either byte order. The caller has checked that they are there.
 */
static inline uint32_t bytes_little_16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t bytes_little_24(const uint8_t *bytes) {
    return bytes_little_16(bytes) | (uint32_t)bytes[2] << 16;
}

static inline uint32_t bytes_little_32(const uint8_t *bytes) {
    return bytes_little_16(bytes) | bytes_little_16(bytes + 2) << 16;
}

static inline uint32_t bytes_big_16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 8 | (uint32_t)bytes[1];
}

static inline uint32_t bytes_big_32(const uint8_t *bytes) {
    return bytes_big_16(bytes) << 16 | bytes_big_16(bytes + 2);
}

/* The sanitizers that a file is compiled for, which gcc and clang say in different ways. */
#ifdef __has_feature
#define SANITIZER_ADDRESS __has_feature(address_sanitizer)
#define SANITIZER_MEMORY __has_feature(memory_sanitizer)
#define SANITIZER_THREAD __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define SANITIZER_ADDRESS 1
#else
#define SANITIZER_ADDRESS 0
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZER_THREAD 1
#else
#define SANITIZER_THREAD 0
#endif
#define SANITIZER_MEMORY 0 /* clang's alone */
#endif

#endif
