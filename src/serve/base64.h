/* Base64 (RFC 4648, section 4), decoded strictly: the standard alphabet, padding where it belongs,
 * no white space, and no bits behind the last byte. */
#ifndef CAPTION_SERVE_BASE64_H
#define CAPTION_SERVE_BASE64_H

#include "base/error.h"

/* Decodes `length` characters to `out`, which has room for 3 bytes of every 4 characters and may
 * begin at or before `text` in the same memory. False with `error` set, which names `place`. */
bool base64_decode(const char *text, size_t length, uint8_t *out, size_t *size, const char *place,
                   caption_error *error);

#endif
