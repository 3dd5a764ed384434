/* Mutations whose checksums are right again, most of the time: chance does not find them, and
 * readers go no further than a wrong one. */
#include <zlib.h>

#include "base/memory.h"
#include "fuzz.h"

/* libFuzzer's own, and what it calls in their place. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);

static const uint8_t png_signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* Chunks: length, type, data, CRC-32 of type and data. */
static void mend_png(uint8_t *bytes, size_t size) {
    enum { HEAD = 8, CHECKSUM = 4 };
    size_t at = sizeof png_signature;
    while (size - at >= HEAD + CHECKSUM) {
        const size_t length = bytes_big_32(bytes + at);
        if (length > size - at - HEAD - CHECKSUM) return;
        const uLong sum = crc32(0, bytes + at + 4, (uInt)(length + 4));
        for (size_t i = 0; i < CHECKSUM; i++)
            bytes[at + HEAD + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += HEAD + length + CHECKSUM;
    }
}

/* Headers of 512 bytes: their sum, in which it counts as spaces, in octal digits. */
static void mend_tar(uint8_t *bytes, size_t size) {
    enum { BLOCK = 512, MAGIC = 257, CHECKSUM = 148, DIGITS = 8 };
    for (; size >= BLOCK; bytes += BLOCK, size -= BLOCK) {
        if (memcmp(bytes + MAGIC, "ustar", 5) != 0) continue;
        memset(bytes + CHECKSUM, ' ', DIGITS);
        unsigned sum = 0;
        for (size_t i = 0; i < BLOCK; i++) sum += bytes[i];
        snprintf((char *)bytes + CHECKSUM, DIGITS, "%06o", sum);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed) {
    size = LLVMFuzzerMutate(bytes, size, most);
    if (seed % 8 == 0) return size;
    if (size >= sizeof png_signature && memcmp(bytes, png_signature, sizeof png_signature) == 0)
        mend_png(bytes, size);
    else
        mend_tar(bytes, size);
    return size;
}
