/* What people often have in place of the file that they mean. */
#ifndef CAPTION_BASE_SIGNATURE_H
#define CAPTION_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file that begins with bytes[size] is, in words: "a web page (HTML)", "a Git LFS pointer,
 * not the file itself ('git lfs pull' fetches it)"; NULL where that is not known. The first 64
 * bytes are enough. */
const char *signature_name(const uint8_t *bytes, size_t size);

/* Whether these bytes are of a text: no control character but white space. */
bool signature_is_text(const uint8_t *bytes, size_t size);

#endif
