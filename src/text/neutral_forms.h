/* Forms of English words, told by spelling, as neutral.h needs them. */
#ifndef CAPTION_TEXT_NEUTRAL_FORMS_H
#define CAPTION_TEXT_NEUTRAL_FORMS_H

#include <stdbool.h>

/* Whether the word is longer than `ending` and ends in it. */
bool neutral_ends_in(const char *word, const char *ending);

/* "a" or "an". */
const char *neutral_article(const char *word);

/* The verb as "they" has it, from the form that "he" has: "walks" becomes "walk" in place, "is"
 * gives "are", what ends otherwise stays. Never longer than it was, unless it is a constant. */
const char *neutral_plural_verb(char *verb);

#endif
