/* A sentence made plain before it is split: lower case, ASCII quotes and hyphens, HTML entities
 * resolved, valid UTF-8 only. */
#ifndef CAPTION_TEXT_NORMALIZER_H
#define CAPTION_TEXT_NORMALIZER_H

#include "base/error.h"

/* A newly allocated plain copy. What separates words (white space, control characters, dashes,
 * double quotes, emoji, bytes that are not UTF-8) is a space in it; every other character that is
 * neither ASCII nor part of a word has a space on both sides. Freed with free(). */
char *normalizer_plain(const char *sentence, caption_error *error);

#endif
