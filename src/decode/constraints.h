/* Which words may come next, and where a caption may end: one set of rules for search and sampling.
 *
 *  - the words of the prefix come first, whatever the other rules say;
 *  - <pad>, <start> and <unk> never;
 *  - no n-gram twice (no_repeat_ngram);
 *  - no word of content twice, in whatever form (constraints.h), unless repeat_words allows it;
 *  - <end> not before min_length words (one at least), not after a word of constraints.h;
 *  - nothing but <end> after max_length words.
 */
#ifndef CAPTION_DECODE_CONSTRAINTS_H
#define CAPTION_DECODE_CONSTRAINTS_H

#include "decode/decode.h"
#include "text/content.h"
#include "text/vocabulary.h"

/* After words[length]: sets the logits (V) of what may not follow to -INFINITY. All of them may be
 * forbidden; the caption is then cut by constraints_trim. */
void constraints_apply(const struct decode_plan *plan, const uint32_t *words, size_t length,
                       real *logits);

/* Words that a caption has at least: the prefix, min_length, and one. */
size_t constraints_shortest(const struct decode_plan *plan);

/* The last resort for a caption that came to an end without <end>: the number of words that are
 * left when trailing words on which none may end are dropped. It stays at least as long as prefix
 * and minimum length, and keeps a word. */
size_t constraints_trim(const struct decode_plan *plan, const uint32_t *words, size_t length);

/* Content words that a caption has once: "a cliff overlooking a cliff" has no more in it than "a
 * cliff". All forms of a word count as one (text/content.h); colours, numbers and sizes may
 * repeat. */

/* Links the forms of each word to a ring: next_form[word] is another form of it, or the word
 * itself; CONTENT_NONE for words that may repeat. bases and next_form are
 * (vocabulary->count). */
bool repeats_link(const struct vocabulary *vocabulary, const uint32_t *bases, uint32_t *next_form,
                  caption_error *error);

/* Words on which no caption may end: "a man on a". */

/* Marks such words: never_last[word] becomes true for each that the vocabulary knows; the others
 * are left alone. never_last is (vocabulary->count). */
void endings_mark(const struct vocabulary *vocabulary, bool *never_last);

#endif
