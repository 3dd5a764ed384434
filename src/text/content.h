/* The content words of captions (nouns, verbs, colours, numbers), and which of them are forms of
 * one word: dog and dogs; ride, rides, riding and ridden. English only. A form is joined to another
 * by its ending, and only if that other is in the vocabulary too; content.c has the tables of
 * irregular words. */
#ifndef CAPTION_TEXT_CONTENT_H
#define CAPTION_TEXT_CONTENT_H

#include "text/vocabulary.h"

#define CONTENT_NONE UINT32_MAX

/* bases[vocabulary->count]: for each word the number of the word that represents all its forms, the
 * most frequent one (of equals the first); CONTENT_NONE for function words (articles, prepositions,
 * pronouns, auxiliaries and others without visible meaning), special words, punctuation, single
 * letters and digits. */
bool content_bases(const struct vocabulary *vocabulary, uint32_t *bases, caption_error *error);

/* True for colours, numbers and sizes, which a sentence may use for several things: "a black dog
 * and a black cat" is not a repetition. */
bool content_may_repeat(const char *word);

/* The word tables behind it, without any grammar. Each list ends with NULL. */

/* Words without visible meaning. Their forms are left out with them. */
extern const char *const content_functions[];

/* Words that only look like a form of another: "shorts" is not a form of "short". */
extern const char *const content_own_words[];

/* Colours, numbers and sizes. */
extern const char *const content_repeatable[];

/* An irregular form, and the root of the word, which is not looked up further. */
struct content_form {
    const char *form, *other;
};

/* The last one's form is NULL. */
extern const struct content_form content_irregular_forms[];

#endif
