/* Sentences to words: lower case, split as the Penn Treebank tokenizer does, its punctuation tokens
 * dropped (the set that coco-caption drops), so that training and scoring see the same words.
 *
 *     "The man's dog doesn't run."   the man 's dog does n't run
 *     "A (black-and-white) t-shirt"  a black-and-white t-shirt
 *
 * The rules are those of Stanford's PTBTokenizer as coco-caption runs it, with four differences.
 * Brackets are dropped (coco-caption means to, but lists them in upper case and looks them up in
 * lower case); so are runs of marks ("!!"), as a single one is. A slash stays a slash ("and/or",
 * not "and\/or"). British spelling stays British. Beside these, it knows forms that are rare in
 * captions and split otherwise here: gonna, 'tis, at&t, C++, ph.d. */
#ifndef CAPTION_TEXT_TOKENIZER_H
#define CAPTION_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Normalises a sentence before it is split: lower case, ASCII quotes and hyphens, HTML entities
 * resolved, valid UTF-8 only. */

/* A longer word is cut to this many bytes (at the start of a character). */
enum { TOKENIZER_LONGEST_WORD = 64 };

/* Words, made by tokenize or tokens_pack: the array and its words are one block. */
struct tokens {
    size_t count;
    char **words; /* [count], owned */
};

/* Splits a sentence. Any bytes are accepted: control characters, emoji and invalid UTF-8 separate
 * words like white space; every resulting word is valid UTF-8. Freed with tokens_free. */
bool tokenize(const char *sentence, struct tokens *out, caption_error *error);

/* Calls take(context, word, error) for every word of a sentence, as long as it is true. */
bool tokenize_each(const char *sentence,
                   bool (*take)(void *context, const char *word, caption_error *error),
                   void *context, caption_error *error);

/* Copies `count` words that are stored one after the other, each with its terminating 0, in `size`
 * bytes of text. Freed with tokens_free. */
bool tokens_pack(const char *text, size_t size, size_t count, struct tokens *out,
                 caption_error *error);

/* The words of a sentence in which single spaces separate them, as from vocabulary_sentence. Freed
 * with tokens_free. */
bool tokens_split(const char *sentence, struct tokens *out, caption_error *error);

void tokens_free(struct tokens *tokens);

/* Writes possessives as people do, in place: "a child 's room" becomes "a child's room", "the dogs
 * ' ball" becomes "the dogs' ball". Tokenized again, it is the same words. */
void sentence_attach_possessives(char *sentence);

#endif
