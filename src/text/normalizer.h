/* Normalises a sentence before it is split: lower case, ASCII quotes and hyphens, HTML entities
 * resolved, valid UTF-8 only. */
#ifndef CAPTION_TEXT_NORMALIZER_H
#define CAPTION_TEXT_NORMALIZER_H

#include "base/error.h"

/* A newly allocated normalised copy. Separators of words (white space, control characters, dashes,
 * double quotes, emoji, invalid UTF-8) become spaces; every other character that is neither ASCII
 * nor part of a word gets a space on both sides. Freed with free(). */
char *normalizer_plain(const char *sentence, caption_error *error);

#endif
