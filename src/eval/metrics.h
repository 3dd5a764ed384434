/* BLEU, ROUGE-L and CIDEr-D, and the counted n-grams of numbers that they work on. */
#ifndef CAPTION_EVAL_METRICS_H
#define CAPTION_EVAL_METRICS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset.h"
#include "text/tokenizer.h"

/* Scores of captions against references, equal to those of the reference scorers of MS COCO caption
 * evaluation (coco-caption): BLEU (Papineni et al., 2002), ROUGE-L (Lin, 2004), CIDEr-D (Vedantam
 * et al., 2015). metrics.c computes each. */

/* One photo's caption and its references, in words. Nothing is owned. */
struct scores_item {
    const struct tokens *candidate;
    const struct tokens *references; /* [reference_count], at least one */
    size_t reference_count;
};

/* Fractions, as the reference scorers give them. */
struct scores {
    double bleu[4]; /* BLEU-1 .. BLEU-4 */
    double rouge_l;
    double cider;
};

/* Scores a corpus. `per_photo` (NULL or [count]) takes each photo's own scores; CIDEr weighs words
 * by the whole corpus there too. No item at all, or one without a reference, is an error. An empty
 * candidate or reference is not. Same items, same scores, bit for bit. */
bool scores_compute(const struct scores_item *items, size_t count, struct scores *corpus,
                    struct scores *per_photo, caption_error *error);

/* Scores as JSON, with the names that papers and coco-caption use. */

/* {"BLEU-1": ..., "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr"} in fractions; NULL when memory
 * is short. Freed with cJSON_Delete. */
cJSON *scores_json(const struct scores *scores, caption_error *error);

/* The scores of one caption for each of some photos of a data set. */

/* Whether every photo has captions to score by; the error names the first that has none. */
bool photo_scores_check(const struct dataset_selection *photos, caption_error *error);

/* Scores candidates[photos->count], one caption for each photo, against the data set's captions,
 * and counts how many of them differ. ciders[photos->count] takes each caption's own CIDEr (NULL:
 * not wanted). */
bool photo_scores_compute(const struct dataset_selection *photos, const struct tokens *candidates,
                          struct scores *scores, size_t *distinct, double *ciders,
                          caption_error *error);

/* How many different sentences there are: the quickest sign of a captioner that does not look at
 * its photos. */

/* Counts the different word sequences among `captions`. */
bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error);

/* Numbers for words and n-grams: the same for the same words, wherever they stand. Open-addressing
 * hash tables whose size is known before; entries are numbered as they come. An n-gram is keyed by
 * the number of its first n - 1 words and its last word, so 64 bits name n-grams of every order,
 * and one table holds them all. */

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

enum { NGRAMS_ORDERS = 4 };

/* An n-gram's number (the same for the same words, wherever they stand) and how often a sentence
 * has it. */
struct ngram {
    uint32_t number;
    uint32_t count;
};

struct ngrams_sentence {
    const uint32_t *words;                     /* [length] */
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
    uint32_t *words;
    struct ngram *grams;
    struct ngram_numbers known; /* to count other sentences with */
};

/* Counts the n-grams of all sentences. Freed with ngrams_free, after a failure too. */
bool ngrams_init(struct ngrams *ngrams, const struct scores_item *items, size_t count,
                 caption_error *error);
void ngrams_free(struct ngrams *ngrams);

/* What ngrams_count needs and writes to. */
struct ngrams_scratch {
    size_t longest;                     /* words that are counted */
    uint32_t *words, *numbers, *sorted; /* [longest] */
    struct ngram *grams;                /* (NGRAMS_ORDERS, longest) */
};
bool ngrams_scratch_init(struct ngrams_scratch *scratch, size_t longest, caption_error *error);
void ngrams_scratch_free(struct ngrams_scratch *scratch);

/* Counts the n-grams of a sentence that is not among those of ngrams_init; of one longer than the
 * scratch, its beginning. N-grams that stand in none of those have numbers from ngrams->numbers on.
 * `sentence` lives in the scratch. */
void ngrams_count(const struct ngrams *ngrams, const struct tokens *tokens,
                  struct ngrams_scratch *scratch, struct ngrams_sentence *sentence);

/* How many n-grams of that order (from 1) a sentence of that length has. */
size_t ngrams_of_length(size_t length, size_t order);

/* The three metrics. Each sets its own fields of `corpus` and, where it is not NULL, of
 * `per_photo` [ngrams->count]. */

void bleu_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo);

/* The same of a single caption: bleu[n - 1] is BLEU-n, next to 0 where no n-gram of it stands in a
 * reference. */
void bleu_of_item(const struct ngrams_item *item, double bleu[NGRAMS_ORDERS]);

bool rouge_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error);

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
