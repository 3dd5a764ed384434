/* What the fuzz targets share. A target takes any bytes for the thing that it reads: it must
 * return, and what it reads must be whole or an error with a message. The sanitizers find all else.
 */
#ifndef CAPTION_TESTS_FUZZ_H
#define CAPTION_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

/* The target; libFuzzer and replay.c call it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the program where a promise is broken. */
#define FUZZ_MUST(promise)                                                                         \
    do {                                                                                           \
        if (promise) break;                                                                        \
        fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                      \
        abort();                                                                                   \
    } while (0)

/* A refusal has a status and says something. */
static inline void fuzz_check_error(const caption_error *error) {
    FUZZ_MUST(error->status != CAPTION_OK);
    FUZZ_MUST(memchr(error->message, 0, sizeof error->message) != NULL);
    FUZZ_MUST(error->message[0] != '\0');
}

/* The bytes and a 0 behind them, freed by the caller; the sanitizers find reads behind that. */
static inline char *fuzz_text(const uint8_t *bytes, size_t size) {
    char *text = malloc(size + 1);
    FUZZ_MUST(text != NULL);
    if (size > 0) memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

/* The path of a file in memory that holds the bytes; `number` tells several files apart. The next
 * call with that number changes it. */
enum { FUZZ_FILES = 2 };
static inline const char *fuzz_file(size_t number, const uint8_t *bytes, size_t size) {
    static struct {
        char path[32];
        int descriptor;
    } files[FUZZ_FILES];
    if (!files[number].path[0]) {
        files[number].descriptor = memfd_create("fuzz", 0);
        snprintf(files[number].path, sizeof files[number].path, "/proc/self/fd/%d",
                 files[number].descriptor);
    }
    const int descriptor = files[number].descriptor;
    FUZZ_MUST(ftruncate(descriptor, 0) == 0);
    FUZZ_MUST(pwrite(descriptor, bytes, size, 0) == (ssize_t)size);
    return files[number].path;
}

/* The path of a new empty file, in which what was read is written again; the caller unlinks it. */
static inline const char *fuzz_output(void) {
    static char path[32];
    snprintf(path, sizeof path, "/tmp/caption-fuzz-XXXXXX");
    const int descriptor = mkstemp(path);
    FUZZ_MUST(descriptor >= 0);
    close(descriptor);
    return path;
}

#endif
