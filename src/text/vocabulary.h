/* Words and their numbers. The first four are special and never part of a caption. A vocabulary
 * file holds one `word<TAB>count` a line, most frequent first, without the special words. */
#ifndef CAPTION_TEXT_VOCABULARY_H
#define CAPTION_TEXT_VOCABULARY_H

#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

enum { VOCABULARY_PAD, VOCABULARY_START, VOCABULARY_END, VOCABULARY_UNK, VOCABULARY_SPECIALS };

/* In bytes. */
enum { VOCABULARY_LONGEST_WORD = 255 };

struct vocabulary {
    size_t count;     /* words, the special ones included */
    char **words;     /* [count], UTF-8, owned */
    uint64_t *counts; /* [count], how often each was seen; 0 for special words */
    size_t capacity;
    uint32_t *slots; /* open-addressing hash table of word numbers + 1 */
    size_t slot_count;
    struct siphash_key key; /* of the table */
};

/* A vocabulary with only the special words. */
bool vocabulary_init(struct vocabulary *vocabulary, caption_error *error);
void vocabulary_free(struct vocabulary *vocabulary);

/* The word's number, or VOCABULARY_UNK. The names of special words are not words: they too give
 * VOCABULARY_UNK. */
size_t vocabulary_find(const struct vocabulary *vocabulary, const char *word);

/* True for a valid word: `length` bytes of valid UTF-8, not empty, at most VOCABULARY_LONGEST_WORD,
 * no white space or control characters, and not a special word's name. */
bool vocabulary_is_word(const char *word, size_t length);

/* Adds `times` to the word's count, and inserts the word when it is new. An invalid word (see
 * vocabulary_is_word) is an error. */
bool vocabulary_count(struct vocabulary *vocabulary, const char *word, uint64_t times,
                      caption_error *error);

/* Counts every word of `other` as often as it was seen there: known ones keep their numbers, new
 * ones follow in `other`'s order. */
bool vocabulary_merge(struct vocabulary *vocabulary, const struct vocabulary *other,
                      caption_error *error);

/* A vocabulary of the same words with the same numbers. */
bool vocabulary_copy(const struct vocabulary *vocabulary, struct vocabulary *copy,
                     caption_error *error);

/* Drops words seen less than min_count times and orders the rest by falling count, equal counts
 * alphabetically (by bytes). Numbers change. */
bool vocabulary_prune(struct vocabulary *vocabulary, uint64_t min_count, caption_error *error);

/* The text of a vocabulary file from and to memory, as in a model's metadata. Hostile input: each
 * line is checked, errors name `name` and the line; duplicates are errors. The vocabulary to read
 * into need not be initialised; on failure there is nothing to free. vocabulary_format's result is
 * freed with free(). */
bool vocabulary_parse(struct vocabulary *vocabulary, const char *text, size_t size,
                      const char *name, caption_error *error);
char *vocabulary_format(const struct vocabulary *vocabulary, caption_error *error);

/* Word numbers to a sentence: words joined by spaces, special words left out, stopping at <end>.
 * Freed with free(). */
char *vocabulary_sentence(const struct vocabulary *vocabulary, const uint32_t *words, size_t count,
                          caption_error *error);

#endif
