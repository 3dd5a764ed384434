/* Numbers for words and n-grams: the same for the same words, wherever they stand. Open-addressing
 * hash tables whose size is known before; entries are numbered as they come. An n-gram is keyed by
 * the number of its first n - 1 words and its last word, so 64 bits name n-grams of every order,
 * and one table holds them all. */
#ifndef CAPTION_EVAL_NGRAM_NUMBERS_H
#define CAPTION_EVAL_NGRAM_NUMBERS_H

#include <stdint.h>

#include "base/error.h"
#include "base/siphash.h"

/* No entry's number: an n-gram or word that was never added, and the prefix of single words. */
#define NGRAM_NONE UINT32_MAX

struct ngram_numbers_table {
    uint32_t *slots; /* number + 1 */
    size_t mask;
    size_t count;
    struct siphash_key key;
};

struct ngram_numbers {
    struct ngram_numbers_table words, grams;
    const char **texts; /* of the words; not owned */
    uint64_t *keys;     /* of the n-grams */
};

/* Room for that many different words and n-grams, fewer than NGRAM_NONE. Freed with
 * ngram_numbers_free, after a failure too. */
bool ngram_numbers_init(struct ngram_numbers *numbers, size_t words, size_t grams,
                        caption_error *error);
void ngram_numbers_free(struct ngram_numbers *numbers);

/* The number of a word, which must stay where it is, or of a prefix (NGRAM_NONE: none) and a word;
 * a new one is added. */
uint32_t ngram_numbers_add_word(struct ngram_numbers *numbers, const char *word);
uint32_t ngram_numbers_add(struct ngram_numbers *numbers, uint32_t prefix, uint32_t word);

/* The same; NGRAM_NONE for a new one. */
uint32_t ngram_numbers_find_word(const struct ngram_numbers *numbers, const char *word);
uint32_t ngram_numbers_find(const struct ngram_numbers *numbers, uint32_t prefix, uint32_t word);

#endif
