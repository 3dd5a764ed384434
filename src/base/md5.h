/* MD5 (RFC 1321): for formats that ask for it. It protects from nothing but accidents. */
#ifndef CAPTION_BASE_MD5_H
#define CAPTION_BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16 };

void md5(const uint8_t *bytes, size_t size, uint8_t digest[MD5_SIZE]);

#endif
