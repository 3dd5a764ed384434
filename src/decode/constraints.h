/* What may be said next, and where a caption may end: one set of rules for search and sampling.
 *
 *  - the words of the prefix come first, whatever the other rules say;
 *  - <pad>, <start> and <unk> are never said;
 *  - no n-gram twice (no_repeat_ngram);
 *  - no word of content twice, in whatever form (repeats.h), unless repeat_words allows it;
 *  - <end> not before min_length words (one at least), not after a word of endings.h;
 *  - nothing but <end> after max_length words.
 */
#ifndef CAPTION_DECODE_CONSTRAINTS_H
#define CAPTION_DECODE_CONSTRAINTS_H

#include "decode/plan.h"

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

#endif
