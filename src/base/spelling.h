/* What somebody may have meant who typed something else. */
#ifndef CAPTION_BASE_SPELLING_H
#define CAPTION_BASE_SPELLING_H

#include <stddef.h>

/* Levenshtein distance of the first `length` characters of `typed`, - and _ alike, to `name`: how
 * many characters are to be changed, added or left out. Names are short: longer ones are never
 * near. */
size_t spelling_distance(const char *typed, size_t length, const char *name);

#endif
