/* BLEU, ROUGE-L and CIDEr-D, and the counted n-grams of numbers that they work on. */
#ifndef CAPTION_EVAL_METRICS_H
#define CAPTION_EVAL_METRICS_H

#include <stdint.h>

#include "base/error.h"
#include "eval/scores.h"

/* A sentence as word numbers, the same for the same words; nothing is owned. */
struct ngrams_text {
    const int32_t *words; /* [count] */
    size_t count;
    int32_t last; /* a word behind these; NGRAMS_NO_WORD: none */
};
#define NGRAMS_NO_WORD (-1)

/* A photo's caption and its references. */
struct ngrams_photo {
    struct ngrams_text candidate;
    const struct ngrams_text *references; /* [reference_count] */
    size_t reference_count;
};

/* Numbers for n-grams: the same for the same words, wherever they stand. An open-addressing hash
 * table whose size is known before; entries are numbered as they come. An n-gram is keyed by the
 * number of its first n - 1 words and its last word, so 64 bits name n-grams of every order, and
 * one table holds them all. */
struct ngram_numbers {
    uint32_t *slots; /* number + 1 */
    size_t mask;
    uint64_t *keys; /* [count] of the n-grams */
    size_t count;
    uint64_t factor; /* of the hash */
};

enum { NGRAMS_ORDERS = 4 };

/* An n-gram's number (the same for the same words, wherever they stand) and how often a sentence
 * has it. */
struct ngram {
    uint32_t number;
    uint32_t count;
};

struct ngrams_sentence {
    size_t length;                             /* in words */
    const struct ngram *orders[NGRAMS_ORDERS]; /* [distinct[n - 1]], by rising number */
    size_t distinct[NGRAMS_ORDERS];
};

struct ngrams_item {
    const struct ngrams_sentence *candidate;
    const struct ngrams_sentence *references; /* [reference_count] */
    size_t reference_count;
};

struct ngrams {
    struct ngrams_item *items; /* [count] */
    size_t count;
    size_t numbers;                    /* all n-gram numbers lie in [0, numbers) */
    struct ngrams_sentence *sentences; /* what the items point to */
    struct ngram *grams;
    struct ngram_numbers known; /* to count other sentences with */
};

/* Counts the n-grams of all sentences, whose words are then needed no more. A word of a reference
 * whose number is `unknown` (NGRAMS_NO_WORD: none) is like no other, nor like itself elsewhere.
 * Freed with ngrams_free, after a failure too. */
bool ngrams_init(struct ngrams *ngrams, const struct ngrams_photo *photos, size_t count,
                 int32_t unknown, caption_error *error);
void ngrams_free(struct ngrams *ngrams);

/* What ngrams_count needs and writes to. */
struct ngrams_scratch {
    size_t longest;             /* words that are counted */
    uint32_t *words;            /* [longest] */
    uint32_t *numbers, *sorted; /* [longest] */
    struct ngram *grams;        /* (NGRAMS_ORDERS, longest) */
};
bool ngrams_scratch_init(struct ngrams_scratch *scratch, size_t longest, caption_error *error);
void ngrams_scratch_free(struct ngrams_scratch *scratch);

/* Counts the n-grams of a sentence that is not among those of ngrams_init; of one longer than the
 * scratch, its beginning. N-grams that stand in none of those have numbers from ngrams->numbers on.
 * `sentence` lives in the scratch. */
void ngrams_count(const struct ngrams *ngrams, const struct ngrams_text *text,
                  struct ngrams_scratch *scratch, struct ngrams_sentence *sentence);

/* How many n-grams of that order (from 1) a sentence of that length has. */
size_t ngrams_of_length(size_t length, size_t order);

/* The three metrics. Each sets its own fields of `corpus` and, where it is not NULL, of
 * `per_photo` [ngrams->count]. */

void bleu_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo);

/* The same of a single caption: bleu[n - 1] is BLEU-n, next to 0 where no n-gram of it stands in a
 * reference. */
void bleu_of_item(const struct ngrams_item *item, double bleu[NGRAMS_ORDERS]);

/* ROUGE-L reads the sentences themselves, of photos[count]; they have no `last` word. */
bool rouge_compute(const struct ngrams_photo *photos, size_t count, struct scores *corpus,
                   struct scores *per_photo, caption_error *error);

/* The weights of CIDEr-D, to score captions one by one against the references of a corpus. */
struct cider {
    const struct ngrams *ngrams;
    double *idf;   /* [ngrams->numbers] inverse document frequency of each n-gram */
    double unseen; /* that of an n-gram in no photo's references */
};

/* Freed with cider_free, after a failure too. `ngrams` must stay. */
bool cider_init(struct cider *cider, const struct ngrams *ngrams, caption_error *error);
void cider_free(struct cider *cider);

/* CIDEr-D of a caption against the references of `item`. Thread-safe. */
double cider_score(const struct cider *cider, const struct ngrams_sentence *candidate,
                   const struct ngrams_item *item);

bool cider_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error);

#endif
