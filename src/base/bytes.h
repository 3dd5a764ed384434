/* Numbers in the bytes of a file, of either byte order. The caller has checked that they are there.
 */
#ifndef CAPTION_BASE_BYTES_H
#define CAPTION_BASE_BYTES_H

#include <stdint.h>

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

#endif
