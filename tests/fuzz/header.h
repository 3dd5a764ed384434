/* Safetensors files of which the bytes of the input are the header: the numbers behind it, as many
 * as it asks for, are of the kind that the header's length says. Mutations then spend themselves on
 * what can be wrong. */
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

/* The upper byte of a number says its sign and size in all types: around 1 in 16 bits and around
 * 0.01 in 32, the largest of each and 0 besides, and those that are not finite. The other bytes
 * differ. */
static inline void header_fill(uint8_t *numbers, size_t bytes, size_t kind) {
    static const uint8_t uppers[][4] = {
        {0, 0, 0, 0}, {0x3c, 0xbc, 0x3c, 0xbc}, {0x7b, 0xfb, 0, 0x80}, {0x3c, 0x7f, 0xbc, 0xff}};
    uint32_t random = 1;
    for (size_t i = 0; i < bytes && kind > 0; i++) {
        random = random * 1664525 + 1013904223;
        numbers[i] = i % 2 ? uppers[kind][random >> 30] : (uint8_t)(random >> 24);
    }
}

/* The path of such a file. */
static inline const char *header_file(const uint8_t *bytes, size_t size) {
    char *header = fuzz_text(bytes, size);
    const size_t all = 8 + size + header_tensors_end(header);
    uint8_t *file = calloc(all, 1);
    FUZZ_MUST(file != NULL);
    for (size_t i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)size >> 8 * i);
    memcpy(file + 8, header, size);
    header_fill(file + 8 + size, all - 8 - size, size % 4);
    const char *path = fuzz_file(0, file, all);
    free(file);
    free(header);
    return path;
}

#endif
