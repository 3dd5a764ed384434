/* Recognises files that are often given by mistake. */
#ifndef CAPTION_BASE_SIGNATURE_H
#define CAPTION_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Describes the type of a file that begins with bytes[size]: "a web page (HTML)", "a Git LFS
 * pointer, not the file itself ('git lfs pull' fetches it)"; NULL if unknown. The first 64 bytes
 * are enough. */
const char *signature_name(const uint8_t *bytes, size_t size);

/* Whether these bytes are text: they have no control characters except white space. */
bool signature_is_text(const uint8_t *bytes, size_t size);

#endif
