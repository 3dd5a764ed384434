/* Words on which no caption may end: "a man on a". */
#ifndef CAPTION_DECODE_ENDINGS_H
#define CAPTION_DECODE_ENDINGS_H

#include "text/vocabulary.h"

/* Marks such words: never_last[word] becomes true for each that the vocabulary knows; the others
 * are left alone. never_last is (vocabulary->count). */
void endings_mark(const struct vocabulary *vocabulary, bool *never_last);

#endif
