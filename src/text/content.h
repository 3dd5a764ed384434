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

/* The tags of a model: the most frequent content words of captions, all forms of
 * one word together. A tag's name is its most frequent form. */

#define TAG_NONE UINT32_MAX

struct tag_words {
    size_t count;
    uint32_t *names; /* [count], each tag's word in the vocabulary */
    size_t word_count;
    uint32_t *tags; /* [word_count], each word's tag, or TAG_NONE */
};

/* At most `most` content words, those counted most often over all their forms, most frequent first;
 * of equals the one whose name comes first in the vocabulary. Freed with tag_words_free; on failure
 * there is nothing to free. */
bool tag_words_choose(struct tag_words *tags, const struct vocabulary *vocabulary, size_t most,
                      caption_error *error);
void tag_words_free(struct tag_words *tags);

/* The text of the tags in a model's metadata, under "tags": one tag a line, its forms separated by
 * single spaces, the first being its name. Freed with free(). */
char *tag_words_format(const struct tag_words *tags, const struct vocabulary *vocabulary,
                       caption_error *error);

/* Reads such a text. Hostile input: every form must be a word of the vocabulary and occur once;
 * empty lines, and a last line without its newline, are errors. `name` is for messages. */
bool tag_words_parse(struct tag_words *tags, const struct vocabulary *vocabulary, const char *text,
                     size_t size, const char *name, caption_error *error);

#endif
