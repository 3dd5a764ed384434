/* The three metrics. Each sets its own fields of `corpus` and, where it is not NULL, of
 * `per_photo` [ngrams->count]. */
#ifndef CAPTION_EVAL_METRICS_H
#define CAPTION_EVAL_METRICS_H

#include "eval/ngrams.h"

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
