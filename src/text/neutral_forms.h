/* Forms of English words, derived from spelling, for neutral.h. */
#ifndef CAPTION_TEXT_NEUTRAL_FORMS_H
#define CAPTION_TEXT_NEUTRAL_FORMS_H

#include <stdbool.h>

/* Whether the word is longer than `ending` and ends in it. */
bool neutral_ends_in(const char *word, const char *ending);

/* "a" or "an". */
const char *neutral_article(const char *word);

/* The verb after "they", from its form after "he": "walks" becomes "walk" in place, "is" gives
 * "are", other endings stay. Never longer than before, unless it is a constant. */
const char *neutral_plural_verb(char *verb);

#endif
