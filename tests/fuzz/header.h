/* Safetensors files of which the bytes of the input are the header: the numbers behind it, as many
 * as it asks for, are 0. Mutations then spend themselves on what can be wrong. */
#ifndef CAPTION_TESTS_FUZZ_HEADER_H
#define CAPTION_TESTS_FUZZ_HEADER_H

#include "fuzz.h"

enum { HEADER_MOST_BYTES = 1 << 20 };

/* Where the last tensor ends, told by the texts "data_offsets":[BEGIN,END]. */
static inline size_t header_tensors_end(const char *header) {
    size_t end = 0;
    for (const char *at = header; (at = strstr(at, "\"data_offsets\"")) != NULL; at++) {
        const char *comma = strchr(at, ',');
        const unsigned long long bytes = comma ? strtoull(comma + 1, NULL, 10) : 0;
        if (bytes > end) end = bytes < HEADER_MOST_BYTES ? (size_t)bytes : HEADER_MOST_BYTES;
    }
    return end;
}

/* The path of such a file; `filling` is each byte of the numbers. */
static inline const char *header_file_filled(const uint8_t *bytes, size_t size, uint8_t filling) {
    char *header = fuzz_text(bytes, size);
    const size_t all = 8 + size + header_tensors_end(header);
    uint8_t *file = calloc(all, 1);
    FUZZ_MUST(file != NULL);
    for (size_t i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)size >> 8 * i);
    memcpy(file + 8, header, size);
    memset(file + 8 + size, filling, all - 8 - size);
    const char *path = fuzz_file(0, file, all);
    free(file);
    free(header);
    return path;
}

static inline const char *header_file(const uint8_t *bytes, size_t size) {
    return header_file_filled(bytes, size, 0);
}

#endif
