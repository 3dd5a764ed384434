/* Which words of a caption say what is to be seen (nouns, verbs, colours, numbers), and which are
 * forms of one word: dog and dogs; ride, rides, riding and ridden. English only. A form is joined
 * to another by its ending, and only if that other is in the vocabulary too; content_words.c has
 * the tables of what endings do not tell. */
#ifndef CAPTION_TEXT_CONTENT_H
#define CAPTION_TEXT_CONTENT_H

#include "text/vocabulary.h"

#define CONTENT_NONE UINT32_MAX

/* bases[vocabulary->count]: for each word the number of the word that stands for all its forms, the
 * one counted most often (of equals the first); CONTENT_NONE for articles, prepositions, pronouns,
 * auxiliaries and other words that say nothing of what is to be seen, for special words,
 * punctuation, single letters and digits. */
bool content_bases(const struct vocabulary *vocabulary, uint32_t *bases, caption_error *error);

/* True for colours, numbers and sizes, which a sentence may say of several things: "a black dog and
 * a black cat" repeats nothing. */
bool content_may_repeat(const char *word);

#endif
