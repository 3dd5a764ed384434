/* Words of content that a caption says once: "a cliff overlooking a cliff" says nothing that "a
 * cliff" does not. All forms of a word count as one (text/content.h); colours, numbers and sizes
 * may be said of several things. */
#ifndef CAPTION_DECODE_REPEATS_H
#define CAPTION_DECODE_REPEATS_H

#include "text/content.h"

/* Links the forms of each word to a ring: next_form[word] is another form of it, or the word
 * itself; CONTENT_NONE for words that may be said again. bases and next_form are
 * (vocabulary->count). */
bool repeats_link(const struct vocabulary *vocabulary, const uint32_t *bases, uint32_t *next_form,
                  caption_error *error);

#endif
