/* The three metrics. Each sets its own fields of `corpus` and, where it is not NULL, of
 * `per_photo` [ngrams->count]. */
#ifndef CAPTION_EVAL_METRICS_H
#define CAPTION_EVAL_METRICS_H

#include "eval/ngrams.h"

void bleu_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo);

bool rouge_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error);

bool cider_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error);

#endif
