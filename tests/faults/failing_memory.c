/* Preloaded, lets one allocation of a program fail:
 *
 *     LD_PRELOAD=failing_memory.so FAIL_AT=1234 caption photo.jpg
 *
 * FAIL_AT=N   the Nth call of malloc, calloc, realloc or posix_memalign returns no memory
 * FAIL_ON=1   and so does every later one
 * FAIL_COUNT  a file to which the number of calls is written at the end
 *
 * glibc only, whose allocator it goes on to by its other names. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls;
static long fail_at; /* 0: none fails */
static int fail_on;
static int report = -1; /* opened before the program can lock itself in */

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("FAIL_AT");
    fail_on = getenv("FAIL_ON") != NULL;
    fail_at = text ? atol(text) : 0;
    const char *path = getenv("FAIL_COUNT");
    if (path) report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

__attribute__((destructor)) static void end(void) {
    const long count = atomic_load(&calls);
    fail_at = 0;
    if (report >= 0) dprintf(report, "%ld\n", count);
}

static int fails(void) {
    const long call = atomic_fetch_add(&calls, 1) + 1;
    if (fail_at <= 0 || call < fail_at || (call > fail_at && !fail_on)) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    return fails() ? NULL : __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *block = fails() ? NULL : __libc_memalign(alignment, size);
    if (!block) return ENOMEM;
    *memory = block;
    return 0;
}
