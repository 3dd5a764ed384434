/* UTF-8, decoded strictly: overlong forms, surrogates and cut-off sequences are not characters. */
#ifndef CAPTION_TEXT_UTF8_H
#define CAPTION_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at the start of `bytes` (`size` of them, at least one) into *code; returns
 * how many bytes it takes, 0 where there is no valid character. */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/* Writes the character as 1 to 4 bytes, without a terminating 0; returns how many. */
size_t utf8_encode(uint32_t code, char bytes[4]);

/* Lower case of a Latin, Greek or Cyrillic letter; anything else is unchanged. */
uint32_t utf8_lower(uint32_t code);

/* White space or a control character, of ASCII or of the rest of Unicode. */
bool utf8_is_space(uint32_t code);

#endif
