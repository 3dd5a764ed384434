/* Several people in one phrase: the second step of neutral.h. */
#ifndef CAPTION_TEXT_NEUTRAL_PHRASES_H
#define CAPTION_TEXT_NEUTRAL_PHRASES_H

#include <stdbool.h>
#include <stddef.h>

/* Forms of English words, derived from spelling, for neutral.h. */

/* Whether the word is longer than `ending` and ends in it. */
bool neutral_ends_in(const char *word, const char *ending);

/* "a" or "an". */
const char *neutral_article(const char *word);

/* The verb after "they", from its form after "he": "walks" becomes "walk" in place, "is" gives
 * "are", other endings stay. Never longer than before, unless it is a constant. */
const char *neutral_plural_verb(char *verb);

/* Merges consecutive phrases of the same kind of people, in place:
 *
 *     a person and a person              two people
 *     two people a person and a child    three people and a child
 *     a group of people and people       a group of people
 *     a blond child and child            two blond children
 *
 * Returns how many words are left. */
size_t neutral_phrases_join(const char **words, size_t count);

#endif
