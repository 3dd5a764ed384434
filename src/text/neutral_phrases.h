/* Several people in one phrase: the second step of neutral.h. */
#ifndef CAPTION_TEXT_NEUTRAL_PHRASES_H
#define CAPTION_TEXT_NEUTRAL_PHRASES_H

#include <stddef.h>

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
